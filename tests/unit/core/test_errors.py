"""Errors say what to do next."""

from __future__ import annotations

import pytest

from crosstie.core.errors import (
    CrosstieError,
    Duplicate,
    Fenced,
    Halt,
    Misconfigured,
    NotFound,
    Rejected,
    Retry,
    Stale,
    SyncError,
    Unlinked,
)
from crosstie.core.values import Side


def test_every_error_has_a_code_of_its_own() -> None:
    kinds: list[type[CrosstieError]] = [
        Retry, Stale, NotFound, Rejected, Duplicate, Halt, Unlinked, Fenced,
        Misconfigured,
    ]  # fmt: skip
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    "error",
    [
        Retry("m", fix="f"),
        Stale("m", fix="f"),
        NotFound("m", fix="f"),
        Rejected("m", fix="f"),
        Duplicate("m", existing="7", fix="f"),
        Halt("m", fix="f"),
        Fenced("m", fix="f"),
        Misconfigured("m", fix="f"),
    ],
)
def test_every_error_carries_its_text_and_its_fix(error: CrosstieError) -> None:
    assert (str(error), error.fix) == ("m", "f")


def test_what_a_connector_raises_has_no_side_and_no_marks_until_the_engine_adds_them() -> None:
    assert issubclass(Duplicate, Rejected)
    for kind in (Retry, Stale, NotFound, Rejected, Halt, Unlinked):
        assert issubclass(kind, SyncError)
        assert (kind.side, kind.marks) == (None, None)


def test_a_retry_is_a_failed_attempt_with_a_known_outcome_unless_it_says_otherwise() -> None:
    error = Retry("later")
    assert (error.after, error.unknown, error.counts) == (None, False, True)


def test_an_unlinked_reference_names_the_parent_and_not_its_values() -> None:
    error = Unlinked("contacts", Side.LEFT, "17")
    assert (error.sync, error.parent_side, error.record_id) == ("contacts", Side.LEFT, "17")
    assert str(error) == "waits for the left record of sync 'contacts' that it refers to"
    assert error.fix is None


def test_a_halt_says_whether_it_is_about_logging_in() -> None:
    assert not Halt("scope").login
    assert Halt("token", login=True).login


def test_whoever_was_taken_over_from_is_stopped_by_no_handler_of_accounts_and_records() -> None:
    assert not issubclass(Fenced, SyncError)
