"""`crosstie check`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crosstie.cli.calls import found, with_open
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.core.errors import Misconfigured, Retry
from crosstie.service import checking
from crosstie.service.checking import Line
from crosstie.service.counting import counted

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

app = make("Look whether everything is as it must be before the first run.")

_STYLES = {"ok": "green", "warn": "yellow", "error": "bold red"}


@app.command()
def check(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Look whether everything is as it must be before the first run.

    Opens both systems of every sync, compares kinds, tries every lens on up to 200 real records,
    and says for each thing what is wrong and how to mend it. Writes nothing to either system.
    Exits with 3 when there is an error.

    \b
    Example:
      crosstie check
      crosstie check --sync contacts --json
    """
    out = Out(as_json)
    located = found(app)
    out.line(f"application {located.named} in {located.root}")

    async def call(opened: Opened) -> list[Line]:
        lines = []
        async for line in checking.check(opened, [sync] if sync else []):
            lines.append(line)
            _show(out, line)
        return lines

    if sync is not None:
        located.app.sync(sync)
    try:
        lines = with_open(located.app, call)
    except (Misconfigured, Retry) as error:
        lines = [checking.failed_state(error)]
        _show(out, lines[0])
    counts = Counter({"ok": 0, "warn": 0, "error": 0})
    counts.update(line.level for line in lines)
    if as_json:
        out.document({"app": located.named, "lines": lines, "counts": counts})
    wrong = f"{counted(counts['warn'], 'warning')}, {counted(counts['error'], 'error')}"
    out.line(f"Check: {counts['ok']} ok, {wrong}.", "bold")
    return Code.CONFIGURATION if counts["error"] else Code.DONE


def _show(out: Out, line: Line) -> None:
    out.line(f"{line.level:<5}  {line.about}: {line.text}", _STYLES[line.level])
    if line.fix:
        out.line(f"       fix: {line.fix}")
