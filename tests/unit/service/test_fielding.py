"""Which pairs of fields are proposed, and which are not."""

from __future__ import annotations

import pytest

import crosstie
from crosstie.service.fielding import FieldLine, proposals


def line(
    name: str,
    kind: str = "text",
    *,
    label: str | None = None,
    writable: bool = True,
    options: tuple[str, ...] = (),
) -> FieldLine:
    return FieldLine(name, kind, label, None, writable, False, options)


def test_names_that_only_look_a_little_alike_are_not_proposed() -> None:
    assert proposals([line("status"), line("rate")], [line("state"), line("source")]) == []


def test_a_field_that_cannot_be_written_is_never_proposed() -> None:
    created = line("createdAt", "datetime", writable=False)
    assert proposals([line("created_at", "datetime")], [created]) == []
    assert proposals([created], [line("created_at", "datetime")]) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("number", "datetime"),
        ("number", "number"),
        ("text", "integer"),
        ("integer", "boolean"),
        ("boolean", "text"),
        ("date", "datetime"),
        ("json", "text"),
        ("integer", "choices"),
    ],
)
def test_kinds_that_do_not_fit_are_never_proposed(left: str, right: str) -> None:
    assert proposals([line("level", left)], [line("level", right)]) == []


@pytest.mark.parametrize(
    ("left", "right", "lens"),
    [
        (line("email"), line("email"), "Email()"),
        (line("mobile"), line("phone", label="Mobile"), "Phone()"),
        (line("first_name"), line("firstName"), "Text()"),
        (line("born", "date"), line("contact.born", "date"), "Date()"),
        (line("seats", "integer"), line("contact.seats", "number"), "Integer()"),
        (line("fee", "number"), line("contact.fee", "money"), 'Money("USD", wire="number")'),
        (line("dnd", "boolean"), line("dnd", "boolean"), "Boolean()"),
        (line("tags", "json"), line("tags", "choices"), "Tags()"),
        (
            line("tags"),
            line("tags", "choices"),
            'left_lens=Tags(separator=","), right_lens=Tags()',
        ),
        (
            line("level"),
            line("contact.level", "choice", options=("Low", "High")),
            'EnumMap({"Low": "Low", "High": "High"})',
        ),
    ],
)
def test_a_proposal_stands_as_it_is_in_a_declaration(
    left: FieldLine, right: FieldLine, lens: str
) -> None:
    (proposal,) = proposals([left], [right])
    assert proposal.lens == f'field("{left.name}", "{right.name}", {lens})'
    made = eval(proposal.lens, {name: getattr(crosstie, name) for name in crosstie.__all__})
    assert (made.left, made.right) == (left.name, right.name)


def test_each_field_is_proposed_once_the_most_alike_first() -> None:
    found = proposals([line("city"), line("citys")], [line("city"), line("cities")])
    assert [(p.left, p.right) for p in found] == [("city", "city")]
