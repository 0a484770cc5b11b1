"""The part of the store contract that watches: figures over time, alerts and their messages."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.tally import Tally
from crosstie.core.values import LinkState
from crosstie.ports import (
    Alert,
    Answer,
    ChannelOff,
    Conflict,
    ConflictKind,
    Delivery,
    DeliveryState,
    Mute,
    Occasion,
    Rollup,
    Severity,
    Step,
    Store,
)
from crosstie.ports.watch import KEPT, KEPT_ALERTS, Standing
from crosstie.testing.driving import LEFT, SYNC, kept, noticed_link, run

NOON = 1_767_268_800.0
DEAD = Alert("dead:contacts", Severity.DEGRADED, "3 dead letters", "see them", NOON)
RAISED = Delivery(
    channel="mail",
    occasion=Occasion.RAISED,
    cause="dead:contacts",
    severity=Severity.DEGRADED,
    text="3 dead letters",
    fix="see them",
    at=NOON,
    key="alert_1",
    due_at=NOON,
)


def counted(number: int, at: float, name: str = SYNC) -> Rollup:
    return Rollup("sync", name, at, Tally(settled=number))


class RollupContract:
    """Promises about figures over time."""

    def test_figures_of_one_minute_add_up_and_become_part_of_their_hour(self, store: Store) -> None:
        assert run(store.rollups("minute", 0.0)) == []
        for at in (NOON, NOON + 59.0, NOON + 60.0):
            run(store.keep_rollups([counted(1, at), counted(5, at, "other")], at))
        minutes = [r for r in run(store.rollups("minute", 0.0)) if r.name == SYNC]
        assert [(r.at, r.tally.settled) for r in minutes] == [(NOON, 2), (NOON + 60.0, 1)]
        hours = run(store.rollups("hour", 0.0))
        assert [(r.name, r.at, r.tally.settled) for r in hours] == [
            (SYNC, NOON, 3),
            ("other", NOON, 15),
        ]
        assert [r.at for r in run(store.rollups("minute", NOON + 1.0))] == [NOON + 60.0] * 2

    def test_a_sync_and_an_account_of_one_name_are_two(self, store: Store) -> None:
        tally = Tally(failed=1, causes={"ab rejected": 1})
        run(store.keep_rollups([counted(1, NOON), Rollup("account", SYNC, NOON, tally)], NOON))
        told = {r.kind: r.tally for r in run(store.rollups("minute", NOON))}
        assert told == {"sync": Tally(settled=1), "account": tally}

    def test_figures_are_forgotten_when_they_are_too_old(self, store: Store) -> None:
        run(store.keep_rollups([counted(1, NOON)], NOON))
        later = NOON + KEPT["minute"] + 60.0
        run(store.keep_rollups([counted(1, later)], later))
        assert [r.at for r in run(store.rollups("minute", 0.0))] == [later]
        assert len(run(store.rollups("hour", 0.0))) == 2
        last = NOON + KEPT["hour"] + 3_600.0
        run(store.keep_rollups([], last))
        assert [r.at for r in run(store.rollups("hour", 0.0))] == [later - 60.0]

    def test_what_waits_is_told_without_looking_at_all_links(self, store: Store) -> None:
        assert run(store.standing(SYNC, NOON)) == Standing(0, None, 0, 0, None, None)
        first = noticed_link(store, "l1", now=NOON - 5.0)
        second = noticed_link(store, "l2", now=NOON - 2.0)
        third = noticed_link(store, "l3", now=NOON - 1.0)
        noticed_link(store, "late", now=NOON + 5.0)
        dead = replace(second, state=LinkState.DEAD, error="rejected", settled=1)
        asked = Conflict(ConflictKind.DELETE, opened_at=NOON - 1.0)
        run(store.keep([Step(dead), Step(replace(third, settled=1), conflict=asked)]))
        run(store.hold(SYNC, "why"))
        standing = Standing(1, NOON - 5.0, 1, 1, NOON - 1.0, "why")
        assert run(store.standing(SYNC, NOON)) == standing
        assert run(store.standing("other", NOON)) == Standing(0, None, 0, 0, None, None)
        (conflict,) = run(store.conflicts(SYNC, 5))
        run(store.answer(conflict.id, Answer(take={"*": LEFT}), NOON))
        answered = run(store.standing(SYNC, NOON))
        assert (answered.asked, answered.asked_since) == (0, None)
        assert kept(store, first).state is LinkState.ACTIVE

    def test_links_tell_since_when_they_are_due(self, store: Store) -> None:
        one, two = noticed_link(store, "l1", now=NOON), noticed_link(store, "l2", now=NOON + 1.0)
        run(store.keep([Step(replace(two, settled=1))]))
        assert run(store.due_times([one.id, two.id, 99])) == {one.id: NOON}
        assert run(store.due_times([])) == {}


class AlertContract:
    """Promises about alerts, their messages, mutes and channels."""

    def test_an_alert_is_kept_changed_and_closed(self, store: Store) -> None:
        assert run(store.open_alerts()) == []
        run(store.keep_alerts([DEAD], [], NOON))
        (known,) = run(store.open_alerts())
        assert known == replace(DEAD, id=known.id)
        told = replace(known, told_at=NOON + 1.0, severity=Severity.UNHEALTHY, text="60")
        run(store.keep_alerts([told], [], NOON))
        assert run(store.open_alerts()) == [told]
        over = replace(told, clear_since=NOON + 2.0, closed_at=NOON + 3.0)
        run(store.keep_alerts([over], [], NOON))
        assert run(store.open_alerts()) == []
        run(store.keep_alerts([DEAD], [], NOON))
        assert [each.closed_at for each in run(store.alerts(5))] == [None, NOON + 3.0]
        assert len(run(store.alerts(1))) == 1

    def test_of_one_cause_one_alert_at_most_is_open(self, store: Store) -> None:
        run(store.keep_alerts([DEAD, replace(DEAD, text="4"), replace(DEAD, cause="x")], [], NOON))
        assert [(a.cause, a.text) for a in run(store.open_alerts())] == [
            ("dead:contacts", "4"),
            ("x", "3 dead letters"),
        ]

    def test_messages_wait_until_their_time_has_come(self, store: Store) -> None:
        later = replace(RAISED, channel="slack", key="alert_2", due_at=NOON + 30.0)
        run(store.keep_alerts([], [RAISED, later], NOON))
        (due,) = run(store.due_deliveries(NOON, 10))
        assert due == replace(RAISED, id=due.id)
        assert len(run(store.due_deliveries(NOON + 30.0, 10))) == 2
        assert run(store.due_deliveries(NOON + 30.0, 1)) == [due]
        sent = replace(due, state=DeliveryState.SENT, attempts=1, sent_at=NOON + 1.0)
        run(store.keep_delivery(sent))
        assert [each.channel for each in run(store.due_deliveries(NOON + 30.0, 10))] == ["slack"]
        newest = run(store.deliveries(10))
        assert [each.channel for each in newest] == ["slack", "mail"]
        assert newest[1] == sent
        assert len(run(store.deliveries(1))) == 1

    def test_messages_of_one_cause_keep_their_order_on_each_channel(self, store: Store) -> None:
        began = replace(RAISED, due_at=NOON + 30.0)
        over = replace(RAISED, occasion=Occasion.RESOLVED, key="alert_2")
        other = replace(over, channel="slack", key="alert_3")
        another = replace(over, cause="held:contacts", key="alert_4")
        run(store.keep_alerts([], [began, over, other, another], NOON))
        due = [each.key for each in run(store.due_deliveries(NOON, 9))]
        assert due == ["alert_3", "alert_4"]
        due = [each.key for each in run(store.due_deliveries(NOON + 30.0, 9))]
        assert due == ["alert_1", "alert_2", "alert_3", "alert_4"]

    def test_what_is_long_over_is_forgotten_and_what_waits_is_not(self, store: Store) -> None:
        over = replace(DEAD, closed_at=NOON)
        sent = replace(RAISED, state=DeliveryState.SENT)
        run(store.keep_alerts([over, replace(DEAD, cause="x")], [RAISED, sent], NOON))
        run(store.keep_alerts([], [], NOON + KEPT_ALERTS + 1.0))
        assert [each.cause for each in run(store.alerts(9))] == ["x"]
        assert [each.state for each in run(store.deliveries(9))] == [DeliveryState.WAITING]

    def test_a_mute_takes_the_place_of_the_one_before(self, store: Store) -> None:
        assert run(store.mutes()) == []
        run(store.keep_mute(Mute("dead", NOON, NOON + 5.0)))
        run(store.keep_mute(Mute("all", NOON, NOON + 5.0)))
        run(store.keep_mute(Mute("dead", NOON, NOON + 9.0)))
        assert run(store.mutes()) == [Mute("all", NOON, NOON + 5.0), Mute("dead", NOON, NOON + 9.0)]
        assert run(store.end_mute("dead")) is True
        assert run(store.end_mute("dead")) is False
        assert [each.cause for each in run(store.mutes())] == ["all"]

    def test_a_channel_is_off_until_it_is_turned_on(self, store: Store) -> None:
        assert run(store.channels_off()) == []
        run(store.turn_off(ChannelOff("slack", NOON, "it answered 404")))
        run(store.turn_off(ChannelOff("slack", NOON + 1.0, "it answered 410")))
        assert run(store.channels_off()) == [ChannelOff("slack", NOON, "it answered 404")]
        for _ in range(2):
            run(store.turn_on("slack"))
        assert run(store.channels_off()) == []
