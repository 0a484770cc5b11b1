"""The list of commands. A command's module is imported when the command is called, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "init": "Write a first declaration to begin with.",
    "check": "Look whether everything is as it must be before the first run.",
    "auth": "Log in to accounts, and look after tokens and keys.",
    "fields": "List the fields of both systems, and propose pairs.",
    "capture": "Install, remove or look at capture in your database.",
    "plan": "Show what a run would do; write nothing.",
    "apply": "Do exactly what a plan says.",
    "run": "Keep the systems in step, or bring them into step once.",
    "serve": "Keep the systems in step, and receive their webhooks.",
    "pull": "Bring one record of the right system over now, with what it refers to.",
    "status": "Show how every sync stands.",
    "health": "Say how well everything works, and what to do about what does not.",
    "alerts": "Show alerts, mute them, test a channel.",
    "runs": "List the newest runs.",
    "record": "Show one record on both sides, or what happened to it.",
    "why": "Say which write last changed a field, when, and why.",
    "undo": "Take back what a run wrote, or the last run on one record.",
    "conflicts": "List, show and resolve what a person has to decide.",
    "dead": "List, retry or discard records that stopped.",
    "webhook": "List, show, replay and verify received webhooks.",
    "sim": "Play the syncs against systems at their worst, and see whether a promise breaks.",
    "sandbox": "Start a local stand-in of a remote system.",
    "demo": "Play a complete example; no account and no network needed.",
}
"""Name -> purpose, in the order of the help."""


class LazyGroup(TyperGroup):
    """A group that knows the purpose of its commands without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"crosstie.cli.commands.{cmd_name}")
        command = get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def app(purpose: str) -> typer.Typer:
    """A Typer for one module of commands, with the look of all of them."""
    return typer.Typer(
        help=purpose, add_completion=False, rich_markup_mode=None, no_args_is_help=False
    )


root = typer.Typer(
    cls=LazyGroup,
    name="crosstie",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from crosstie import __version__

        typer.echo(f"crosstie {__version__}")
        raise typer.Exit


@root.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Keep two systems of record in step, both ways.

    \b
    Example:
      crosstie check
      crosstie plan
      crosstie run --once
    """
