"""People who are refused go on with something else; what the engine lets out is a finding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crosstie import Integer
from crosstie.core.values import Side
from crosstie.engine import perform
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import HONEST, Life, Scenario, Worst, act, play, simulate
from crosstie.testing.simulator import life as lives
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.namesakes import _keys
from crosstie.testing.simulator.opening import begin
from crosstie.testing.simulator.values import maker

RIGHT = Side.RIGHT
ONCE: tuple[Behaviour, Worst] = (Behaviour(unique="email", read_batch=1), HONEST)
"""A service that takes every e-mail once."""
WORLD = builtin("contacts")
[PLAYED] = WORLD.plays


def began() -> Life:
    life = Life(WORLD, replace(Scenario("a beginning", []).script(), far=ONCE))
    begin(life)
    return life


def rights(life: Life) -> dict[str, Any]:
    system = life.systems["contacts", RIGHT]
    return {record_id: system.row(record_id) for record_id in system.ids()}


def test_who_edits_a_value_to_one_that_is_taken_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    life = began()
    before = rights(life)
    first, second = sorted(before)
    monkeypatch.setitem(PLAYED.halves[RIGHT].made, "email", lambda _: before[second]["email"])
    life.people._write(act("edit", RIGHT), PLAYED, RIGHT, first, "email", "email")
    assert rights(life) == before


def test_who_enters_a_record_a_second_time_is_refused() -> None:
    life = began()
    life.happen(act("remove", RIGHT))
    life.happen(act("again", RIGHT))
    anew = rights(life)
    assert len(anew) == 2
    life.happen(act("again", RIGHT))
    assert rights(life) == anew


def test_whose_twin_is_refused_enters_it_once() -> None:
    life = began()
    before = len(rights(life))
    life.happen(replace(act("twin", RIGHT), pick=1 << 6))
    assert len(rights(life)) == before + 1


def test_a_match_key_that_no_lens_reads_is_none() -> None:
    life = began()
    record_id = min(rights(life))
    assert _keys(life, PLAYED, RIGHT, record_id)
    life.systems["contacts", RIGHT].edit(record_id, **{raw: 7 for raw in PLAYED.halves[RIGHT].keys})
    assert _keys(life, PLAYED, RIGHT, record_id) == set()


def test_a_raw_value_that_no_lens_reads_came_from_nobody() -> None:
    lenses = PLAYED.halves[RIGHT].lenses
    raw = next(name for name, lens in lenses.items() if lens.kind == "email")
    assert began().people.origin("contacts", Side.LEFT, raw, 7) is None


class Degrees(Integer):
    """A lens of somebody's own."""

    kind = "degrees"


def test_values_are_looked_for_until_a_lens_takes_them() -> None:
    made = maker(Degrees())
    assert made is not None
    assert (made(1), made(2)) == (1, 2)


def test_what_the_engine_lets_out_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(perform, "_moved", broken)
    life = play(WORLD, Scenario("an edit", [act("edit", Side.LEFT)]).script())
    assert [(v.rule, v.text) for v in life.violations] == [("raised", "ValueError: no such thing")]


def test_a_run_that_does_not_end_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "LONGEST", 5)
    assert {violation.rule for violation in simulate(0).violations} == {"I15"}
