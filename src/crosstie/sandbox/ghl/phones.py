"""Phone numbers are stored as E.164, read with the country of the location."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=65536)
def e164(text: str, country: str) -> str | None:
    """`+` and digits for any usual way of writing a number; None if it is none.

    A possible number is enough: invented numbers (555…) are what a sandbox is fed with.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_country(code: str) -> bool:
    """Whether the two letters name a country."""
    return code.upper() in phonenumbers.SUPPORTED_REGIONS
