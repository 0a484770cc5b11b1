"""Progress off a terminal: a line every ten seconds, and no more."""

from __future__ import annotations

import pytest

from crosstie.cli.progress import Lines


def test_a_line_is_written_when_ten_seconds_have_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = iter([0.0, 1.0, 9.9, 10.0, 11.0, 25.0])
    tell = Lines("settling", lambda: next(moments))
    for _ in range(5):
        tell(100)
    assert capsys.readouterr().err.splitlines() == [
        "settling: 300 records after 10 s",
        "settling: 500 records after 25 s",
    ]
