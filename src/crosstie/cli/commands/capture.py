"""`crosstie capture`."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.cli.calls import found
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.service import capturing
from crosstie.service.capturing import CaptureReport

app = make(
    """Install, remove or look at capture in your database.

    Capture is a set of triggers that note every change of a table, whoever makes it. Example:
    crosstie capture install
    """
)

HELD = (
    "The next run of a sync that ran before is held until its plan is approved: "
    "`crosstie plan --sync NAME -o plan.json`, then `crosstie apply plan.json`"
)


@app.command()
def install(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Install the triggers, or bring them up to date.

    \b
    Example:
      crosstie capture install --sync contacts
    """
    return _tell(Out(as_json), capturing.install(found(app).app, sync))


@app.command()
def uninstall(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Remove the triggers, and the notes of changes that wait. Your rows stay as they are.

    What the database remembers of the state goes, too: the next run of a sync that ran before is
    held until a person has approved its plan.

    \b
    Example:
      crosstie capture uninstall
    """
    out = Out(as_json)
    reports = capturing.uninstall(found(app).app, sync)
    code = _tell(out, reports)
    if any(report.changed for report in reports):
        out.say(HELD)
    return code


@app.command()
def status(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Show which tables are captured, and how many changes wait.

    \b
    Example:
      crosstie capture status
    """
    return _tell(Out(as_json), capturing.status(found(app).app, sync))


def _tell(out: Out, reports: Sequence[CaptureReport]) -> int:
    if out.json:
        out.document({"tables": reports})
        return 0
    rows = [
        (r.table, r.database, r.state, "yes" if r.changed else "no", str(r.pending))
        for r in reports
    ]
    out.table(("table", "database", "capture", "changed now", "#waiting"), rows)
    for report in reports:
        if report.statements and not report.changed:
            out.say(f"`crosstie capture install` would run for {report.table}:")
            out.say("\n".join(f"  {statement};" for statement in report.statements))
    return 0
