"""Exit codes: the one place that turns errors and reports into them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstie.core.errors import CrosstieError
    from crosstie.engine.run import Report


class Code(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    """Some or all of it failed: dead letters arose."""
    USAGE = 2
    CONFIGURATION = 3
    LOGIN = 4
    """A token or scope is needed."""
    BUSY = 5
    """A system is busy or down, a database is locked, another engine works: try later."""
    CONFLICTS = 6
    """Done, but conflicts wait for a person."""
    BRAKE = 7
    DEGRADED = 8
    """`health`: it works, and not as it should."""
    UNHEALTHY = 9
    """`health`: something stands still."""
    CHANGES = 10
    """`plan --detailed-exitcode`: there is something to do."""
    INTERRUPTED = 130
    TERMINATED = 143


_BY_ERROR = {
    "usage": Code.USAGE,
    "misconfigured": Code.CONFIGURATION,
    "retry": Code.BUSY,
    "engaged": Code.BUSY,
    "fenced": Code.BUSY,
    "brake": Code.BRAKE,
}


def of_error(error: CrosstieError) -> Code:
    """The code for an error that ended a command."""
    if getattr(error, "login", False):
        return Code.LOGIN
    return _BY_ERROR.get(error.code, Code.FAILED)


def of_report(report: Report, conflicts: int) -> Code:
    """The code for a run, the worst first. conflicts: how many are open after it.

    What a person must do comes before what time may mend, and that before what is only told.
    """
    missed = [*report.halted.values(), *report.missed.values()]
    codes = {of_error(error) for error in missed}
    later = report.busy or missed or report.total("postponed")
    for applies, code in (
        (Code.LOGIN in codes, Code.LOGIN),
        (Code.FAILED in codes, Code.FAILED),
        (bool(report.held), Code.BRAKE),
        (report.total("dead") > 0, Code.FAILED),
        (bool(later) or report.total("waits_for_search") > 0, Code.BUSY),
        (conflicts > 0, Code.CONFLICTS),
    ):
        if applies:
            return code
    return Code.DONE
