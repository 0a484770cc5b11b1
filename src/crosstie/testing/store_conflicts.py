"""The part of the store contract about conflicts, links that gain an id, and their children."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from crosstie.core.errors import Duplicate
from crosstie.core.values import LinkState, Parent, Side
from crosstie.ports import Answer, Conflict, ConflictKind, Step, Store
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, link_at, noticed_link, run
from crosstie.testing.store_journal import entry, intent

CLASH = Conflict(
    ConflictKind.EDIT,
    fields={"name": {"base_left": "A", "left": "B", "right": None}},
    note="changed on both sides",
    opened_at=3.0,
)


def raised(store: Store, conflict: Conflict = CLASH, name: str = "l1") -> Conflict:
    """The conflict as kept on a new link."""
    link = noticed_link(store, name)
    run(store.keep([Step(replace(link, settled=1), conflict=conflict)]))
    found = run(store.conflict(link_at(store, name).conflict_id or 0))
    assert found is not None
    return found


class GainContract:
    """Promises of `keep` about ids that a link gains, and links that wait for it."""

    def test_gaining_an_id_absorbs_the_bare_link_that_holds_it(self, store: Store) -> None:
        link, bare = noticed_link(store), noticed_link(store, "r1", RIGHT)
        gained = replace(link, right_id="r1", settled=1, base_left={"n": 1}, base_right={"n": 1})
        run(store.keep([Step(gained, adopts=True)]))
        assert run(store.link(bare.id)) is None
        assert link_at(store, "r1", RIGHT).id == link.id
        assert kept(store, link).noticed == 2
        assert is_due(store, link)

    def test_a_quiet_bare_link_is_absorbed_without_news(self, store: Store) -> None:
        link = noticed_link(store)
        bare = replace(noticed_link(store, "r1", RIGHT), settled=1)
        question = Conflict(ConflictKind.MATCH, candidates=("l1",))
        run(store.keep([Step(replace(bare, state=LinkState.ASKING), conflict=question)]))
        step = Step(replace(link, right_id="r1", settled=1), adopts=True, history=(entry("adopt"),))
        run(store.keep([step]))
        assert not is_due(store, link)
        assert run(store.conflicts(None, 9)) == []

    @pytest.mark.parametrize("adopts", [True, False])
    def test_an_id_that_belongs_to_another_pair_is_refused(
        self, store: Store, adopts: bool
    ) -> None:
        other = noticed_link(store, "l2")
        run(store.keep([Step(replace(other, right_id="r1", settled=1))]))
        link = noticed_link(store)
        step = Step(
            replace(link, right_id="r1", settled=1), adopts=adopts, history=(entry("adopt"),)
        )
        with pytest.raises(Duplicate) as caught:
            run(store.keep([Step(replace(other, settled=1, attempts=5)), step]))
        assert caught.value.existing == "r1"
        assert caught.value.fix
        assert kept(store, link) == link
        assert kept(store, other).attempts == 0
        assert run(store.history(link.id)) == []

    def test_a_link_with_a_base_or_an_open_intent_is_not_bare(self, store: Store) -> None:
        link = noticed_link(store)
        based = replace(noticed_link(store, "r1", RIGHT), base_left={"n": 1})
        run(store.keep([Step(based)]))
        run(store.intend([intent(noticed_link(store, "r2", RIGHT))]))
        for record_id in ("r1", "r2"):
            with pytest.raises(Duplicate):
                run(store.keep([Step(replace(link, right_id=record_id), adopts=True)]))

    def test_an_id_is_only_absorbed_when_the_step_adopts(self, store: Store) -> None:
        link = noticed_link(store)
        noticed_link(store, "r1", RIGHT)
        with pytest.raises(Duplicate):
            run(store.keep([Step(replace(link, right_id="r1"))]))

    def test_an_id_can_be_lost_and_gained_by_another_link(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.keep([Step(replace(link, right_id="r1"))]))
        run(store.keep([Step(replace(link, right_id=None))]))
        other = noticed_link(store, "l2")
        run(store.keep([Step(replace(other, right_id="r1"))]))
        assert link_at(store, "r1", RIGHT).id == other.id

    @pytest.mark.parametrize("side", list(Side))
    def test_links_that_wait_for_a_record_wake_with_it(self, store: Store, side: Side) -> None:
        parent = noticed_link(store, "p1", sync="trips")
        run(store.keep([Step(replace(parent, settled=1))]))
        child, other = noticed_link(store, "c1"), noticed_link(store, "c2")
        names = {LEFT: "p1", RIGHT: "q1"}
        for link, record_id in ((child, names[side]), (other, "else")):
            waits = Parent("trips", side, record_id)
            waiting = replace(link, state=LinkState.WAITING, waits_for=waits, settled=1, attempts=2)
            run(store.keep([Step(waiting)]))
        pair = replace(parent, right_id="q1", settled=1)
        run(store.keep([Step(pair)]))
        assert not is_due(store, child)
        run(store.keep([Step(pair, wakes=True)]))
        woken = kept(store, child)
        assert is_due(store, child, now=0.0)
        assert (woken.waits_for, woken.state, woken.attempts) == (None, LinkState.ACTIVE, 0)
        assert not is_due(store, other)

    def test_a_link_with_one_record_wakes_those_that_wait_for_it(self, store: Store) -> None:
        parent, child = noticed_link(store, "p1", sync="trips"), noticed_link(store, "c1")
        waits = Parent("trips", LEFT, "p1")
        waiting = replace(child, state=LinkState.WAITING, waits_for=waits, settled=1)
        run(store.keep([Step(waiting)]))
        run(store.keep([Step(replace(parent, settled=1), wakes=True)]))
        assert is_due(store, child)

    def test_waiting_for_a_record_that_is_linked_by_now_ends_at_once(self, store: Store) -> None:
        parent = noticed_link(store, "p1", sync="trips")
        run(store.keep([Step(replace(parent, right_id="q1", settled=1), wakes=True)]))
        child = noticed_link(store, "c1")
        waits = Parent("trips", LEFT, "p1")
        late = replace(child, state=LinkState.WAITING, waits_for=waits, settled=1)
        run(store.keep([Step(late)]))
        assert is_due(store, child)


class ConflictContract:
    """Promises about conflicts."""

    def test_a_conflict_comes_back_as_it_was_raised(self, store: Store) -> None:
        asked = replace(
            CLASH, kind=ConflictKind.DELETE, deleted=LEFT, candidates=("a", "b"), note=None
        )
        found = raised(store, asked)
        link = link_at(store, "l1")
        assert found == replace(asked, id=found.id, link_id=link.id, sync=SYNC)
        assert link.conflict_id == found.id
        assert run(store.conflict(404)) is None

    def test_open_conflicts_are_told_oldest_first(self, store: Store) -> None:
        newer = raised(store, replace(CLASH, opened_at=9.0), "l1")
        older = raised(store, replace(CLASH, opened_at=2.0), "l2")
        assert run(store.conflicts(None, 9)) == [older, newer]
        assert run(store.conflicts(SYNC, 1)) == [older]
        assert run(store.conflicts("other", 9)) == []

    def test_raising_it_again_rewrites_the_open_one(self, store: Store) -> None:
        first = raised(store)
        again = replace(CLASH, fields={"name": {"left": "C", "right": "D"}}, opened_at=8.0)
        run(store.keep([Step(link_at(store, "l1"), conflict=again)]))
        assert run(store.conflicts(None, 9)) == [replace(first, fields=again.fields)]
        assert link_at(store, "l1").conflict_id == first.id

    def test_a_step_without_word_of_it_leaves_the_conflict_open(self, store: Store) -> None:
        first = raised(store)
        run(store.keep([Step(replace(link_at(store, "l1"), conflict_id=None))]))
        assert link_at(store, "l1").conflict_id == first.id
        assert run(store.conflicts(None, 9)) == [first]

    def test_none_closes_it_at_the_time_of_the_step(self, store: Store) -> None:
        first = raised(store)
        link = link_at(store, "l1")
        history = (entry("resolve", 6.0), entry("update", 5.0))
        run(store.keep([Step(link, conflict=None, history=history)]))
        run(store.keep([Step(link, conflict=None)]))
        assert run(store.conflict(first.id)) == replace(first, closed_at=6.0)
        assert link_at(store, "l1").conflict_id is None
        second = raised(store, name="l2")
        assert second.id > first.id

    def test_an_answer_is_kept_and_makes_the_link_due(self, store: Store) -> None:
        conflict = raised(store)
        link = link_at(store, "l1")
        run(store.keep([Step(replace(link, state=LinkState.ASKING, attempts=4))]))
        run(store.answer(conflict.id, Answer(pair="x"), 6.0))
        better = Answer({"name": RIGHT}, {"tags": ["a"]}, "")
        run(store.answer(conflict.id, better, 7.0))
        assert run(store.conflict(conflict.id)) == replace(conflict, answer=better)
        assert is_due(store, link, now=7.0)
        assert (kept(store, link).state, kept(store, link).attempts) == (LinkState.ACTIVE, 0)

    def test_a_step_that_began_before_the_answer_leaves_the_link_due(self, store: Store) -> None:
        conflict = raised(store)
        link = link_at(store, "l1")
        run(store.answer(conflict.id, Answer({"name": LEFT}), 6.0))
        run(store.keep([Step(link, conflict=CLASH)]))
        assert is_due(store, link)
        found = run(store.conflict(conflict.id))
        assert found is not None
        assert found.answer == Answer({"name": LEFT})

    def test_an_answer_does_not_outlive_its_question(self, store: Store) -> None:
        conflict = raised(store)
        run(store.answer(conflict.id, Answer({"name": LEFT}), 6.0))
        other = replace(CLASH, fields={"name": {"left": "X", "right": "Y"}})
        run(store.keep([Step(link_at(store, "l1"), conflict=other)]))
        found = run(store.conflict(conflict.id))
        assert found is not None
        assert found.answer is None

    def test_an_answer_that_the_step_hands_on_is_kept(self, store: Store) -> None:
        conflict = raised(store)
        other = replace(CLASH, fields={}, answer=Answer({"name": LEFT}))
        run(store.keep([Step(link_at(store, "l1"), conflict=other)]))
        found = run(store.conflict(conflict.id))
        assert found is not None
        assert found.answer == Answer({"name": LEFT})

    def test_answering_a_closed_or_unknown_conflict_changes_nothing(self, store: Store) -> None:
        conflict = raised(store)
        run(store.keep([Step(link_at(store, "l1"), conflict=None)]))
        run(store.answer(conflict.id, Answer({"name": LEFT}), 6.0))
        run(store.answer(404, Answer(), 6.0))
        found = run(store.conflict(conflict.id))
        assert found is not None
        assert found.answer is None
        assert not is_due(store, link_at(store, "l1"))
