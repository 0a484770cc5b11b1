"""A stand-in for GoHighLevel: contacts, opportunities and locations of one sub-account.

Built from the public documentation and from published observations of the live API; its
quirks are on by default. Where the live behaviour is not known, one is chosen and said in the
docstring of the subject.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from crosstie.sandbox.serving import Running, serve, until_signal

from .app import build_app
from .presets import PASSENGER_PIPELINE, PRESETS, TRIP_DESK, TRIP_PIPELINE
from .settings import LocationSettings, Settings
from .state import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox
from .webhook_settings import WebhookSettings

if TYPE_CHECKING:
    from .webhook_key import WebhookKey

__all__ = [
    "DEFAULT_TOKEN",
    "LOCATION_ID",
    "PASSENGER_PIPELINE",
    "PRESETS",
    "TRIP_DESK",
    "TRIP_PIPELINE",
    "GhlSandbox",
    "LocationSettings",
    "Running",
    "Settings",
    "WebhookSettings",
    "build_app",
    "run",
    "start",
]


async def start(sandbox: GhlSandbox, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Serve a sandbox on the running loop. Raises OSError when the port is taken."""
    running = await serve(build_app(sandbox), host, port)
    sandbox.base_url = running.url
    return running


def run(
    port: int,
    preset: str,
    ready: Callable[[str], None],
    *,
    webhooks: WebhookSettings | None = None,
    webhook_key: WebhookKey | None = None,
) -> None:
    """Serve a fresh sandbox on 127.0.0.1 until SIGINT or SIGTERM; `ready` gets the address.

    Its ids are of no earlier run: a state that outlived that run must not meet strangers under
    the ids it remembers.

    Raises OSError when the port is taken, ValueError for an unknown preset.
    """
    sandbox = GhlSandbox(preset, seed=None, webhook_key=webhook_key)
    sandbox.webhooks.settings = webhooks or WebhookSettings()

    async def main() -> None:
        await until_signal(await start(sandbox, port=port), ready)

    asyncio.run(main())
