"""The Http port over real connections: what every kind of bad answer turns into."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from crosstie.connectors import http as port
from crosstie.connectors.answers import Expired
from crosstie.connectors.http import AioHttp
from crosstie.core.budget import Learned, Urgency, Window
from crosstie.core.errors import (
    CrosstieError,
    Halt,
    Misconfigured,
    NotFound,
    Rejected,
    Retry,
    Stale,
)
from crosstie.ports import HttpAccount, Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = "pit-secret-0123456789"
GET = Request("GET", "/records/1", query={"email": "ann@trips.example"})
POST = Request("POST", "/records/", json={"name": "Ann"})
SEARCH = Request("POST", "/records/search", json={})
SCAN = Request("GET", "/records", urgency=Urgency.BACKFILL)


class Naps:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = 1_767_268_800.0
        self.naps: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.time += seconds


@contextlib.asynccontextmanager
async def served(handler: Handler, naps: Naps | None = None, **more: Any) -> AsyncIterator[AioHttp]:
    """A port to a server that answers everything in one way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = made(url, naps, **more)
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


def made(url: str, naps: Naps | None = None, token: str = TOKEN, **more: Any) -> AioHttp:
    account = HttpAccount("Acme", url, "env:ACME", more.pop("windows", ()), **more)
    clock = naps or Naps()
    return AioHttp(account, token, sleep=clock.sleep, now=clock.now)


def answering(status: int, body: str = "{}", **headers: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, headers=sent)

    return answer


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def outcome(handler: Handler, request: Request, **more: Any) -> CrosstieError:
    """The error that a call ends in."""

    async def work() -> CrosstieError:
        async with served(handler, **more) as client:
            with pytest.raises(CrosstieError) as caught:
                await client.send(request)
            return caught.value

    error = asyncio.run(work())
    assert TOKEN not in str(error) and "ann@" not in str(error)
    return error


def test_a_good_answer_comes_with_status_headers_and_json():
    async def work() -> None:
        seen: list[tuple[str, str, bytes]] = []

        async def answer(request: web.Request) -> web.Response:
            seen.append((request.raw_path, request.headers["Authorization"], await request.read()))
            return web.json_response({"id": 1}, status=201, headers={"X-Trace": "t"})

        async with served(answer) as client:
            reply = await client.send(POST)
            await client.send(Request("GET", "/a%2Fb", query={"number": "+1 2", "x": "a&b"}))
            await client.send(SEARCH)
            assert (reply.status, reply.json, reply.headers["x-trace"]) == (201, {"id": 1}, "t")
            calls = (client.calls.total, client.calls.reads, client.calls.writes)
        assert seen[0] == ("/records/", f"Bearer {TOKEN}", b'{"name":"Ann"}')
        assert seen[1][0] == "/a%2Fb?number=%2B1%202&x=a%26b"
        assert seen[2][2] == b"{}"
        assert calls == (3, 2, 1)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Expired),
        (402, Halt),
        (403, Halt),
        (404, NotFound),
        (409, Stale),
        (410, NotFound),
        (412, Stale),
        (418, Rejected),
        (422, Rejected),
        (302, Halt),
    ],
)
def test_each_status_means_what_the_table_says(status: int, kind: type[CrosstieError]):
    error = outcome(answering(status), POST)
    assert type(error) is kind
    assert str(error).startswith("Acme: POST /records/ answered")


@pytest.mark.parametrize(
    ("status", "unknown", "counts"),
    [
        (408, True, True),
        (425, False, True),
        (429, True, False),
        (500, True, True),
        (502, True, True),
        (503, True, False),
        (504, True, True),
    ],
)
def test_what_may_be_tried_again_says_whether_it_may_have_happened(
    status: int, unknown: bool, counts: bool
):
    error = outcome(answering(status, "<html>"), POST)
    assert isinstance(error, Retry)
    assert (error.unknown, error.counts) == (unknown, counts)
    read = outcome(answering(status), GET)
    assert isinstance(read, Retry) and not read.unknown


