"""How to reach a person: phone numbers and e-mail addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crosstie.core.lens.base import TwoWay, Unmappable, folded
from crosstie.core.lens.text import check_empty, digits
from crosstie.core.values import Json

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_is_e164 = _E164.fullmatch
_LONGEST = 64
_NANP = re.compile(r"(?:\+?1[-. ]?)?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[-. ]?)"
                   r"([0-9]{3})[-. ]?([0-9]{4})")  # fmt: skip
_NANP_CODE = 1


@dataclass(frozen=True, slots=True)
class Phone(TwoWay):
    """A telephone number. Canonical: E.164, "+15551234567".

    National numbers are read in `region` (ISO 3166, two capitals). What already looks like E.164
    is taken as it is, without looking into it. An extension is not part of E.164 and not shown to
    the other side; it stays where it is until the number itself changes there. Local numbers
    without area code are refused: they would become somebody else's number.
    """

    region: str = "US"
    empty: str | None = None
    """How a number is cleared: None, or "" for a column that is NOT NULL."""
    _code: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_empty(self.empty)
        object.__setattr__(self, "_code", _country_code(self.region))

    @property
    def kind(self) -> str:
        return "phone"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is str:
            if _is_e164(raw):
                return raw
        elif type(raw) is int:
            raw = digits(raw)
        else:
            raise Unmappable(self._expected())
        text = raw.strip()
        if not text:
            return None
        if self._code == _NANP_CODE and (found := _NANP.fullmatch(text)):
            return "+1" + "".join(found.groups(""))
        return self._parsed(text)

    def _parsed(self, text: str) -> str:
        # Imported when the first number needs it: its tables cost every start of the command line
        # 20 ms, and E.164 and North American numbers, nearly all of a CRM, never come here.
        from phonenumbers import (
            NumberParseException,
            PhoneNumberFormat,
            ValidationResult,
            format_number,
            is_possible_number_with_reason,
            parse,
        )

        if len(text) > _LONGEST:
            raise Unmappable(self._expected())
        try:
            number = parse(text, self.region)
        except NumberParseException:
            raise Unmappable(self._expected()) from None
        canonical = format_number(number, PhoneNumberFormat.E164)
        possible = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
        if not possible or not _is_e164(canonical):
            raise Unmappable(self._expected())
        return canonical

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str or not _is_e164(value):
            raise Unmappable(self._expected())
        return value

    def cleared(self, was: Json) -> Json:
        return self.empty

    def _expected(self) -> str:
        return f"expected a telephone number like +15551234567, or a national one of {self.region}"


def _country_code(region: str) -> int:
    from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

    if region not in SUPPORTED_REGIONS:
        raise ValueError(
            f"unknown region {region!r}; fix: use the ISO 3166 code of two capitals of the country "
            "whose national numbers are meant, such as US, DE or GB"
        )
    return country_code_for_region(region)


@dataclass(frozen=True, slots=True)
class Email(TwoWay):
    """An e-mail address. Canonical: trimmed, all in small letters.

    Capitals in an address mean nothing in practice, and CRMs drop them; a side that keeps its
    capitals keeps them until the address changes.
    """

    empty: str | None = None
    """How an address is cleared: None, or "" for a column that is NOT NULL."""

    def __post_init__(self) -> None:
        check_empty(self.empty)

    @property
    def kind(self) -> str:
        return "email"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is not str:
            raise Unmappable(_ADDRESS)
        text = raw.strip().lower() if raw.isascii() else folded(raw)
        if not text:
            return None
        name, _, domain = text.partition("@")
        if not name or not domain or "@" in domain or " " in text:
            raise Unmappable(_ADDRESS)
        return text

    def raw_of(self, value: Json) -> Json:
        if self.get(value) != value:
            raise Unmappable(_ADDRESS)
        return value

    def cleared(self, was: Json) -> Json:
        return self.empty


_ADDRESS = "expected an e-mail address like name@example.org"
