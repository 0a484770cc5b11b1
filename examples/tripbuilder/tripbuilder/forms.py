"""What a person typed -> values, and only the values that the person changed.

A form carries what each field showed when it was opened. A field that still says the same is left
alone, so that saving a form never takes back what arrived from the CRM while it was open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "textarea", "date", "number", "email", "tel", "select"]
Value = str | int | dt.date | None

WAS = "was-"


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form. `options`: what a select offers, as (value, words)."""

    name: str
    label: str
    kind: Kind = "text"
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    hint: str = ""

    def shown(self, value: Value) -> str:
        """A value as the form shows it."""
        return "" if value is None else str(value)

    def parsed(self, text: str) -> Value:
        """The value of what was typed. Raises ValueError in words for the person."""
        text = text.strip()
        if not text:
            if self.required:
                raise ValueError(f"{self.label} must not be empty.")
            return None
        match self.kind:
            case "date":
                return _day(self.label, text)
            case "number":
                return _count(self.label, text)
            case "email" if "@" not in text.strip("@"):
                raise ValueError(f"{self.label} must look like name@example.org.")
            case "select" if text not in dict(self.options):
                raise ValueError(f"{self.label} must be one of the list.")
            case _:
                return text


@dataclass(slots=True)
class Typed:
    """A form as it was sent."""

    values: dict[str, Value] = field(default_factory=dict)
    """What the person changed."""
    errors: dict[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """Everything as typed, to show the form again."""


def typed(inputs: Sequence[Input], form: Mapping[str, str]) -> Typed:
    """Read a form. A field that it lacks was not changed."""
    read = Typed(texts=form)
    for each in inputs:
        text = form.get(each.name)
        if text is None or _same(text, form.get(WAS + each.name)):
            continue
        try:
            read.values[each.name] = each.parsed(text)
        except ValueError as wrong:
            read.errors[each.name] = str(wrong)
    return read


def chosen(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Options of a select for these values."""
    return tuple((word, word.capitalize()) for word in words)


def _same(text: str, was: str | None) -> bool:
    # A browser sends the line ends of a text area as CR LF, whatever it was given.
    return was is not None and text.replace("\r\n", "\n") == was.replace("\r\n", "\n")


def _day(label: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{label} must be a day like 2026-01-31.") from None


def _count(label: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10_000:
        raise ValueError(f"{label} must be a whole number from 1 to 9999.")
    return int(text)
