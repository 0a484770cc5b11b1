"""`crosstie alerts`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.calls import found, now, stamp, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.core.errors import CrosstieError
from crosstie.ports import Delivery, DeliveryState, Store
from crosstie.service import alert_desk
from crosstie.service.alert_desk import AlertsStatus
from crosstie.service.counting import age
from crosstie.sync import Crosstie

app = make("Show alerts, mute them, test a channel. Example: crosstie alerts test mail")

Cause = Annotated[
    str,
    typer.Argument(help="As `alerts ls` names it, or its part before the colon, or `all`."),
]


@app.command("ls")
def listing(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show what is wrong, the channels, and what is muted.

    \b
    Example:
      crosstie alerts ls
    """
    out = Out(as_json)
    told = with_state(
        found(app).app, lambda app, store: alert_desk.listed(app.alerts, store, now())
    )
    if as_json:
        out.document(told)
    else:
        _show(out, told)
    return 0


@app.command()
def test(
    channel: Annotated[str, typer.Argument(help="Its name: `alerts ls` lists them.")],
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Send a test message to one channel now. One that was off is on again where it arrives.

    \b
    Example:
      crosstie alerts test slack
    """
    out = Out(as_json)

    async def call(app: Crosstie, store: Store) -> Delivery:
        # Imported late: only these two commands need a network.
        from crosstie.service.alert_check import courier

        return await courier(app, store).test(channel)

    done = with_state(found(app).app, call)
    if done.state is not DeliveryState.SENT:
        raise CrosstieError(
            f"the test did not arrive: {done.error}",
            fix="see to what it says, then test again",
        )
    if as_json:
        out.document(done)
    else:
        out.line(f"{channel} took the test." + (f" {done.error}." if done.error else ""))
    return 0


@app.command()
def check(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Look and send now, where no engine does: for cron, so that a silent engine is told.

    While an engine runs it does nothing; the engine looks once a minute.

    \b
    Example:
      crosstie alerts check
    """
    out = Out(as_json)

    async def call(app: Crosstie, store: Store) -> bool:
        from crosstie.service.alert_check import check as look

        return await look(app, store)

    looked = with_state(found(app).app, call)
    if as_json:
        out.document({"looked": looked})
    else:
        out.line("Looked, and sent what is to be told." if looked else "An engine runs and looks.")
    return 0


@app.command()
def mute(
    cause: Cause,
    length: Annotated[
        str, typer.Option("--for", metavar="LENGTH", help="30min, 2h, 7d; a year at most.")
    ],
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Tell nobody of a cause for a while. What is still wrong when it ends is told then.

    \b
    Example:
      crosstie alerts mute dead:contacts --for 2h
      crosstie alerts mute all --for 30min
    """
    out = Out(as_json)
    seconds = alert_desk.length(length)
    kept = with_state(
        found(app).app, lambda _, store: alert_desk.mute(store, cause, seconds, now())
    )
    if as_json:
        out.document(kept)
    else:
        out.line(f"{cause} is muted until {stamp(kept.until)} UTC.")
    return 0


@app.command()
def unmute(cause: Cause, app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Tell of a cause again.

    \b
    Example:
      crosstie alerts unmute dead:contacts
    """
    out = Out(as_json)
    with_state(found(app).app, lambda _, store: alert_desk.unmute(store, cause))
    if as_json:
        out.document({"cause": cause})
    else:
        out.line(f"{cause} is told of again.")
    return 0


@app.command()
def log(
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most.")] = 50,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List the newest messages: which channel, how many attempts, and how it ended.

    \b
    Example:
      crosstie alerts log --limit 20
    """
    out = Out(as_json)
    sent = with_state(found(app).app, lambda _, store: store.deliveries(limit))
    if as_json:
        out.document({"messages": sent})
        return 0
    if not sent:
        out.line("No message was sent yet.")
        return 0
    rows = [
        (
            stamp(each.at),
            each.channel,
            each.occasion.value,
            each.cause,
            each.state.value,
            str(each.attempts),
            each.error or "",
        )
        for each in sent
    ]
    out.table(("at", "channel", "what", "cause", "state", "#attempts", "what was said"), rows)
    return 0


def _show(out: Out, told: AlertsStatus) -> None:
    moment = now()
    if not told.alerts:
        out.line("Nothing is wrong that an engine has found.")
    for alert in told.alerts:
        since = f"for {age(moment - alert.opened_at)}"
        who = "" if alert.told_at is not None else ", nobody was told"
        over = "" if alert.clear_since is None else ", not found any more"
        out.line(f"{alert.cause} ({alert.severity.value}, {since}{who}{over})", "bold")
        out.line(f"  {alert.text}")
        out.line(f"  fix: {alert.fix}")
    if not told.channels:
        out.line("No channel is declared: see docs/alerts.md.")
    for channel in told.channels:
        state = "on" if channel.off is None else f"off since {stamp(channel.since)}: {channel.off}"
        out.line(f"channel {channel.name} ({channel.kind}): {state}")
    for mute in told.mutes:
        out.line(f"muted until {stamp(mute.until)}: {mute.cause}")
