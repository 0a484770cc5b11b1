"""One module a command; `crosstie.cli.group` says which."""
