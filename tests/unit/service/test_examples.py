"""A conflict says which answers fit it, as commands to type."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from crosstie.core.values import Side
from crosstie.ports import Conflict, ConflictKind
from crosstie.service.deciding import examples

BEGIN = "crosstie conflicts resolve 3"


@pytest.mark.parametrize(
    ("conflict", "answers"),
    [
        (
            Conflict(ConflictKind.EDIT, {"city": {}}),
            ["--take left", "--take right", "--field city --value TEXT"],
        ),
        (
            Conflict(ConflictKind.EDIT, {"city": {}, "name": {}}),
            ["--take left --field city", "--take right --field city", "--field city --value TEXT"],
        ),
        (Conflict(ConflictKind.DELETE, deleted=Side.LEFT), ["--take left", "--take right"]),
        (Conflict(ConflictKind.MATCH, candidates=("a", "b")), ["--pair a", "--keep-apart"]),
        (Conflict(ConflictKind.UNKNOWN), ["--pair ID", "--keep-apart"]),
    ],
)
def test_the_answers_that_fit_a_conflict(conflict: Conflict, answers: list[str]) -> None:
    assert [*examples(replace(conflict, id=3))] == [f"{BEGIN} {answer}" for answer in answers]
