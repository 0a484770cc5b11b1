"""`crosstie sandbox mail` and `crosstie sandbox chat`."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
from crosstie.core.errors import CrosstieError, Misconfigured

Port = Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")]


def mail(
    port: Port = 1025, web_port: Port = 8025, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Start a mail server that keeps what it is sent, until Ctrl-C.

    Its page shows the mail; POST {"times": 2, "status": 451} to /_sandbox/fail there refuses the
    next two.

    \b
    Example:
      crosstie sandbox mail --port 1025
    """
    try:
        from crosstie.sandbox.sinks.mail import PASSWORD, run_mail
    except ModuleNotFoundError as missing:
        raise Misconfigured(
            f"this stand-in needs the package {missing.name}", fix="pip install 'crosstie[demo]'"
        ) from missing
    out = Out(as_json)

    def ready(server: str, url: str) -> None:
        if as_json:
            out.document({"server": server, "url": url, "password": PASSWORD})
            return
        host, _, taken = server.rpartition(":")
        out.line(f"a mail server listens at {server}; what it takes is shown at {url}")
        out.line("declare:")
        out.line(f'  Mail("{host}", port={taken}, security="none", sender="crosstie@localhost",')
        out.line('       to=["you@localhost"])')
        out.say("end it with Ctrl-C")

    with _named_ports(debug=debug):
        run_mail(port, web_port, ready)
    return 0


def chat(port: Port = 8026, as_json: AsJson = False, debug: Debug = False) -> int:
    """Start a chat that takes Slack's and Discord's webhooks, and signed ones, until Ctrl-C.

    Its page shows what arrived; POST {"times": 2, "status": 503} to /_sandbox/fail refuses the
    next two.

    \b
    Example:
      crosstie sandbox chat --port 8026
    """
    from crosstie.sandbox.sinks import DISCORD_PATH, SLACK_PATH, WEBHOOK_PATH, run_chat

    out = Out(as_json)

    def ready(url: str) -> None:
        paths = {"slack": SLACK_PATH, "discord": DISCORD_PATH, "webhook": WEBHOOK_PATH}
        if as_json:
            out.document({"url": url, **{name: url + path for name, path in paths.items()}})
            return
        out.line(f"a chat listens at {url} (open it in a browser)")
        out.line("set where you run crosstie:")
        for name, path in paths.items():
            out.line(f"  export {name.upper()}_URL={url}{path}")
        out.line("declare:")
        out.line(
            '  Slack("env:SLACK_URL", loopback=True), Discord("env:DISCORD_URL", loopback=True)'
        )
        out.say("end it with Ctrl-C")

    with _named_ports(debug=debug):
        run_chat(port, ready)
    return 0


@contextmanager
def _named_ports(*, debug: bool) -> Iterator[None]:
    """Say which port is taken, and what to do."""
    try:
        yield
    except OSError as wrong:
        if wrong.errno != errno.EADDRINUSE or debug:
            raise
        text = (wrong.strerror or "a port is taken").partition(". fix:")[0]
        fix = "end what uses it, or take another one with `--port`; `--port 0` takes a free one"
        raise CrosstieError(text, fix=fix) from wrong
