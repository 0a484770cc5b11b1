"""A sandbox on a free loopback port, with a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crosstie.sandbox.ghl import GhlSandbox
from crosstie.sandbox.hosted import Hosted

from .client import Crm

NOON = 1_767_268_800.0


@pytest.fixture
def crm() -> Iterator[Crm]:
    """The default location."""
    with Hosted(GhlSandbox(now=lambda: NOON)) as hosted:
        yield Crm(hosted)


@pytest.fixture
def trips() -> Iterator[Crm]:
    """The TripBuilder location."""
    with Hosted(GhlSandbox("tripbuilder", now=lambda: NOON)) as hosted:
        yield Crm(hosted)
