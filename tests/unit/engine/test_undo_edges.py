"""What an undo leaves alone, and why, when much has happened since."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_undo import All, changed, deleted, last_run, still, undo
from world import NAMES, Together, World, fail, far, linked

from crosstie import Text
from crosstie import field as say
from crosstie.core.errors import Halt, Rejected, Retry, Stale
from crosstie.core.plan import Planned
from crosstie.core.values import Side
from crosstie.engine.brake import UNDO
from crosstie.engine.takeback import TRIES, Job, take_back
from crosstie.ports import Intent
from crosstie.testing.fakes import drive


def causes(job: Job) -> list[str]:
    return [left.cause for left in job.left]


def test_a_create_whose_source_was_edited_since_stays() -> None:
    world, *_ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    run_id = last_run(world)
    world.left.edit(new, phone="9")
    _, job, done = undo(world, run_id)
    assert (done, causes(job)) == ([], ["left alone: changed since on the left"])
    world.quiet()
    assert world.lefts() == world.rights()


def test_a_create_whose_source_is_gone_is_taken_back_and_forgotten() -> None:
    world, *_ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    run_id = last_run(world)
    world.left.remove(new)
    assert undo(world, run_id)[2] == ["delete"]
    assert world.link(new) is None
    still(world)


def test_a_field_that_is_only_written_at_the_start_is_not_written_back() -> None:
    world, _, right_id, run_id = changed()
    fields = [say(name, name, Text(), create_only=name == "name") for name in NAMES]
    world.sync = replace(world.sync, fields=fields)
    _, job, done = undo(world, run_id)
    assert (done, causes(job)) == ([], ["left alone: only written when a record is made"])
    assert world.right.rows()[right_id]["name"] == "Anna"


def test_the_undo_of_an_undone_create_is_left_to_the_run_that_brings_an_edit() -> None:
    world, *_ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    own, _, done = undo(world, last_run(world))
    assert done == ["delete"]
    world.left.edit(new, phone="9")
    _, job, done = undo(world, own)
    why = "left alone: changed since on the left: a run brings it over"
    assert (done, causes(job)) == ([], [why])
    world.quiet()
    assert {"name": "New", "email": "new@x.example", "phone": "9"} in world.rights()


def again(world: World, run_id: int) -> str:
    """Take a delete on the right back; the id of the record that was made."""
    assert undo(world, run_id)[2] == ["create"]
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "Ann"]
    return made


def test_what_was_made_again_and_is_gone_since_is_not_made_a_third_time() -> None:
    world, _, _, run_id = deleted()
    world.right.remove(again(world, run_id))
    for _ in range(3):
        world.run(full=True)
        world.clock.advance(60)
    _, job, done = undo(world, run_id)
    why = "left alone: it was made again already, and is gone since"
    assert (done, causes(job)) == ([], [why])


def test_a_record_that_is_kept_alone_gets_no_counterpart_by_an_undo() -> None:
    world, _, _, run_id = deleted()
    made = again(world, run_id)
    world.right.edit(made, phone="77")
    world.quiet()
    world.sync = replace(world.sync, deletes="ignore")
    world.right.remove(made)
    for _ in range(2):
        world.run(full=True)
    _, job, done = undo(world, run_id)
    assert (done, causes(job)) == ([], ["left alone: the left record is kept alone"])


def test_a_record_whose_last_write_is_not_accounted_for_is_left_alone() -> None:
    world, left_id, right_id, run_id = changed()
    fail(world.right, "update", Retry("timed out", unknown=True), after=True)
    world.left.edit(left_id, phone="77")
    world.run()
    _, job, done = undo(world, run_id)
    assert done == []
    assert "what became of an earlier write to it is not known yet" in causes(job)[0]
    world.clock.advance(60)
    world.quiet()
    assert undo(world, run_id)[2] == ["update"]
    assert world.right.rows()[right_id]["name"] == "Ann"


def test_a_record_that_never_rests_is_told_after_a_few_tries() -> None:
    world, _, right_id, run_id = changed()
    fail(world.right, "update", Stale("it moved"), times=TRIES)
    _, job, done = undo(world, run_id)
    assert (done, len(job.failed)) == ([], 1)
    assert world.right.rows()[right_id]["name"] == "Anna"
    still(world)


def test_a_create_that_is_refused_is_told_and_can_be_tried_again() -> None:
    world, _, _, run_id = deleted()
    fail(world.right, "create", Rejected("no", fix="do"))
    _, job, done = undo(world, run_id)
    assert (done, [text for _, text in job.failed]) == ([], ["no fix: do"])
    assert len(world.rights()) == 5
    still(world)
    assert undo(world, run_id)[2] == ["create"]


def test_a_state_that_cannot_be_kept_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _, right_id, run_id = changed()

    async def full(intents: object) -> None:
        raise Halt("the disk is full")

    monkeypatch.setattr(world.store, "intend", full)
    with pytest.raises(Halt, match="the disk is full"):
        undo(world, run_id)
    assert world.right.rows()[right_id]["name"] == "Anna"


class Few(All):
    """Lets so many pass, and has then seen enough; or lets nothing pass at all."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def permits(self, operation: Planned) -> bool:
        return bool(self.most) and super().permits(operation)

    @property
    def over(self) -> bool:
        return bool(self.most) and len(self.applied) >= self.most


