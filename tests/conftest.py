"""For all tests, on however many processes they are spread."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def uncounted() -> Iterator[None]:
    """For much of the same: it takes several times as long when each line run is counted.

    The marker of pytest-cov does not stop the counting in the processes that tests are spread over.
    """
    counting = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(counting)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the end what tests recorded for it: `record_property("said", line)`."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, line in report.user_properties:
            if name == "said":
                terminalreporter.write_line(str(line))
