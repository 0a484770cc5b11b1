"""The first sentence of `status`: the worst that is known comes first, and nothing is made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as with_

from crosstie.cli.commands import status as command
from crosstie.cli.out import Out
from crosstie.ports import RunRecord
from crosstie.ports.state import CUT_OFF
from crosstie.service.accounts import AccountStatus, LeftAlone
from crosstie.service.engines import EngineStatus
from crosstie.service.inboxes import InboxStatus
from crosstie.service.outboxes import OutboxStatus
from crosstie.service.standing import Delay, SyncStatus
from crosstie.service.unfound import Unfound
from crosstie.service.verdict import Facts, calm, trouble
from crosstie.service.waits import ENOUGH, Waits, began

CALM = SyncStatus("people", 2, 0, 0, 0, 0, 0, None, 1.0, None, 0, 0, [], [])
RUNS = EngineStatus(True, "process 7 on box", 1.0)
FACTS = Facts([CALM], None, [], RUNS, [], [], 3_600.0)
IDLE = " No engine runs now: start one with `crosstie run`."


def box(changes: int | None, **more: Any) -> OutboxStatus:
    return OutboxStatus("trips", "shop", ["people"], changes, **more)


def halted(account: str = "CRM") -> AccountStatus:
    return AccountStatus(account, [], [LeftAlone("halt", "the token is not valid", 1.0, 31.0)])


def test_all_in_step_needs_an_engine_and_nothing_that_waits() -> None:
    assert trouble(FACTS) is None
    assert calm(FACTS) == "All in step: 2 records linked, nothing due."
    for engine, start in (
        (EngineStatus(False), "In step, as far as the state knows"),
        (EngineStatus(False, ended_ago=300.0), "In step when the last engine ended, 5 min ago"),
    ):
        told = replace(FACTS, engine=engine)
        assert calm(told) == f"{start}: 2 records linked, nothing due.{IDLE}"


@pytest.mark.parametrize(
    ("sync", "boxes", "told"),
    [
        ({}, [box(1)], "1 change waits in an outbox to be noticed"),
        ({}, [box(3), box(0), box(2)], "5 changes wait in an outbox to be noticed"),
        ({}, [box(9, at_least=True)], "at least 9 changes wait in an outbox to be noticed"),
        ({"left_alone": 1}, [], "1 left alone at your request"),
        ({"answered": 2}, [], "2 answered and to be carried out by the next run"),
        (
            {"not_found": [Unfound("people", "right", 4, None)]},
            [],
            "4 not found and to be looked at again",
        ),
        (
            {"waits": Waits(1, "homes", "left", "7", 0, 60.0)},
            [],
            "1 waits for the record it refers to (homes 7 on the left)",
        ),
        (
            {"waits": Waits(3, "homes", "right", "h7", 0, 60.0)},
            [],
            "3 wait for the records they refer to (homes h7 on the right, and others)",
        ),
        ({"scan_owed": True}, [], "a complete look at both sides under way"),
    ],
)
def test_what_is_not_due_and_not_done_is_named(
    sync: dict[str, Any], boxes: list[OutboxStatus], told: str
) -> None:
    facts = replace(FACTS, syncs=[with_(CALM, **sync)], outboxes=boxes)
    assert calm(facts) == f"Nothing due: 2 records linked, {told}."
    due = replace(facts, syncs=[with_(CALM, due=7, **sync)])
    assert calm(due) == f"2 records linked, 7 due to be looked at, {told}."


def test_a_sync_that_never_began_is_told_where_to_begin() -> None:
    new = replace(FACTS, syncs=[CALM, with_(CALM, sync="deals", last_full_scan=None)])
    assert calm(new) == "Not started yet: deals. Begin with `crosstie plan`."


def test_the_worst_comes_first_and_the_rest_is_not_dropped() -> None:
    facts = replace(
        FACTS,
        syncs=[
            with_(CALM, dead=2, conflicts=3, answered=1, delayed=[Delay(4, "no answer.", None)])
        ],
        unreached="people: no answer",
        accounts=[AccountStatus("CRM", [], [LeftAlone("breaker", "GET: no answer", 1.0, 9.0)])],
        engine=EngineStatus(False, ended_ago=7_201.0),
        outboxes=[box(0), box(None, error="no such file.")],
    )
    rest = (
        " It is not known what waits in shop: no such file. 2 dead letters wait for a person: see"
        " `crosstie dead list`. 2 conflicts wait for a person: see `crosstie conflicts list`. No"
        " engine runs, and the last one ended 2 h ago: what changed since is not known."
    )
    delay = "4 records could not be brought over, and this is tried again: no answer."
    assert trouble(facts) == delay + rest
    facts = replace(facts, syncs=[with_(facts.syncs[0], delayed=[])])
    missed = "A system could not be reached at the last run: people: no answer."
    assert trouble(facts) == missed + rest
    alone = replace(facts, unreached=None)
    assert trouble(alone) == "CRM is left alone for a while: GET: no answer." + rest
    gone = replace(facts, accounts=[*facts.accounts, halted()])
    assert trouble(gone) == "CRM needs a person: the token is not valid." + rest
    held = replace(gone, syncs=[with_(CALM, held="too much")])
    assert trouble(held) == "The brake holds people: too much."


def test_a_complete_look_that_was_cut_off_speaks_against_in_step() -> None:
    owed = replace(FACTS, syncs=[CALM, with_(CALM, sync="homes", scan_owed=True)])
    assert trouble(owed) is None, "whoever runs goes on with it"
    for engine in (EngineStatus(False), EngineStatus(False, ended_ago=5.0)):
        assert trouble(replace(owed, engine=engine)) == (
            "A complete look at both sides of homes was cut off, and what is new there may not be "
            "known: run `crosstie run --once`."
        )


def test_who_waits_for_too_long_speaks_against_all_being_well() -> None:
    long = with_(CALM, waits=Waits(3, "homes", "left", "7", 1, 3_600.0))
    told = "has waited for over 1 h for the record it refers to"
    assert trouble(replace(FACTS, syncs=[CALM, long])) == (
        f"1 record {told}: create it, or clear the reference (homes 7 on the left, and others)."
    )
    longer = with_(CALM, waits=Waits(2, "homes", "left", "8", 2, 86_400.0))
    assert trouble(replace(FACTS, syncs=[longer, long])) == (
        "3 records have waited for over 1 h for the record they refer to: create it, or clear the "
        "reference (homes 8 on the left, and others)."
    )


def test_how_many_may_have_begun_to_wait_lately_is_counted_from_the_runs() -> None:
    def ran(number: int, ended: float | None, error: str | None = None) -> RunRecord:
        counts = {"deals.waiting": number, "people.waiting": 9}
        return RunRecord("run", (ended or 100.0) - 1.0, ended, counts, error)

    old, new = ran(4, 49.0), ran(2, 50.0)
    assert began([], "deals", 50.0, 7) == 0
    assert began([old], "deals", 50.0, 7) == 0
    assert began([new, old, ran(1, 60.0)], "deals", 50.0, 7) == 2
    assert began([new, new], "deals", 50.0, 7) == 4
    assert began([new, old], "deals", 50.0, 1) == began([new], "deals", 50.0, 1) == 1
    for unknown in (ran(0, None), ran(0, 60.0, CUT_OFF)):
        assert began([unknown, old], "deals", 50.0, 7) == 7
    assert began([new] * ENOUGH, "deals", 50.0, 9_999) == 9_999, "they do not reach back so far"


def test_an_engine_that_ended_a_while_ago_is_no_trouble_yet() -> None:
    for ago, well in ((3_600.0, True), (3_600.1, False)):
        facts = replace(FACTS, engine=EngineStatus(False, ended_ago=ago))
        assert (trouble(facts) is None) is well


def test_the_lines_below_it_have_what_waits_and_how_to_mend_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = Out(False)
    command._outbox(out, box(10_000, at_least=True))
    command._outbox(out, box(1))
    command._outbox(out, box(0))
    command._outbox(out, box(None, error="no such file", fix="make it"))
    command._outbox(out, box(None, error="a riddle"))
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "outbox of table trips (shop): at least 10000 changes wait to be noticed",
        "outbox of table trips (shop): 1 change waits to be noticed",
        "! outbox of table trips (shop): no such file",
        "! outbox of table trips (shop): a riddle",
    ]
    assert said.err.splitlines() == ["fix: make it"]
    assert command._engine(RUNS) == "process 7 on box holds the state since 1970-01-01 00:00:01 UTC"
    assert command._engine(EngineStatus(True)) == "one holds the state"
    assert command._engine(EngineStatus(False)) == "none holds the state"


HEARD = InboxStatus("crm", 0, None, 0, 1.0, 3_600.0, None)


def test_what_was_received_and_not_worked_on_is_told() -> None:
    waiting = with_(HEARD, waiting=1, oldest_age=40.0)
    facts = replace(FACTS, inboxes=[waiting])
    assert trouble(facts) is None
    assert calm(facts) == "Nothing due: 2 records linked, 1 delivery waits in the inbox."
    facts = replace(FACTS, inboxes=[waiting, waiting])
    assert "2 deliveries wait in the inbox" in calm(facts)
    failed = replace(FACTS, inboxes=[HEARD, with_(HEARD, failed=2)])
    assert trouble(failed) == "2 deliveries to crm failed: see `crosstie webhook ls --failed`."


def test_a_system_that_has_fallen_silent_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    silent = with_(HEARD, silent_for=14_400.0)
    assert trouble(replace(FACTS, inboxes=[HEARD])) is None
    assert trouble(replace(FACTS, inboxes=[HEARD, silent])) == (
        "Nothing was received by crm for 4 h, and it is 1 h as a rule: look whether its webhook is"
        " still set up."
    )
    out = Out(False)
    command._inbox(out, with_(HEARD, last_received=None, usual_pause=None))
    command._inbox(out, with_(silent, last_received=None))
    command._inbox(out, with_(HEARD, last_received=None, waiting=3, oldest_age=61.0, failed=2))
    assert capsys.readouterr().out.splitlines() == [
        "inbox crm: last received never",
        "! inbox crm: last received never; 1 h between two as a rule",
        "! inbox crm: last received never, 3 waiting for up to 1 min, 2 failed",
    ]