@pytest.mark.parametrize(("most", "back"), [(0, 0), (1, 1), (2, 2)])
def test_only_what_the_judge_lets_pass_is_taken_back(most: int, back: int) -> None:
    world, *_ = linked()
    for number in range(3):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone="1")
    world.run()
    run_id = last_run(world)
    work = replace(world.work(), run_id=drive(world.store.start_run(UNDO, world.clock.now())))
    drive(take_back([work], Job(run_id, Few(most), world.store)))
    assert len(world.rights()) == 9 - back


def test_what_is_under_way_when_the_judge_has_seen_enough_is_left_alone() -> None:
    world, *_ = linked()
    for number in range(3):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone="1")
    world.run()
    run_id = last_run(world)
    own = drive(world.store.start_run(UNDO, world.clock.now()))
    work = replace(world.work(), run_id=own, tasks=Together())
    few = Few(1)
    drive(take_back([work], Job(run_id, few, world.store)))
    assert len(few.applied) == 1
    assert len(world.rights()) == 8


def test_a_record_that_may_have_been_made_again_and_cannot_be_looked_up_is_told() -> None:
    world, _, _, run_id = deleted(right_habits=far(searchable=()))
    link_id = drive(world.store.run_links(run_id, 0, 9))[0]
    fail(world.right, "create", Retry("timed out", unknown=True), after=True)
    _, job, done = undo(world, run_id)
    assert (done, len(job.failed)) == ([], 1)
    world.quiet()
    last = drive(world.store.history(link_id))[-1]
    assert last.operation == "close"
    assert last.cause.endswith("it may have been made again, and which one cannot be told")
    assert len([row for row in world.rights() if row["name"] == "Ann"]) == 1


def test_an_undo_whose_record_has_its_counterpart_already_makes_no_other() -> None:
    world, left_id, right_id = linked()
    link = world.link(left_id)
    begun = Intent(
        link_id=link.id,
        side=Side.RIGHT,
        kind="create",
        target=None,
        values={"name": "Ann"},
        was={},
        raw={"name": "Ann"},
        key="",
        made_at=world.clock.now(),
        undoes=last_run(world),
    )
    drive(world.store.intend([begun]))
    world.left.edit(left_id, name="Anna")
    world.quiet()
    assert (world.link(left_id).right_id, len(world.rights())) == (right_id, 6)
    assert world.right.rows()[right_id]["name"] == "Anna"
    assert drive(world.store.open_intents([link.id])) == []
    still(world)
