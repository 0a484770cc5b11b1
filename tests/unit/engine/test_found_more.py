"""Where the simulator was wrong about the engine: it is right now, and sees a real fault still."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crosstie.core.values import Fields, Side
from crosstie.ports import Intent, Step
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import HONEST, Life, Scenario
from crosstie.testing.simulator.opening import begin
from crosstie.testing.simulator.oracle import judge
from crosstie.testing.simulator.process import Process

NO_FENCE = Behaviour(conditional_write=False, read_batch=1)
"""A service that takes any write, however late."""


class TwoWorkers:
    """One that fell asleep before an update of right 9101, and one that has its lease by now."""

    def __init__(self) -> None:
        story = Scenario("two workers", [], world="newest", far=(NO_FENCE, HONEST))
        self.life = Life(story.played(), replace(story.script(), leased=True))
        begin(self.life)
        self.system = self.life.systems["newest", Side.RIGHT]
        store = self.life.state.store
        self.link = drive(store.links_at("newest", Side.RIGHT, ["9101"]))["9101"]
        intent = Intent(self.link.id, Side.RIGHT, "update", "9101", {}, {}, {}, "", 0.0)
        [self.intent] = drive(store.intend([intent]))
        self.sleeper = Process(self.life, 1)
        self.sleeper.asleep = True
        self.sleeper.begun = {("right", "update", "9101")}
        self.life.time += 10.0
        self.worker = Process(self.life, 2)
        assert self.sleeper.fenced
        assert not self.worker.fenced

    def write(self, process: Process, was: Fields, patch: Fields) -> None:
        """That update, decided on what was read before."""
        before = self.system.known("9101").fields
        self.system.edit("9101", **patch)
        now = self.system.known("9101")
        self.life.witness.updated(process, "newest", Side.RIGHT, now, before, was, patch)

    def close_intent(self) -> None:
        """The update is done with, and the history says nothing of it."""
        drive(self.life.state.store.keep([Step(self.link, due_at=None, closes=(self.intent,))]))

    def broken(self, rule: str) -> list[str]:
        """What of that promise the simulator finds broken."""
        return [each.text for each in self.life.violations if each.rule == rule]


@pytest.mark.parametrize("died", [True, False], ids=["it died", "it left out the line"])
def test_one_that_wakes_in_the_middle_does_not_hide_how_the_other_one_ends(died: bool) -> None:
    two = TwoWorkers()
    two.write(two.worker, two.system.known("9101").fields, {"fullName": "new"})
    two.life.witness.run_over(two.sleeper)
    if not died:
        two.close_intent()
    two.life.witness.run_over(two.worker)
    if died:
        # The next process finds it done, and cannot say by whom.
        two.close_intent()
    judge(two.life)
    missing = ["1 x right 9101 update, and 0 in the history"]
    assert two.broken("I16") == ([] if died else missing)


@pytest.mark.parametrize("there", [True, False])
def test_a_deletion_of_nothing_without_an_answer_excuses_no_other_write(there: bool) -> None:
    two = TwoWorkers()
    row = two.system.known("9101").fields
    two.write(two.worker, row, {"fullName": "new"})
    two.life.witness.deleted(two.worker, "newest", Side.RIGHT, "9101", row if there else None, row)
    two.life.witness.unanswered("delete")
    assert [each.certain for each in two.life.witness.effects] == (
        [True, False] if there else [True]
    )


@pytest.mark.parametrize(
    ("late", "read", "echoes"),
    [(True, "old", False), (True, "NEW", True), (False, "old", True), (False, "NEW", True)],
)
def test_what_lands_late_is_an_echo_only_of_what_was_read_for_it(
    late: bool, read: str, echoes: bool
) -> None:
    two = TwoWorkers()
    was = {**two.system.known("9101").fields, "fullName": read}
    two.system.edit("9101", fullName="NEW")
    two.write(two.sleeper if late else two.worker, was, {"fullName": "new"})
    spelled = ["newest: fullName of right 9101 gets the other side's spelling"]
    assert two.broken("I8") == (spelled if echoes else [])


@pytest.mark.parametrize(
    ("read", "again", "echoes"),
    [("old", False, False), ("NEW", False, True), ("old", True, True)],
)
def test_what_crosses_one_that_lands_late_is_an_echo_only_of_what_was_read_for_it(
    read: str, again: bool, echoes: bool
) -> None:
    two = TwoWorkers()
    row = two.system.known("9101").fields
    two.write(two.sleeper, {**row, "fullName": "old"}, {"fullName": "new"})
    for _ in range(2 if again else 1):
        two.system.edit("9101", fullName="NEW")
        two.write(two.worker, {**row, "fullName": read}, {"fullName": "new"})
    spelled = ["newest: fullName of right 9101 gets the other side's spelling"]
    assert two.broken("I8") == (spelled if echoes else [])
