"""How the demonstration reads the figures of a running engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from crosstie.demo.engine import Engine, Figures

METRICS = """# HELP crosstie_webhooks_total Deliveries of webhooks, by what became of them.
crosstie_webhooks_total{endpoint="ghl",outcome="doubled"} 2.0
crosstie_webhooks_total{endpoint="ghl",outcome="kept"} 7.0
crosstie_webhooks_total{endpoint="ghl",outcome="refused"} 3.0
crosstie_webhooks_total{endpoint="unknown",outcome="refused"} 1.0
crosstie_inbox_waiting{endpoint="ghl"} 1.0
crosstie_inbox_failed{endpoint="ghl"} 64.0
crosstie_links_due{sync="contacts"} 2.0
crosstie_links_due{sync="trips"} 3.0
crosstie_calls_total{account="TripBuilder"} 20.0
crosstie_calls_total{account="GoHighLevel"} 22.0
crosstie_runs_total 128.0
"""


class Handler(BaseHTTPRequestHandler):
    """Tells these figures, and takes a webhook with the right header."""

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/metrics" else 404, METRICS.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        known = self.path == "/webhooks/ghl" and self.headers["Signature"] == "right"
        self._answer(200 if known else 401, b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Engine(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_its_figures_are_sums_over_endpoints_syncs_and_accounts(engine: Engine) -> None:
    found = engine.figures()
    assert found == Figures(kept=7, doubled=2, refused=4, calls=42, busy=6, runs=0)
    assert found.runs == 128


@pytest.mark.parametrize(("signature", "status"), [("right", 200), ("wrong", 401)])
def test_a_webhook_is_sent_and_its_answer_is_told(
    engine: Engine, signature: str, status: int
) -> None:
    assert engine.tell(b"{}", {"Signature": signature}) == status
