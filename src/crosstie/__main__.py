"""`python -m crosstie`: the same as the command `crosstie`."""

import sys

from crosstie.cli import main

if __name__ == "__main__":
    sys.exit(main())
