"""Other programs on the same records. These modules run in an environment of their own."""
