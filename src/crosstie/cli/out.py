"""How the command line speaks: tables and documents on stdout, talk and errors on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns of a table that neither a terminal nor COLUMNS bounds."""


@dataclass(frozen=True, slots=True)
class Out:
    """Where one command writes. With `json` only a document goes to stdout."""

    json: bool

    def document(self, value: object) -> None:
        """The one JSON document of the command."""
        import msgspec

        encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
        sys.stdout.write(encoded.decode() + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table on stdout.

        Columns whose name begins with `#` are set to the right, those with `=` never broken: what
        stands in them is copied.
        """
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(
                name.lstrip("#="),
                justify="right" if name.startswith("#") else "left",
                overflow="fold",
                no_wrap=name.startswith("="),
            )
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        console(sys.stdout).print(table)

    def line(self, text: str = "", style: str = "") -> None:
        """A line on stdout."""
        if not self.json:
            console(sys.stdout).print(clean(text), style=style or None, soft_wrap=True)

    def say(self, text: str) -> None:
        """Talk: a line on stderr, so that stdout holds the answer alone."""
        sys.stderr.write(clean(text) + "\n")


def console(file: TextIO) -> Console:
    """A console on that file: plain off a terminal, and where NO_COLOR is set."""
    from rich.console import Console

    width = None if file.isatty() or os.environ.get("COLUMNS", "").isdigit() else WIDE
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def clean(text: str) -> str:
    """The text without control characters: a value of a record must not steer the terminal."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
