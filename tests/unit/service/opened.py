"""An opened application around works that a test has made."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from crosstie.alerts import Alerts
from crosstie.engine.work import Work
from crosstie.service.channels import Sender
from crosstie.service.measuring import Meter
from crosstie.service.references import secret
from crosstie.service.watch import Watch
from crosstie.sync import Crosstie
from crosstie.testing.fakes import FakeDice


def opened_of(works: Sequence[Work], alerts: Alerts | None = None) -> Any:
    """What the loop needs of an application, without doors to anything."""
    clock, store = works[0].clock, works[0].store
    app = Crosstie([work.sync for work in works], alerts=alerts or Alerts())
    sender = Sender(secret, clock)
    watch = Watch(app, store, Meter(), clock, FakeDice(), sender)  # type: ignore[arg-type]
    return SimpleNamespace(app=app, store=store, works=works, doors=None, watch=watch)
