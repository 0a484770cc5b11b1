"""Safeguards of the engine and the store, each of which can be taken away here and nowhere else.

A test of the simulator: what no schedule can tell from the whole engine is either not tested or
not needed. The product has no switch for any of this; the parts are replaced from outside, in this
process, for as long as a `with` lasts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import provoking
import without_looks
import without_writes
from replacing import Gone
from scenarios.story import LEFT, RIGHT, Habits, Story, told

from crosstie.core.values import Side
from crosstie.testing.simulator import Item, Life, Script, draw, play
from crosstie.testing.simulator.finding import chosen
from crosstie.testing.simulator.items import FAULTS
from crosstie.testing.simulator.worlds import pick

Provoked = Callable[[Script], Script]


@dataclass(frozen=True)
class Ablation:
    """One safeguard, and how it is taken away."""

    name: str
    safeguard: str
    without: str
    """What happens then."""
    gone: Callable[[], Gone]
    world: str | None = None
    """The world that is played; None: the default mix."""
    provoked: Provoked = lambda script: script
    """What is added to each schedule, so that it meets what the safeguard is for."""

    covered: str = ""
    """Why no schedule may notice that it is gone: what else does its work, or how rare it is."""

    story: Callable[[int], Story] | None = None
    """A story for each seed, where chance hardly ever meets what the safeguard is for."""

    def play(self, seed: int) -> Life:
        """The schedule of a seed, with the safeguard or, in a `with gone()`, without."""
        if self.story is not None:
            return told(self.story(seed))[0]
        return play(pick(chosen(self.world), seed), self.provoked(draw(seed)))


def _and(*kinds: str, right: Habits | None = None, horizon: int = 70) -> Provoked:
    """More items of these kinds, and a service with these habits.

    horizon: the await before which they are due. A far one means many runs, a second apart.
    """

    def provoked(script: Script) -> Script:
        dice, items = Random(script.seed), list(script.items)
        for number, kind in enumerate(kinds, len(items) + 1):
            side = Side.RIGHT if kind in FAULTS else dice.choice((Side.LEFT, Side.RIGHT))
            at = 0 if kind in ("both", "twin") else dice.randrange(horizon)
            items.append(Item(number, kind, at, side, dice.randrange(1 << 20)))
        # Where no feed tells of deletions, complete scans have to.
        honest = script.honest_feed and (right is None or right[0].has_changes)
        pauses = script.pauses if horizon == 70 else (1.0,)
        return dataclasses.replace(
            script,
            items=tuple(items),
            far=right or script.far,
            honest_feed=honest,
            pauses=pauses,
        )

    return provoked


ABLATIONS: tuple[Ablation, ...] = (
    Ablation(
        "intent",
        "an intent is kept before the call",
        "after a crash nobody knows that something was begun",
        without_writes.intents_are_not_kept,
    ),
    Ablation(
        "intent closed late",
        "the intent stays open until the outcome is kept",
        "after a crash in the call nobody looks what became of it",
        without_writes.intents_are_closed_before_the_call,
    ),
    Ablation(
        "look before repeating",
        "a create of unknown outcome is looked for",
        "it is made a second time",
        without_writes.no_look_before_a_create_is_repeated,
    ),
    Ablation(
        "search lag",
        "the look is repeated when the search must show it",
        "a search that lags says that there is nothing",
        without_writes.no_wait_for_the_search,
        provoked=_and("lose", "add", right=provoking.LAGGING),
    ),
    Ablation(
        "lost answers",
        "an error after which nothing is known leaves the intent open",
        "a write that landed counts as failed",
        without_writes.lost_answers_are_failures,
    ),
    Ablation(
        "recovery",
        "open intents are finished before anything is decided",
        "what landed looks like somebody's edit",
        without_writes.open_intents_are_not_finished,
    ),
    Ablation(
        "landing is seen",
        "after a lost answer the base moves to what the record shows",
        "the base runs ahead of a write that never happened",
        without_writes.updates_are_thought_to_have_landed,
    ),
    Ablation(
        "base of what was sent",
        "a record found again has the base of what was sent",
        "an edit made before it was found is swallowed",
        without_writes.adopted_as_they_are,
    ),
    Ablation(
        "intents woken",
        "a new process makes links with open intents due",
        "what an undo had begun when it died stays open",
        without_writes.intents_are_not_woken,
        story=provoking.undo_dies,
    ),
    Ablation(
        "one commit: link",
        "the link gets its id where its intent is closed",
        "a crash between both leaves a record without a link",
        without_writes.link_and_intent_apart,
    ),
    Ablation(
        "one commit: history",
        "a write and its line in the history are one commit",
        "a write that no history tells of",
        without_writes.history_apart,
    ),
    Ablation(
        "base after the write",
        "the base moves when the reply is there",
        "a crash makes the unwritten side look edited",
        without_writes.base_before_the_write,
    ),
    Ablation(
        "base from the reply",
        "the base is what the reply shows",
        "an edit between the write and the read is swallowed",
        without_writes.base_from_a_fresh_read,
    ),
    Ablation(
        "base of written fields",
        "the base moves for the written fields alone",
        "an edit of another field is swallowed",
        without_writes.base_of_all_fields,
    ),
    Ablation(
        "a base a side",
        "each side has a base in its own spelling",
        "what a system rewrites comes back as an edit",
        without_writes.one_base_for_both_sides,
    ),
    Ablation(
        "the base",
        "what changed is told by the base",
        "every difference is a clash",
        without_writes.no_base,
    ),
    Ablation(
        "edits stop deletions",
        "a record that was edited is not deleted unasked",
        "an edit goes with the record",
        without_writes.deletes_win,
    ),
    Ablation(
        "due until quiet",
        "a link stays due until nothing is left to write",
        "a crash after the first of two writes leaves the second one",
        without_writes.not_due_after_a_write,
        story=provoking.second_try_dies,
    ),
    Ablation(
        "conflicts are kept",
        "a clash is kept for a person",
        "both sides differ and nobody is asked",
        without_writes.no_conflicts,
    ),
    Ablation(
        "before-image",
        "the history holds what was overwritten",
        "what a policy overruled is gone",
        without_writes.no_before_image,
    ),
    Ablation(
        "noticed and settled",
        "what is noticed while a link is settled leaves it due",
        "it is marked done over newer evidence",
        without_looks.done_over_newer_evidence,
        story=provoking.answered_at,
    ),
    Ablation(
        "reopening",
        "news of a link that waits or asks make it active",
        "an answer given at that moment is not heard",
        without_looks.stuck_stays_stuck,
        story=provoking.answered_and_asked,
    ),
    Ablation(
        "dropping",
        "a link is not dropped over newer evidence",
        "the news are dropped with it",
        without_looks.dropped_over_newer_evidence,
        story=provoking.let_in_meanwhile,
    ),
    Ablation(
        "waking children",
        "a child is due when its parent is linked",
        "it waits for ever",
        without_looks.children_are_not_woken,
        "family",
    ),
    Ablation(
        "waking the missing",
        "a record that was missing and is back makes its link due",
        "an edit across stays put off",
        without_looks.returned_are_not_woken,
        story=provoking.late_and_edited,
    ),
    Ablation(
        "cursor with the page",
        "the cursor moves in the commit that notices the page",
        "a crash in between loses a page",
        without_looks.cursor_first,
    ),
    Ablation(
        "owed scan",
        "what a feed leaves to a scan is told again, and the scan owed, until it was complete",
        "a crash in that scan loses a record",
        without_looks.no_scan_is_owed,
        story=provoking.scan_dies,
    ),
    Ablation(
        "first read",
        "a new record that the first read does not show is read again later",
        "it is forgotten",
        without_looks.first_reads_are_believed,
        story=provoking.first_read_is_late,
    ),
    Ablation(
        "acknowledge last",
        "a page is acknowledged when it is durable",
        "a crash in between loses a page",
        without_looks.acknowledged_first,
    ),
    Ablation(
        "compare and set",
        "a write says what it was decided from",
        "an edit since the read is overwritten",
        without_looks.writes_compare_with_nothing,
    ),
    Ablation(
        "fence",
        "a worker without the lease writes nothing",
        "it goes on where another one has gone further",
        without_looks.no_fence,
    ),
    Ablation(
        "single flight",
        "one flow at a time for a link",
        "two flows do the same",
        without_looks.two_flights_for_a_link,
    ),
    Ablation(
        "proof of absence",
        "a record that is not found is deleted across only with proof",
        "a read that is late deletes",
        without_looks.no_proof_of_absence,
        story=provoking.late_and_respelled,
    ),
    Ablation(
        "second scan",
        "a second scan proves that a record is gone",
        "a listing that is late deletes",
        without_looks.one_scan_proves,
        provoked=_and("add", "edit", "edit", right=provoking.LAGGING, horizon=300),
    ),
    Ablation(
        "read before delete",
        "what is proven to be gone is read by its id all the same",
        "a record that only listings miss is deleted across",
        without_looks.no_read_before_a_delete,
        provoked=_and("vanish", right=provoking.MUTE),
    ),
    Ablation(
        "one direction",
        "strangers of one side look first, then those of the other",
        "one that is found already asks who it is",
        without_looks.strangers_look_both_ways_at_once,
        story=provoking.twins_at_once,
    ),
    Ablation(
        "taken ones",
        "who was found meanwhile does not look any more",
        "it asks who it is",
        without_looks.taken_ones_go_on,
        story=provoking.twins_at_once,
    ),
    Ablation(
        "meeting guard",
        "two with one match key do not look at the same moment",
        "both find nothing, and nobody is asked",
        without_looks.meeting_unguarded,
        story=provoking.namesakes(RIGHT),
    ),
    Ablation(
        "rivals",
        "two on one side with one key are asked about",
        "the first one gets the counterpart",
        without_looks.rivals_are_not_looked_for,
        story=provoking.namesakes(LEFT),
    ),
    Ablation(
        "makers",
        "a record that one of our links may have made is left to it",
        "it is taken for a stranger, and made anew",
        without_looks.makers_are_not_waited_for,
        story=provoking.keyless,
    ),
    Ablation(
        "adoption",
        "a record that exists already is linked",
        "the create is refused for ever",
        without_looks.existing_are_not_adopted,
        provoked=_and("twin", right=provoking.BLIND),
    ),
    Ablation(
        "marker",
        "what a search shows is adopted only with the marker of its create",
        "another link's record is adopted",
        without_looks.any_marker_is_ours,
        story=provoking.vaguely_found,
    ),
    Ablation(
        "bare links",
        "a link gives up its record only while it is bare",
        "a pair is torn apart",
        without_looks.any_link_is_bare,
        story=provoking.named_twice,
    ),
    Ablation(
        "poison limit",
        "what is refused is not tried again",
        "it is tried for ever",
        without_looks.poison_is_tried_for_ever,
    ),
    Ablation(
        "account pause",
        "an account that asks for it is left alone",
        "it is asked again at once",
        without_looks.pauses_are_ignored,
    ),
    Ablation(
        "retry after",
        "it is left alone for as long as it asks",
        "it is asked again too soon",
        without_looks.retry_after_is_ignored,
    ),
    Ablation(
        "retry budget",
        "tries of what failed are a small part of all",
        "a system that fails is asked ever more",
        without_looks.nothing_is_put_off,
        story=provoking.failing,
    ),
    Ablation(
        "brake",
        "a run that would delete or overwrite too much waits for a person",
        "it is carried over",
        without_looks.any_share_passes,
        story=provoking.too_much,
    ),
    Ablation(
        "brake, empty side",
        "a side that shows no records waits for a person",
        "the other side is emptied as well",
        without_looks.empty_sides_pass,
        story=provoking.emptied,
    ),
    Ablation(
        "policy",
        "in a clash the side wins that the policy names",
        "the other one wins",
        without_looks.the_other_side_wins,
        "ruled",
    ),
)
