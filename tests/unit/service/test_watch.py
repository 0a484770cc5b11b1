"""Once a minute: figures kept, alerts decided, messages carried; nothing of it ends the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from crosstie.alerts import Alerts, Channel, Mail, Slack
from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Retry
from crosstie.core.values import LinkState
from crosstie.engine.run import Report
from crosstie.engine.work import Work
from crosstie.ports import ChannelOff, Delivery, DeliveryState, Step
from crosstie.service import watch as watch_module
from crosstie.service.alert_desk import length, listed, mute, unmute
from crosstie.service.asked import Misused, Unknown
from crosstie.service.channels import Gone
from crosstie.service.courier import IS_OFF, NO_CHANNEL, PAUSES, Courier
from crosstie.service.measuring import Meter
from crosstie.service.watch import Watch
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.driving import noticed_link, run
from crosstie.testing.fakes import FakeClock, FakeDice

from .test_runtime import work

SLACK, MAIL = Slack("env:SLACK"), Mail("localhost", "a@example.com", ["b@example.com"])
BOTH = Alerts([SLACK, MAIL])


class Post:
    """Takes messages, or raises what it was told to."""

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.wrong: dict[str, CrosstieError] = {}
        self.waits: asyncio.Event | None = None

    async def send(self, channel: Channel, message: Delivery) -> str | None:
        if self.waits is not None:
            await self.waits.wait()
        if channel.name in self.wrong:
            raise self.wrong[channel.name]
        self.taken.append(message)
        return None

    @property
    def told(self) -> list[str]:
        return [f"{m.channel} {m.occasion.value} {m.cause}" for m in self.taken]


class Office:
    """An application with a dead letter, and who looks after it."""

    def __init__(self, alerts: Alerts = BOTH) -> None:
        self.clock, self.post, self.meter = FakeClock(), Post(), Meter()
        self.work: Work = work(self.clock)
        self.store: SqlStore = self.work.store  # type: ignore[assignment]
        self.app = Crosstie([self.work.sync], alerts=alerts)
        self.watch = self.process()

    def process(self) -> Watch:
        """What a new process remembers."""
        sender: Any = self.post
        return Watch(self.app, self.store, self.meter, self.clock, FakeDice(), sender)

    @property
    def courier(self) -> Courier:
        sender: Any = self.post
        return Courier(self.app.alerts, self.store, sender, self.clock, lambda: "token")

    def bury(self) -> None:
        link = noticed_link(self.store, sync="people", now=self.clock.now())
        dead = replace(link, state=LinkState.DEAD, error="rejected", settled=1)
        run(self.store.keep([Step(dead)]))

    def minute(self) -> None:
        asyncio.run(self.watch.minute())
        self.clock.advance(60.0)

    def states(self) -> list[tuple[str, str, int]]:
        return [(d.channel, d.state.value, d.attempts) for d in run(self.store.deliveries(9))]


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    made.bury()
    yield made
    made.store.close()


def test_what_is_wrong_is_told_once_and_a_restart_repeats_nothing(office: Office) -> None:
    office.minute()
    assert sorted(office.post.told) == ["mail raised dead:people", "slack raised dead:people"]
    office.watch = office.process()
    for _ in range(3):
        office.minute()
    assert len(office.post.taken) == 2


def test_what_was_decided_and_not_sent_is_sent_by_the_next_process(office: Office) -> None:
    asyncio.run(office.watch.look())
    assert not office.post.taken
    office.watch = office.process()
    office.minute()
    assert len(office.post.taken) == 2
    assert len({message.key for message in office.post.taken}) == 2


def test_a_channel_that_is_away_is_tried_again_with_the_same_id(office: Office) -> None:
    office.post.wrong["mail"] = Retry("the mail server is away")
    office.minute()
    assert office.post.told == ["slack raised dead:people"]
    assert ("mail", "waiting", 1) in office.states()
    (first,) = [d for d in run(office.store.deliveries(9)) if d.channel == "mail"]
    assert first.error == "the mail server is away"
    del office.post.wrong["mail"]
    office.minute()
    assert office.post.told[1:] == ["mail raised dead:people"]
    assert office.post.taken[1].key == first.key
    assert sorted(office.states()) == [("mail", "sent", 2), ("slack", "sent", 1)]


def test_a_message_is_given_up_after_its_last_attempt(office: Office) -> None:
    office.post.wrong["mail"] = Misconfigured("the environment variable X is not set")
    asyncio.run(office.watch.look())
    for pause in (*PAUSES, 0.0):
        asyncio.run(office.courier.round())
        office.clock.advance(pause)
    assert ("mail", "failed", len(PAUSES) + 1) in office.states()
    asyncio.run(office.courier.round())
    assert ("mail", "failed", len(PAUSES) + 1) in office.states()


def test_an_answer_that_asks_to_wait_is_heeded(office: Office) -> None:
    office.post.wrong["slack"] = Retry("slow down", after=500.0)
    office.minute()
    (waiting,) = [d for d in run(office.store.deliveries(9)) if d.channel == "slack"]
    assert waiting.due_at == waiting.at + 500.0


def test_a_channel_that_is_gone_is_off_and_the_others_are_told(office: Office) -> None:
    office.post.wrong["slack"] = Gone("it answered 404")
    office.minute()
    office.minute()
    assert office.post.told == ["mail raised dead:people", "mail channel-off channel:slack"]
    assert ("slack", "failed", 1) in office.states()
    (off,) = run(office.store.channels_off())
    assert (off.channel, off.reason) == ("slack", "it answered 404")
    office.clock.advance(2 * 86_400.0)
    office.minute()
    assert office.post.told[2:] == ["mail reminder dead:people"], "nothing is made for it"
    del office.post.wrong["slack"]
    done = asyncio.run(office.courier.test("slack"))
    assert done.state is DeliveryState.SENT
    assert run(office.store.channels_off()) == []


def test_messages_for_a_channel_that_is_off_or_undeclared_are_given_up(office: Office) -> None:
    asyncio.run(office.watch.look())
    run(office.store.turn_off(ChannelOff("slack", 1.0, "gone")))
    office.app = Crosstie([office.work.sync], alerts=Alerts([SLACK]))
    asyncio.run(office.courier.round())
    assert not office.post.taken
    told = {d.channel: d.error for d in run(office.store.deliveries(9))}
    assert told == {"slack": IS_OFF, "mail": NO_CHANNEL}


def test_a_test_that_does_not_arrive_is_kept_and_turns_nothing_on(office: Office) -> None:
    run(office.store.turn_off(ChannelOff("slack", 1.0, "gone")))
    office.post.wrong["slack"] = Retry("no answer")
    done = asyncio.run(office.courier.test("slack"))
    assert (done.state, done.error) == (DeliveryState.FAILED, "no answer")
    assert office.states() == [("slack", "failed", 1)]
    assert len(run(office.store.channels_off())) == 1
    with pytest.raises(Unknown, match="pager") as unknown:
        asyncio.run(office.courier.test("pager"))
    assert "slack, mail" in str(unknown.value.fix)


def test_figures_are_kept_by_the_minute_and_lost_by_no_trouble(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: object) -> None:
        raise Retry("locked")

    office.meter.settled("people", 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(office.store, "keep_rollups", locked)
        office.minute()
    assert run(office.store.rollups("minute", 0.0)) == []
    office.meter.settled("people", 3.0)
    office.minute()
    (kept,) = run(office.store.rollups("minute", 0.0))
    assert (kept.tally.settled, kept.tally.took.most) == (2, 3.0)


def test_a_state_in_trouble_ends_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(*_: object) -> None:
        raise Halt("the disk is full")

    for name in ("standing", "rollups", "due_deliveries"):
        monkeypatch.setattr(office.store, name, locked)
    office.minute()
    assert not office.post.taken


def test_a_slow_channel_keeps_a_single_run_waiting_for_a_moment_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        office.post.waits = asyncio.Event()
        await office.watch.at_the_end()

    monkeypatch.setattr(watch_module, "LAST", 0.01)
    asyncio.run(play())
    assert {state for _, state, _ in office.states()} == {"waiting"}


def beside(office: Office, play: Callable[[], Coroutine[Any, Any, None]]) -> list[Any]:
    """Run that while the watch goes on; what the event loop was told of."""
    told: list[Any] = []

    async def go() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        async with office.watch.beside():
            await play()

    asyncio.run(go())
    return told


async def until(true: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came")


def test_what_comes_to_a_stop_is_told_at_once(office: Office) -> None:
    async def play() -> None:
        await asyncio.sleep(0)
        office.watch.heed(Report(0, {}), ["people"])
        await asyncio.sleep(0)
        assert not office.post.taken, "nothing is news"
        await office.store.hold("people", "it would delete everything")
        office.watch.heed(Report(0, {}, held={"people": "why"}), ["people"])
        await until(lambda: len(office.post.taken) == 4)

    assert beside(office, play) == []
    assert "slack raised held:people" in office.post.told


def test_only_news_make_it_look_before_its_time(office: Office) -> None:
    bell = office.watch._bell
    held = Report(0, {}, held={"people": "why"})
    for report, syncs, rings in [
        (held, ["people"], True),
        (held, ["people"], False),
        (Report(0, {}), ["others"], False),
        (held, ["people"], False),
        (Report(0, {}), ["people"], False),
        (held, ["people"], True),
        (Report(0, {}, halted={"crm": Halt("no")}), ["people"], True),
        (Report(0, {}, halted={"crm": Halt("no")}), ["people"], False),
    ]:
        bell.clear()
        office.watch.heed(report, syncs)
        assert bell.is_set() is rings


def test_a_bug_in_looking_is_told_and_the_next_look_is_made(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = office.watch.look

    async def broken(*asked: Any) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise ZeroDivisionError
        await look(*asked)

    async def play() -> None:
        for number, name in enumerate(("one", "two"), 1):
            office.watch.heed(Report(0, {}, held={name: "why"}), [name])
            await until(lambda number=number: len(looks) == number)  # type: ignore[misc]
        await until(lambda: len(office.post.taken) == 2)

    monkeypatch.setattr(office.watch, "look", broken)
    (told,) = beside(office, play)
    assert isinstance(told["exception"], ZeroDivisionError)


def test_figures_so_far_are_kept_when_the_work_ends_and_its_error_goes_on(office: Office) -> None:
    async def play() -> None:
        office.meter.settled("people", 1.0)
        raise Retry("the work is over")

    with pytest.raises(Retry, match="over"):
        beside(office, play)
    assert len(run(office.store.rollups("minute", 0.0))) == 1


def test_a_person_mutes_and_unmutes_causes(office: Office) -> None:
    now = office.clock.now()
    run(mute(office.store, "dead", 60.0, now))
    office.minute()
    assert not office.post.taken
    status = run(listed(office.app.alerts, office.store, now))
    assert [a.cause for a in status.alerts] == ["dead:people"]
    assert [(c.name, c.kind, c.off) for c in status.channels] == [
        ("slack", "slack", None),
        ("mail", "mail", None),
    ]
    assert [m.cause for m in status.mutes] == ["dead"]
    assert run(listed(office.app.alerts, office.store, now + 61.0)).mutes == []
    run(unmute(office.store, "dead"))
    with pytest.raises(Unknown):
        run(unmute(office.store, "dead"))
    with pytest.raises(Misused, match="nonsense"):
        run(mute(office.store, "nonsense:people", 60.0, now))
    office.minute()
    assert len(office.post.taken) == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("5 min", 300), ("2h", 7_200), ("7d", 604_800)]
)
def test_a_length_of_time_is_read(text: str, seconds: float) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "-2h", "400d", "2h30", "1e3s"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(Misused):
        length(text)