def test_html_with_a_success_is_no_success():
    error = outcome(answering(200, "<html>hello</html>"), POST)
    assert isinstance(error, Retry) and error.unknown
    assert str(error) == "Acme: POST /records/ answered 200 with HTML"
    read = outcome(answering(200, "{broken"), SEARCH)
    assert isinstance(read, Retry) and not read.unknown
    assert "broken JSON" in str(read)
    # Deeper than the reader goes.
    assert "broken JSON" in str(outcome(answering(200, "[" * 60_000), SEARCH))


def test_an_empty_success_has_no_json():
    async def work() -> None:
        async with served(answering(200, "")) as client:
            assert (await client.send(POST)).json is None

    asyncio.run(work())


def test_an_expected_status_is_an_answer():
    async def work() -> None:
        async with served(answering(404, '{"a":1}')) as client:
            reply = await client.send(Request("GET", "/x", expect=frozenset({404})))
            assert (reply.status, reply.json) == (404, {"a": 1})

    asyncio.run(work())


def test_the_account_explains_before_the_table_does():
    error = outcome(
        answering(400, '{"why":"x"}'), POST, explain=lambda reply, _: Stale(reply.json["why"])
    )
    assert isinstance(error, Stale) and str(error) == "x"


def test_a_lost_connection_is_unknown_for_a_write_and_not_repeated():
    calls = []

    async def answer(request: web.Request) -> web.Response:
        calls.append(request.method)
        return await hang_up(request)

    error = outcome(answer, Request("PUT", "/records/1", json={}))
    assert isinstance(error, Retry) and error.unknown and error.counts
    assert calls == ["PUT"]
    read = outcome(answer, GET)
    assert isinstance(read, Retry) and not read.unknown
    assert calls == ["PUT", "GET"]


def test_an_answer_cut_half_way_is_a_lost_connection():
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 100
        await response.prepare(request)
        await response.write(b"{")
        await hang_up(request)
        return response

    error = outcome(answer, POST)
    assert isinstance(error, Retry) and error.unknown


def test_no_answer_in_time_is_unknown_for_a_write():
    async def answer(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    error = outcome(answer, POST, timeout=0.05)
    assert isinstance(error, Retry) and error.unknown and error.counts
    assert "no answer within 0.05 seconds" in str(error)


def test_nobody_listening_is_no_fault_of_the_record():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client_port = taken.getsockname()[1]
        client = made(f"http://127.0.0.1:{client_port}/base")

        async def work() -> Retry:
            with pytest.raises(Retry) as caught:
                await client.send(POST)
            await client.close()
            return caught.value

        error = asyncio.run(work())
    assert not error.unknown and not error.counts
    assert f"POST /records/: no connection to http://127.0.0.1:{client_port} (" in str(error)
    assert error.fix and "base_url" in error.fix


@pytest.mark.parametrize("length_known", [True, False])
def test_an_endless_answer_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, length_known: bool
):
    monkeypatch.setattr(port, "LARGEST", 1_000)

    async def answer(request: web.Request) -> web.StreamResponse:
        if length_known:
            return web.Response(body=b"1" * 1_001)
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(b"1" * 1_001)
        return response

    error = outcome(answer, GET)
    assert isinstance(error, Retry) and "more than 1000 bytes" in str(error)


@pytest.mark.parametrize(
    ("header", "second"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 2026 12:00:07 GMT", 1.0),
        ("Thu, 01 Jan 2026 12:00:07 -0000", 1.0),
        ("soon", 20.0),
    ],
)
def test_a_429_pauses_the_whole_account_as_long_as_it_says(header: str, second: float):
    async def work() -> None:
        naps, waits = Naps(), []
        async with served(answering(429, Retry_After=header), naps) as client:
            for _ in range(2):
                with pytest.raises(Retry) as caught:
                    await client.send(GET)
                waits.append(caught.value.after)
        assert waits[1] == second
        assert naps.naps == waits[:1]
        assert waits[0] == (10.0 if header == "soon" else 7.0)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("request_", "unknown"),
    [
        (POST, True),
        (SEARCH, False),
        (GET, False),
        (Request("PUT", "/records/1", json={}), False),
        (Request("DELETE", "/records/1"), False),
    ],
)
def test_only_a_create_that_was_refused_for_the_rate_may_have_been_carried_out(
    request_: Request, unknown: bool
):
    error = outcome(answering(429), request_)
    assert isinstance(error, Retry)
    assert (error.unknown, error.counts) == (unknown, False)


