"""The table of exit codes."""

from __future__ import annotations

import pytest

from crosstie.cli.codes import Code, of_error, of_report
from crosstie.core.errors import (
    CrosstieError,
    Duplicate,
    Halt,
    Misconfigured,
    NotFound,
    Rejected,
    Retry,
    Stale,
)
from crosstie.engine.run import Report
from crosstie.service.asked import Braked, Misused, Unknown
from crosstie.service.lock import Engaged

LOGIN = Halt("no token", login=True)
FULL = Halt("the disk is full")
DOWN = Retry("no connection")

ERRORS = [
    (Misused("which?"), 2),
    (Misconfigured("no table"), 3),
    (LOGIN, 4),
    (DOWN, 5),
    (Engaged("another engine"), 5),
    (Braked("too much"), 7),
    (Unknown("nobody"), 1),
    (FULL, 1),
    (NotFound("gone"), 1),
    (Rejected("no"), 1),
    (Stale("moved"), 1),
    (Duplicate("twice", existing="1"), 1),
    (CrosstieError("anything"), 1),
]

REPORTS = [
    (Report(1, {}), 0, 0),
    (Report(1, {"a.created_left": 3, "a.waiting": 1}), 0, 0),
    (Report(1, {"a.created_left": 3}), 2, 6),
    (Report(1, {"a.dead": 1}), 0, 1),
    (Report(1, {"a.dead": 1}), 2, 1),
    (Report(1, {"a.dead": 1}, busy={"x": 5.0}), 2, 1),
    (Report(1, {"a.postponed": 1}), 2, 5),
    (Report(1, {"a.waits_for_search": 1}), 0, 5),
    (Report(1, {}, busy={"x": 5.0}), 0, 5),
    (Report(1, {}, missed={"a": DOWN}), 0, 5),
    (Report(1, {}, held={"a": "too much"}), 2, 7),
    (Report(1, {"a.dead": 1}, held={"a": "too much"}), 2, 7),
    (Report(1, {}, halted={"x": FULL}), 2, 1),
    (Report(1, {}, missed={"a": FULL}), 0, 1),
    (Report(1, {"a.dead": 1}, held={"a": "b"}, halted={"x": LOGIN}), 2, 4),
    (Report(1, {}, missed={"a": LOGIN}, busy={"x": 5.0}), 0, 4),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda x: type(x).__name__)
def test_an_error_has_one_code(error: CrosstieError, code: int) -> None:
    assert of_error(error) == code


@pytest.mark.parametrize(("report", "conflicts", "code"), REPORTS)
def test_a_report_has_the_code_of_the_worst_in_it(
    report: Report, conflicts: int, code: int
) -> None:
    assert of_report(report, conflicts) == code


def test_the_codes_are_the_documented_ones() -> None:
    assert {code.name: int(code) for code in Code} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "CONFIGURATION": 3,
        "LOGIN": 4,
        "BUSY": 5,
        "CONFLICTS": 6,
        "BRAKE": 7,
        "DEGRADED": 8,
        "UNHEALTHY": 9,
        "CHANGES": 10,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
