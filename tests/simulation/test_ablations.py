"""R10: each safeguard is needed, and the schedule that says so is known."""

from __future__ import annotations

from typing import Any

import pytest
from ablations import ABLATIONS, Ablation
from elsewhere import ELSEWHERE, Elsewhere
from page import rendered
from proof import FIGURES, MOST, PAGE, SEEDS, read

FEWEST = 45
"""Ablations that have to be noticed."""
ANEW = "if the generator changed, search anew: `make proof`"
RECORDED: dict[str, dict[str, Any]] = {each["name"]: each for each in read(SEEDS)["ablations"]}
NOTICED = [a for a in ABLATIONS if RECORDED.get(a.name, {}).get("seed") is not None]


def test_enough_of_them_are_noticed() -> None:
    assert len(NOTICED) >= FEWEST
    assert all(RECORDED[a.name]["schedules"] <= MOST for a in NOTICED)
    assert len({a.name for a in ABLATIONS}) == len(ABLATIONS)


def test_those_that_are_not_noticed_say_why() -> None:
    silent = [a.name for a in ABLATIONS if a not in NOTICED and not a.covered]
    assert silent == []


@pytest.mark.parametrize("ablation", NOTICED, ids=lambda ablation: ablation.name)
def test_without_the_safeguard_the_recorded_schedule_breaks_a_promise(ablation: Ablation) -> None:
    seed = RECORDED[ablation.name]["seed"]
    assert ablation.play(seed).violations == []
    with ablation.gone():
        broken = ablation.play(seed).violations
    assert broken, f"seed {seed} breaks nothing any more; {ANEW}"
    assert broken[0].rule == RECORDED[ablation.name]["rule"], ANEW
    assert ablation.play(seed).violations == [], "the safeguard is back"


@pytest.mark.parametrize("other", ELSEWHERE, ids=lambda other: other.safeguard)
def test_other_tests_take_away_what_is_outside(other: Elsewhere) -> None:
    assert other.is_there


def test_the_page_tells_what_was_recorded() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == rendered(ABLATIONS, read(SEEDS), read(FIGURES), ELSEWHERE), (
        "write it anew: `python tests/simulation/proof.py --page`"
    )
