"""Health, metrics, headers, errors: what is told, and what never is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from crosstie.core.errors import Misconfigured, Retry
from crosstie.service.serving import STUCK
from crosstie.testing.signed import signed
from crosstie.web import server
from crosstie.web.guard import HEADERS, HSTS, Guard
from crosstie.web.server import address, listen

from .conftest import SECRET, Door
from .test_webhook_route import play


def test_health_is_that_the_process_answers() -> None:
    async def story(door: Door) -> None:
        reply = await door.get("/healthz")
        assert (reply.status, reply.body) == (200, b'{"alive":true}')

    play(story)


def test_ready_is_who_works_or_stands_by(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(door: Door) -> None:
        serving: Any = door.serving
        clock = serving.clock

        async def ready() -> tuple[int, Any]:
            reply = await door.get("/readyz")
            return reply.status, json.loads(reply.body)

        assert (await ready())[0] == 503
        serving.engine = "working"
        assert await ready() == (
            200,
            {"ready": True, "state": "answers", "engine": "working", "last_turn_seconds": None},
        )
        serving.pulse.beat("people", clock.now())
        clock.advance(STUCK - 1.0)
        assert (await ready())[0] == 200
        clock.advance(1.0)
        assert (await ready())[0] == 503
        serving.waits("another worker")
        assert (await ready())[0] == 200

        async def away(*_: object) -> None:
            raise Retry("away")

        with monkeypatch.context() as patch:
            patch.setattr(serving.opened.store, "holder", away)
            status, told = await ready()
        assert (status, told["state"]) == (503, "does not answer")

    play(story)


def test_metrics_tell_figures_and_no_more() -> None:
    async def story(door: Door) -> None:
        await door.post(*signed(SECRET, id="1", kind="people", record="Ann-Person"))
        await door.post({}, b"", "secret-guess")
        assert b"turn_seconds" not in (await door.get("/metrics")).body
        door.serving.pulse.beat("people", door.serving.clock.now())
        reply = await door.get("/metrics")
        assert reply.headers["Content-Type"].startswith("text/plain")
        lines = reply.body.decode().splitlines()
        for line in (
            'crosstie_webhooks_total{endpoint="crm",outcome="kept"} 1.0',
            'crosstie_webhooks_total{endpoint="unknown",outcome="refused"} 1.0',
            'crosstie_inbox_waiting{endpoint="crm"} 1.0',
            'crosstie_inbox_oldest_seconds{endpoint="crm"} 0.0',
            'crosstie_inbox_failed{endpoint="crm"} 0.0',
            'crosstie_links_due{sync="people"} 0.0',
            'crosstie_calls_total{account="crm account"} 3.0',
            "crosstie_runs_total 0.0",
            "crosstie_engine_working 0.0",
            "crosstie_worker_turn_seconds 0.0",
        ):
            assert line in lines
        assert b"Ann" not in reply.body
        assert b"guess" not in reply.body

    play(story)


def test_metrics_of_a_state_that_is_away_are_not_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Retry("the database of Ann is away")

    async def story(door: Door) -> None:
        monkeypatch.setattr(door.serving.opened.store, "inbox", away)
        reply = await door.get("/metrics")
        assert reply.status == 503
        assert set(json.loads(reply.body)) == {"error", "request"}
        assert b"Ann" not in reply.body

    play(story)


@pytest.mark.parametrize(
    "path, status", [("/healthz", 200), ("/none", 404), ("/webhooks/crm", 405), ("/readyz", 503)]
)
def test_every_answer_has_the_headers_that_keep_browsers_from_harm(path: str, status: int) -> None:
    async def story(door: Door) -> None:
        reply = await door.get(path)
        assert reply.status == status
        for name, value in HEADERS:
            assert reply.headers[name.decode()] == value.decode()
        assert len(reply.headers["X-Request-Id"]) == 16
        assert "Server" not in reply.headers
        assert "Strict-Transport-Security" not in reply.headers

    play(story)


def test_an_error_says_its_name_and_the_request_and_the_log_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("Ann Person")

    async def story(door: Door) -> None:
        monkeypatch.setattr(door.serving, "ready", broken)
        reply = await door.get("/readyz")
        assert reply.status == 500
        told = json.loads(reply.body)
        assert told == {"error": "internal error", "request": reply.headers["X-Request-Id"]}
        [(event, facts)] = door.logged
        assert event == "request_failed"
        assert facts["kind"] == "ValueError"
        assert "broken" in str(facts["where"])
        assert "Ann" not in repr(door.logged)
        missing = json.loads((await door.get("/none")).body)
        assert missing["error"] == "not found"

    play(story)


def _call(app: Any, scope: dict[str, Any]) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(Guard(app, lambda *_: None, lambda: "id")(scope, receive, send))
    return sent


def test_over_tls_browsers_are_told_to_stay_there() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    [started] = _call(app, {"type": "http", "scheme": "https"})
    assert HSTS in started["headers"]


def test_what_is_no_request_is_let_through() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": scope["type"]})

    assert _call(app, {"type": "lifespan"}) == [{"type": "lifespan"}]


def test_an_answer_that_had_begun_is_broken_off() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise ValueError

    with pytest.raises(ValueError):
        _call(app, {"type": "http"})


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"cannot listen on 127.0.0.1 port {port}") as told:
            listen("127.0.0.1", port)
    assert told.value.fix is not None and "--port" in told.value.fix


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1", "x" * 300])
def test_a_host_that_is_not_ours_is_told_as_well(host: str) -> None:
    with pytest.raises(Misconfigured, match="cannot listen on"):
        listen(host, 0)


def test_an_address_is_written_as_browsers_read_it() -> None:
    with listen("::1", 0) as six:
        assert address(six) == f"http://[::1]:{six.getsockname()[1]}"


def test_a_server_that_ends_by_itself_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(self: object, sockets: object = None) -> None:
        return None

    monkeypatch.setattr(server._Server, "serve", ends)

    async def told() -> None:
        with listen("127.0.0.1", 0) as listening:
            await server.serve_until(lambda *_: None, listening, asyncio.Event())  # type: ignore[arg-type, return-value]

    asyncio.run(told())
