"""Small things that a plan and a log have to say right."""

from __future__ import annotations

import pytest

from crosstie.core.lens import Integer, Unmappable
from crosstie.core.plan import Plan, Planned
from crosstie.core.redact import HIDDEN, scrub


def test_a_secret_that_looks_like_what_hides_it_changes_nothing() -> None:
    assert scrub(f"a {HIDDEN} b secret", [HIDDEN, "secret"]) == f"a {HIDDEN} b {HIDDEN}"


def test_the_summary_counts_what_is_left_alone() -> None:
    left = tuple(Planned(sync="s", kind="leave", side=None) for _ in range(2))
    assert Plan(0.0, left).summary() == (
        "Plan: 0 to create, 0 to change, 0 to delete, 2 to leave alone."
    )


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "9" * 400])
def test_a_whole_number_that_no_database_holds_is_refused_as_text_too(text: str) -> None:
    with pytest.raises(Unmappable, match="expected a whole number"):
        Integer().get(text)
    assert Integer().get(str(2**63 - 1)) == 2**63 - 1
