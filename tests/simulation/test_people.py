"""People who are refused go on with something else; what the engine lets out is a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from crosstie import Integer
from crosstie.core.values import Side
from crosstie.engine import perform
from crosstie.ports import Found
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import (
    HONEST,
    Item,
    Life,
    Remote,
    Scenario,
    Worst,
    act,
    play,
    points,
    simulate,
)
from crosstie.testing.simulator import life as lives
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.evidence import Evidence
from crosstie.testing.simulator.lost import nothing_lost
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
    assert began().people.origin("contacts", Side.LEFT, "101", raw, 7) is None


def stage_of(record: int, side: Side = Side.LEFT, *, at: int = 0) -> Item:
    """Somebody sets the stage of a record to the next of open, won and lost."""
    number = [raw for _, raw in PLAYED.halves[side].editable].index("stage")
    return act("edit", side, record=record, field=number, at=at)


def test_a_value_that_another_record_is_given_meanwhile_does_not_pass_for_a_newer_one() -> None:
    once = Scenario("a stage", [stage_of(0)])
    at = points(once).index("right.read asked contacts")
    lost_open_won_lost = [stage_of(0), *(stage_of(record, at=at) for record in (0, 1, 1))]
    life = play(WORLD, replace(once, acts=lost_open_won_lost).script())
    assert [wrote.value for wrote in life.people.wrote] == ["lost", "open", "won", "lost"]
    assert life.violations == []


def test_a_value_that_comes_back_after_a_newer_one_is_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A read shows what the record held once, when the newer stage went across already."""
    truth = Remote.read

    async def outdated(remote: Remote, ids: Sequence[str]) -> Found:
        found = await truth(remote, ids)
        if not remote.can.local or remote.calls["read"] == 1:
            return found
        shown = found.records["101"]
        lost = msgspec.structs.replace(shown, fields={**shown.fields, "stage": "lost"})
        return Found({"101": lost})

    stages = [stage_of(0), stage_of(0)]
    at = points(Scenario("stages", stages)).index("right.read asked contacts")
    story = Scenario("and a name", [*stages, act("edit", Side.LEFT, at=at)])
    assert play(WORLD, story.script()).violations == []
    monkeypatch.setattr(Remote, "read", outdated)
    assert "I9" in {violation.rule for violation in play(WORLD, story.script()).violations}


@pytest.mark.parametrize(
    ("second", "call"),
    [
        (stage_of(0), "right.read asked contacts"),
        (stage_of(0, RIGHT), "right.read asked contacts"),
        (stage_of(0, RIGHT), "right.update asked contacts"),
    ],
    ids=["in the history", "in a conflict", "overwritten unseen"],
)
def test_the_fate_of_another_record_excuses_no_loss(
    monkeypatch: pytest.MonkeyPatch, second: Item, call: str
) -> None:
    blind = (Behaviour(read_batch=1, conditional_write=False), HONEST)
    once = Scenario("a stage", [stage_of(0)], far=blind)
    second = replace(second, at=points(once).index(call))
    life = play(WORLD, replace(once, acts=[stage_of(0), second]).script())
    assert life.violations == []
    for stage in ("Open", "Closed won"):
        monkeypatch.setitem(PLAYED.halves[RIGHT].made, "stage", lambda _, stage=stage: stage)
        life.people._write(act("edit", RIGHT), PLAYED, RIGHT, "9102", "stage", "stage")
        life.systems["contacts", RIGHT].edit("9102", stage="Closed lost")
        nothing_lost(life, Evidence(life))
    assert [violation.rule for violation in life.violations] == ["I5", "I5"]


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
