"""For all tests, on however many processes they are spread."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the end what tests recorded for it: `record_property("said", line)`."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, line in report.user_properties:
            if name == "said":
                terminalreporter.write_line(str(line))
