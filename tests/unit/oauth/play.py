"""Processes that share a log-in, stepped by hand: any of them may die at any of its awaits."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from types import coroutine
from typing import Any

import msgspec

from crosstie.connectors.asking import TIMEOUT
from crosstie.connectors.ghl.oauth import GhlOAuth, OAuthApp
from crosstie.connectors.oauth import Hold, Keeper, Office
from crosstie.core.errors import Halt, Retry
from crosstie.ports.credentials import Sealed
from crosstie.ports.http import Reply, Request
from crosstie.ports.oauth import Client, Grant
from crosstie.sandbox.ghl.clock import SandboxClock
from crosstie.sandbox.ghl.oauth_server import OAuthServer
from crosstie.sandbox.ghl.records import Token
from crosstie.sandbox.ghl.wire import Refusal
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.fakes import FakeClock

PLACE = ("loc1", "comp1")
_names = itertools.count()


@coroutine
def tick() -> Generator[None, None, None]:
    """The process can die here, and others go on meanwhile."""
    yield


class OpenVault:
    """Seals nothing: what is sealed is another test's subject."""

    def seal(self, account: str, plain: bytes) -> Sealed:
        return Sealed("none", plain.decode())

    def open(self, account: str, sealed: Sealed) -> bytes:
        return sealed.text.encode()


class Ticking:
    """A store of one process, with an await before and after each of its transactions.

    busy: asked before each; true: the state is locked for that moment.
    """

    def __init__(self, store: SqlStore, busy: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._busy = busy

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            await tick()
            if self._busy():
                raise Retry("the state is locked", counts=False)
            done = await method(*args, **kwargs)
            await tick()
            return done

        return call


@dataclass
class World:
    """The system, the state and the clock that all processes share."""

    store: SqlStore
    clock: FakeClock = field(default_factory=FakeClock)
    reconnect: bool = False
    lose: Callable[[], str] = lambda: ""
    """Asked at each call: `request` or `answer` gets lost, or neither."""
    name: str = field(default_factory=lambda: f"account {next(_names)}")
    calls: list[str] = field(default_factory=list)
    flying: dict[int, float] = field(default_factory=dict)
    """Calls under way -> when they time out."""
    together: int = 0
    """The most that were under way at the same moment."""

    def __post_init__(self) -> None:
        self.server = OAuthServer(SandboxClock(self.clock.now))
        self.tokens: dict[str, Token] = {}
        self.oauth = GhlOAuth(
            self.name,
            "http://localhost",
            OAuthApp("env:ID", "env:SECRET", reconnect=self.reconnect),
            PLACE[0],
        )
        code = self.server.approve("contacts.readonly", "", None)
        answer = self.server.exchange(self.tokens, PLACE, {"code": code})
        grant = self.oauth.read(answer, self.clock.now())
        assert grant is not None
        self.keep(grant)

    def keep(self, grant: Grant) -> None:
        """Somebody logged in."""
        there = run(self.store.credential(self.name))
        sealed = OpenVault().seal(self.name, msgspec.json.encode(grant))
        assert run(self.store.keep_credential(self.name, sealed, there.version if there else 0))

    @property
    def kept(self) -> Grant:
        credential = run(self.store.credential(self.name))
        assert credential is not None
        return msgspec.json.decode(credential.sealed.text, type=Grant)

    def good(self, access: str) -> bool:
        """The system takes that token."""
        token = self.tokens.get(access)
        return token is not None and (token.expires or 0) > self.clock.now() * 1000

    def process(self, busy: Callable[[], bool] = lambda: False) -> Keeper:
        """A process that begins."""
        hold = Hold()
        office = Office(
            self.oauth,
            Client("app-1", "secret"),
            Wire(self, hold),
            Ticking(self.store, busy),
            OpenVault(),
            self.clock.now,
            self.sleep,
            f"process {next(_names)}",
            hold,
        )
        return Keeper(office, self.name, self._nobody)

    async def sleep(self, seconds: float) -> None:
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            await tick()

    def answer(self, request: Request) -> Reply:
        """What the system does with a call."""
        form = dict(request.form or {})
        self.calls.append(request.path)
        try:
            if request.path == "/oauth/reconnect":
                return Reply(200, {}, self.server.reconnect("Location"))
            kind = form.get("grant_type")
            does = self.server.renew if kind == "refresh_token" else self.server.exchange
            return Reply(200, {}, does(self.tokens, PLACE, form))
        except Refusal as refusal:
            status, payload = refusal.answer()
            return Reply(status, {}, payload)

    def _nobody(self, name: str) -> Keeper:
        raise AssertionError(name)


class Wire:
    """The Http port of one process, which may be answered late or never."""

    def __init__(self, world: World, hold: Hold) -> None:
        self._world = world
        self._hold = hold

    async def send(self, request: Request) -> Reply:
        world = self._world
        if not self._hold(world.clock.now() + TIMEOUT):
            raise Retry("too late", counts=False)
        number, until = next(_names), world.clock.now() + TIMEOUT
        world.flying = {n: at for n, at in world.flying.items() if at > world.clock.now()}
        world.flying[number] = until
        world.together = max(world.together, len(world.flying))
        lost = world.lose()
        try:
            await tick()
            if lost == "request" or world.clock.now() >= until:
                raise Retry("no answer", unknown=True)
            reply = world.answer(request)
            await tick()
            if lost == "answer" or world.clock.now() >= until:
                raise Retry("no answer", unknown=True)
            return reply
        finally:
            world.flying.pop(number, None)


@dataclass
class Life:
    """One process at work: what came of it, once it did."""

    work: Coroutine[Any, Any, str]
    token: str | None = None
    halted: Halt | None = None
    later: Retry | None = None

    def step(self) -> bool:
        """To its next await. False: it has ended."""
        try:
            self.work.send(None)
        except StopIteration as done:
            self.token = done.value
        except Halt as halt:
            self.halted = halt
        except Retry as retry:
            self.later = retry
        else:
            return True
        return False

    def die(self) -> None:
        self.work.close()


def lived(world: World, keeper: Keeper | None = None) -> Life:
    """A process that nothing happens to; time passes while it waits."""
    life = Life((keeper or world.process()).current())
    while life.step():
        world.clock.advance(0.01)
    return life


def dice(seed: int) -> random.Random:
    return random.Random(seed)
