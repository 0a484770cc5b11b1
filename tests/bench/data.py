"""Contacts of 12 fields, about 360 bytes of JSON each; the same for the same seed.

Standard library only: the peers read it in an environment without Crosstie.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, TypeAlias

Contact: TypeAlias = dict[str, Any]

FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "street",
    "city",
    "region",
    "postal_code",
    "birthday",
    "tags",
    "score",
)
KEY = "email"
SEED = 20_260_101

_FIRST = ("Amelia", "Bogdan", "Chloë", "Dmitri", "Elena", "Farid", "Grace", "Hiroshi", "Inés")
_LAST = ("Abernathy", "Bianchi", "Castillo", "Dubois", "Eriksen", "Fitzgerald", "Grünwald", "Hall")
_TRADES = ("Travel", "Cooling", "Physiotherapy", "Rentals", "Plumbing", "Landscaping", "Catering")
_FORMS = ("Partners", "and Sons", "International", "Collective", "Holding")
_STREETS = ("Maple Avenue", "Old Mill Road", "Station Street", "Harbour View", "Church Lane")
_CITIES = ("Austin", "Portland", "Savannah", "Santa Fe", "Milwaukee", "Providence", "Tulsa")
_REGIONS = ("TX", "OR", "GA", "NM", "WI", "RI", "OK")
_TAGS = ("customer", "newsletter", "vip", "lead", "partner", "renewal 2026", "do not call")
_DAY = date(1950, 1, 1)


def contact(number: int, seed: int = SEED) -> Contact:
    """Contact `number`: no other one has its e-mail or phone."""
    chance = int.from_bytes(blake2b(b"%d.%d" % (seed, number)).digest(), "big")

    def draw(sides: int) -> int:
        nonlocal chance
        chance, drawn = divmod(chance, sides)
        return drawn

    first, last = _FIRST[draw(len(_FIRST))], _LAST[draw(len(_LAST))]
    place, tag = draw(len(_CITIES)), draw(len(_TAGS))
    trade, form = _TRADES[draw(len(_TRADES))], _FORMS[draw(len(_FORMS))]
    street, suite, floor = _STREETS[draw(len(_STREETS))], draw(400), draw(30)
    mailbox = f"{first}.{last}".encode("ascii", "ignore").decode().lower()
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{draw(10**6):06d}.{mailbox}{number}@mail.example.org",
        "phone": f"+1512{2_000_000 + number:07d}",
        "company": f"{last} {trade} {form} No. {draw(9_000)}",
        "street": f"{draw(9_900) + 100} {street}, Suite {suite}, Floor {floor}",
        "city": _CITIES[place],
        "region": _REGIONS[place],
        "postal_code": f"{draw(90_000) + 10_000}",
        "birthday": (_DAY + timedelta(draw(20_000))).isoformat(),
        "tags": sorted({_TAGS[tag], _TAGS[tag - 2], _TAGS[tag - 3]}),
        "score": draw(10_000),
    }


def order_of_right(count: int, seed: int = SEED) -> list[int]:
    """The right system has the same contacts in another order: their numbers in that order."""
    numbers = list(range(count))
    random.Random(seed + 1).shuffle(numbers)
    return numbers


def encoded(contact: Contact) -> bytes:
    """JSON as a system would send it."""
    return json.dumps(contact, ensure_ascii=False, separators=(",", ":")).encode()
