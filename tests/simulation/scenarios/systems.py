"""Systems with one habit each, beside the plain one that `Story` takes."""

from __future__ import annotations

from dataclasses import replace

from crosstie.core.values import Side
from crosstie.testing.simulator import HONEST, Worst
from crosstie.testing.simulator.builtin import builtin
from scenarios.story import FAR, NEAR, Habits


def far(worst: Worst = HONEST, **habits: object) -> Habits:
    """The plain service with these habits."""
    return replace(FAR[0], **habits), worst  # type: ignore[arg-type]


def near(worst: Worst = HONEST, **habits: object) -> Habits:
    """The plain database with these habits."""
    return replace(NEAR[0], **habits), worst  # type: ignore[arg-type]


MARKED = far(marker=True)
CAREFUL = far(conditional_write=True, versions=True)
LAGGING = far(search_lag=5.0, lagging_scan=True)
FEEDLESS = far(has_changes=False)
MUTE = far(sees_deletes=False)
"""Its feed does not tell of deletions."""
UNIQUE = far(unique="email")
NAMELESS = far(Worst(nameless=True), unique="email")
SMALL = far(page_size=1, read_batch=100)
DOUBLING = far(Worst(twice=True, late=2.0, reorders=True, salt=7))
SHIFTING = far(Worst(shifting=True), page_size=1, has_changes=False)
REWRITING = far(normalise=builtin("contacts").plays[0].halves[Side.RIGHT].rewrite)