def test_an_account_that_answers_with_503_only_is_left_alone():
    async def work() -> None:
        async with served(answering(503)) as client:
            for _ in range(20):
                with pytest.raises(Retry, match="answered 503"):
                    await client.send(GET)
            with pytest.raises(Retry, match="left alone for a while") as caught:
                await client.send(POST)
            assert client.calls.total == 20
            assert not caught.value.counts and not caught.value.unknown
            assert client.guard.inside == 0

    asyncio.run(work())


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
def test_an_account_that_refuses_is_in_good_health(status: int):
    async def work() -> None:
        async with served(answering(status, Retry_After="0")) as client:
            for _ in range(40):
                with pytest.raises(CrosstieError):
                    await client.send(GET)
            assert client.guard.breaker.closed

    asyncio.run(work())


def test_a_call_that_nobody_waits_for_any_more_gives_its_room_back():
    async def work() -> None:
        async def answer(request: web.Request) -> web.Response:
            await asyncio.Event().wait()
            return web.Response()

        async with served(answer) as client:
            call = asyncio.ensure_future(client.send(GET))
            while not client.guard.inside:
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert client.guard.inside == 0

    asyncio.run(work())


def test_a_429_that_says_nothing_pauses_for_the_shortest_window():
    error = outcome(answering(429), GET, windows=(Window(10.0, 5), Window(86_400.0, 50)))
    assert isinstance(error, Retry) and error.after == 10.0


def test_a_full_budget_makes_calls_wait():
    async def work() -> None:
        naps = Naps()
        async with served(answering(200), naps, windows=(Window(10.0, 2),)) as client:
            for _ in range(3):
                await client.send(GET)
        assert naps.naps == [10.25]

    asyncio.run(work())


def test_a_day_that_is_used_up_is_not_waited_for():
    async def work() -> None:
        naps = Naps()

        def learn(headers: Any, status: int) -> tuple[Learned, ...]:
            return (Learned(86_400.0, 100, int(headers["x-left"])),)

        async with served(
            answering(200, X_Left="0"), naps, windows=(Window(86_400.0, 100),), learn=learn
        ) as client:
            await client.send(GET)
            with pytest.raises(Retry) as caught:
                await client.send(POST)
            assert client.calls.total == 1
            assert client.state().windows[0].remaining == 0
        assert caught.value.after == 43_200.0
        assert not caught.value.counts and not caught.value.unknown
        assert naps.naps == []

    asyncio.run(work())


def test_backfill_waits_before_live_calls_do():
    async def work() -> None:
        naps = Naps()
        async with served(answering(200), naps, windows=(Window(10.0, 5),)) as client:
            for _ in range(4):
                await client.send(SCAN)
            await client.send(GET)
            assert naps.naps == []
            await client.send(SCAN)
        assert naps.naps == [10.25]

    asyncio.run(work())


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a.example", "http://a.example", "https://u:p@a.example", "https://a.example/?x=1"],
)
def test_an_address_that_cannot_be_right_is_refused(url: str):
    with pytest.raises(Misconfigured) as caught:
        made(url)
    assert caught.value.fix and "u:p" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://a.example/v1", "http://localhost:1", "http://[::1]:1"])
def test_good_addresses_are_taken(url: str):
    assert made(url).calls.total == 0


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "käse"])
def test_a_token_that_cannot_be_one_is_refused_by_its_reference(token: str):
    with pytest.raises(Misconfigured, match="env:ACME"):
        made("https://a.example", token=token)


def test_closing_twice_is_the_same_as_once_and_a_later_call_opens_anew():
    async def work() -> None:
        async with served(answering(200)) as client:
            await client.send(GET)
            await client.close()
            await client.close()
            await client.send(GET)

    asyncio.run(work())
