"""`crosstie health`."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.cli.calls import found, now, with_state
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.service.counting import age
from crosstie.service.health import health as look
from crosstie.service.health_values import AccountHealth, Health, Percentiles, SyncHealth

app = make("Say how well everything works, and what to do about what does not.")

CODES = {"healthy": Code.DONE, "degraded": Code.DEGRADED, "unhealthy": Code.UNHEALTHY}


@app.command()
def health(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Say how well everything works, and what to do about what does not.

    Healthy is exit code 0, degraded 8, unhealthy 9. The figures are of the last hour, and at most a
    minute old while an engine runs. Asks no other system: a monitor may call it every minute.

    \b
    Example:
      crosstie health
      crosstie health --json
    """
    out = Out(as_json)
    told = with_state(found(app).app, lambda app, store: look(app, store, now()))
    code = CODES[told.state]
    if as_json:
        out.document(told)
        return code
    out.line(told.state, "bold")
    for finding in told.findings:
        out.line(f"- {finding.text}")
        out.line(f"  fix: {finding.fix}")
    out.line()
    _syncs(out, told.syncs)
    if told.accounts:
        out.line()
        _accounts(out, told.accounts)
    _failures(out, told)
    return code


def _syncs(out: Out, syncs: Sequence[SyncHealth]) -> None:
    columns = ("sync", "state", "#success", "#settled", "#failed", "#due", "#oldest", "#dead")
    rows = [
        (
            each.sync,
            each.state,
            _share(each.success),
            str(each.settled),
            str(each.failed),
            str(each.due),
            age(each.oldest_due_age),
            str(each.dead),
            str(each.conflicts),
            _took(each.latency),
            age(each.empty_in),
        )
        for each in syncs
    ]
    out.table((*columns, "#conflicts", "#settled within 50/95/99 %", "#queue empty in"), rows)


def _accounts(out: Out, accounts: Sequence[AccountHealth]) -> None:
    columns = ("account", "state", "#calls", "#bad", "#answered within 50/95/99 %")
    rows = [
        (
            each.account,
            each.state,
            str(each.calls),
            str(each.bad),
            _took(each.took),
            _share(each.used),
            age(each.gone_in),
        )
        for each in accounts
    ]
    out.table((*columns, "#quota used", "#used up in"), rows)


def _failures(out: Out, told: Health) -> None:
    if not told.failures:
        return
    out.line()
    rows = [(str(f.tries), f.sync, f.error, f.group or "-") for f in told.failures]
    out.table(("#failed", "sync", "error", "group"), rows)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _took(took: Percentiles | None) -> str:
    if took is None:
        return "-"
    return " / ".join(_seconds(each) for each in (took.p50, took.p95, took.p99))


def _seconds(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms" if seconds < 1.0 else f"{seconds:.1f} s"
