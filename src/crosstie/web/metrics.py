"""`GET /metrics`: figures for Prometheus. Labels are names of the declaration, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from crosstie.core.values import Instant
from crosstie.ports import InboxFigures

if TYPE_CHECKING:
    from crosstie.service.serving import Measured, Serving


class Metrics:
    """What monitoring is told of a serving process."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def answer(self, request: Request) -> Response:
        """The figures as they are now; 503 while the state does not answer."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Families(list(families(self._serving, await self._serving.measured()))))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Families(Collector):
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Sequence[Metric]:
        return self._found


def families(serving: Serving, measured: Measured) -> Iterator[Metric]:
    """All of them, with their values."""
    now, turned = serving.clock.now(), serving.pulse.turned
    yield _counter(
        "crosstie_webhooks",
        "Deliveries of webhooks, by what became of them.",
        ("endpoint", "outcome"),
        sorted(serving.receiver.outcomes.items()),
    )
    for name, help_, values in _inbox(measured.inbox, now):
        yield _gauge(f"crosstie_inbox_{name}", help_, "endpoint", values)
    yield _gauge("crosstie_links_due", "Links that are due.", "sync", measured.due)
    calls = [((account,), number) for account, number in sorted(measured.calls.items())]
    yield _counter("crosstie_calls", "Calls to other systems.", ("account",), calls)
    for figure in measured.health:
        family = GaugeMetricFamily(f"crosstie_{figure.name}", figure.help, labels=figure.labels)
        for place, value in figure.values:
            family.add_metric(place, value)
        yield family
    turns = "Turns of the worker that looked or settled."
    yield _counter("crosstie_runs", turns, (), [((), serving.runs)])
    yield _counter("crosstie_writes", "Records written.", (), [((), serving.writes)])
    working = float(serving.engine == "working")
    yield _single("crosstie_engine_working", "1 while this process holds the lease.", working)
    if turned is not None:
        ago = max(0.0, now - turned)
        yield _single("crosstie_worker_turn_seconds", "Seconds since the worker came round.", ago)


def _inbox(
    inbox: Sequence[InboxFigures], now: Instant
) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Figures of all endpoints: name, help, values."""
    yield (
        "waiting",
        "Deliveries that nobody has worked on yet.",
        {each.endpoint: each.waiting for each in inbox},
    )
    yield (
        "oldest_seconds",
        "How long the oldest of them has waited.",
        {e.endpoint: 0.0 if e.oldest is None else max(0.0, now - e.oldest) for e in inbox},
    )
    yield (
        "failed",
        "Deliveries that could not be worked on.",
        {each.endpoint: each.failed for each in inbox},
    )
    yield (
        "last_received_seconds",
        "When the newest delivery was received, in seconds since 1970.",
        {each.endpoint: each.last for each in inbox},
    )


def _counter(
    name: str, help_: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> Metric:
    family = CounterMetricFamily(name, help_, labels=labels)
    for place, value in values:
        family.add_metric(place, value)
    return family


def _gauge(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=(label,))
    for place, value in sorted(values.items()):
        family.add_metric((place,), value)
    return family


def _single(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)
