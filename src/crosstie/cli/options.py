"""Options that commands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

App: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="MODULE:NAME",
        help="Where the application is declared; without it, what pyproject.toml says.",
    ),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout; errors as JSON on stderr.")
]
Debug: TypeAlias = Annotated[
    bool, typer.Option("--debug", help="Show where an error came from (also CROSSTIE_DEBUG=1).")
]
SyncName: TypeAlias = Annotated[
    str | None, typer.Option("--sync", metavar="NAME", help="Only this sync.")
]
Release: TypeAlias = Annotated[
    bool, typer.Option("--release-brake", help="Let go of the brake, this once.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
