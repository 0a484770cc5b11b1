"""The door: parse, call, and say what went wrong with a code that a script can read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crosstie.cli.codes import Code, of_error

if TYPE_CHECKING:
    from crosstie.core.errors import CrosstieError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never shows a traceback for a user's mistake.

    With `--json` among the arguments an error is a JSON envelope on stderr:
    `{"error": {"code", "message", "fix", "exit"}}`.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        "".join(args).encode()
    except UnicodeEncodeError:
        return _fail(args, "usage", "an argument is not valid text", "type it again", Code.USAGE)
    try:
        return _called(args)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is left in the buffer has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.FAILED
    except KeyboardInterrupt:
        return _fail(args, "interrupted", "interrupted", "run it again", Code.INTERRUPTED)


def _called(args: list[str]) -> int:
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from crosstie.cli.group import root

    command = get_command(root)
    try:
        code = command.main(args=args or ["--help"], prog_name="crosstie", standalone_mode=False)
    except TyperException as wrong:
        asked = getattr(getattr(wrong, "ctx", None), "command_path", "crosstie")
        return _fail(args, "usage", wrong.format_message(), f"see `{asked} --help`", Code.USAGE)
    except Abort:
        return _fail(args, "interrupted", "nothing was done", "run it again", Code.INTERRUPTED)
    except OSError as wrong:
        if isinstance(wrong, BrokenPipeError) or _debug(args):
            raise
        what = f"{wrong.filename}: {wrong.strerror}" if wrong.filename else str(wrong)
        text, _, fix = what.partition(" fix: ")
        return _fail(args, "system", text, fix or "see to it and try again", Code.FAILED)
    except Exception as wrong:
        # Everything that Crosstie raises on purpose; asked here, so that help needs no core.
        from crosstie.core.errors import CrosstieError

        if not isinstance(wrong, CrosstieError) or _debug(args):
            raise
        return told(args, wrong)
    return int(code or 0)


def told(args: Sequence[str], error: CrosstieError) -> int:
    """Say an error of ours; its exit code."""
    fix = error.fix or "run it with `--debug` and report what it shows"
    if error.fix is None and error.code == "retry":
        fix = "try again later"
    return _fail(args, error.code, str(error), fix, of_error(error))


def _fail(args: Sequence[str], code: str, message: str, fix: str, exit_code: Code) -> int:
    import json

    from crosstie.cli.out import clean

    if "--json" in args:
        error = {"code": code, "message": message, "fix": fix, "exit": int(exit_code)}
        sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(clean(f"error: {message}\nfix: {fix}") + "\n")
    return exit_code


def _debug(args: Sequence[str]) -> bool:
    return "--debug" in args or os.environ.get("CROSSTIE_DEBUG", "") not in ("", "0")
