"""Where the code of an example lies: in the installed package, else in the clone around it."""

from __future__ import annotations

from pathlib import Path

from crosstie.core.errors import Misconfigured

_HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder to put on the import path, so that `import <name>` finds the example.

    Raises Misconfigured when the installation came without it.
    """
    for place in (_HERE / "apps", _HERE.parents[2] / "examples" / name):
        if (place / name / "__init__.py").is_file():
            return place
    raise Misconfigured(
        f"the code of the example {name!r} is not part of this installation",
        fix="install crosstie from its wheel, or run the demonstration in a clone",
    )
