"""Every shipped two-way lens with raw values it may meet and canonical values of its range."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crosstie.core.lens import (
    Boolean,
    Date,
    DateTime,
    Email,
    EnumMap,
    Integer,
    JsonValue,
    Lens,
    Money,
    Phone,
    Reference,
    StringList,
    Tags,
    Text,
)

ODD_TEXTS = (
    "",
    "   ",
    "\u00a0x\u2003",
    "שלום עולם",
    "\u202eabc\u202c",
    "👩\u200d👩\u200d👧 trip",
    "e\u0301cole",
    "\u0301alone",
    "İstanbul ẞtraße ŉ ǰ \u0345",
    "ﬁne",
    "x" * 2000,
    "é " * 1000,
    "tab\tand\nline",
    "nul\x00inside",
    "\ud800",
    "Null",
    "{}",
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(ODD_TEXTS),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)

BLANKS = st.sampled_from(("", " ", "\t", "\u00a0"))
CLEAN = st.text(st.characters(codec="utf-8"), max_size=40).map(
    lambda text: unicodedata.normalize("NFC", text).strip()
)
WORDS = CLEAN.filter(bool)


def padded(values: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.builds(lambda before, value, after: before + value + after, BLANKS, values, BLANKS)


def fold(text: str) -> str:
    return Tags().get([text])[0]


FOLDED = WORDS.filter(lambda text: Tags().get([text])).map(fold)

NUMBERS = st.integers(-(2**63), 2**63 - 1)
MINOR = st.one_of(st.integers(-(10**6), 10**6), st.integers(-(10**14), 10**14))


def amount(minor: int, digits: int) -> str:
    if digits == 0:
        return str(minor)
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{rest:0{digits}d}"


def amounts(digits: int) -> SearchStrategy[str]:
    return MINOR.map(lambda minor: amount(minor, digits))


DAYS = st.one_of(st.dates(), st.dates(date(1960, 1, 1), date(2080, 1, 1)))
RAW_DAYS = st.one_of(
    DAYS.map(str),
    DAYS.map(lambda day: f"{day}T00:00:00.000Z"),
    DAYS.map(lambda day: day.strftime("%d.%m.%Y")),
    DAYS.map(lambda day: f"{day.day}.{day.month}.{day.year:04d}"),
    st.integers(-(10**5), 10**6).map(lambda days: days * 86_400_000),
    st.integers(-(10**16), 10**16),
)

# Clocks in Berlin went forward on 2026-03-29 and back on 2026-10-25, both at 01:00 UTC.
NEAR_SWITCHES = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from(("2026-03-29T01:00", "2026-10-25T01:00")).map(datetime.fromisoformat),
    st.integers(-7200, 7200),
)
MOMENTS = st.one_of(
    NEAR_SWITCHES,
    st.datetimes(datetime.fromisoformat("1800-01-01"), datetime.fromisoformat("9998-01-01")),
)
INSTANTS = MOMENTS.map(lambda moment: moment.isoformat() + "Z")
RAW_MOMENTS = st.one_of(
    MOMENTS.map(lambda moment: moment.isoformat()),
    MOMENTS.map(lambda moment: moment.isoformat(" ")),
    MOMENTS.map(lambda moment: moment.isoformat() + "+05:30"),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    MOMENTS.map(lambda moment: int(moment.replace(tzinfo=UTC).timestamp() * 1000)),
    st.integers(),
)


def comes_once(instant: str) -> bool:
    """Whether local time in Berlin, without offset, names this instant."""
    return DateTime("Europe/Berlin").get(naive(instant)) == instant


def naive(instant: str) -> str:
    return DateTime("Europe/Berlin", render="offset").put(instant, None)[:-6]


E164 = st.integers(10**6, 10**15 - 1).map(lambda number: f"+{number}")
NATIONAL = st.sampled_from(
    (
        "(555) 123-4567",
        "555.123.4567",
        "1 555 123 4567",
        "+1 (212) 555-0123",
        "tel:+49-30-901820",
        "0171 1234567",
        "+44 20 7946 0018",
        "020 7946 0018",
        "0033 1 70 18 99 00",
        "٠١٧١١٢٣٤٥٦٧",
        "555 123 4567 ext. 12",
    )
)
RAW_PHONES = st.one_of(E164, NATIONAL, padded(NATIONAL), st.from_regex(r"[-+0-9() ]{0,20}"))

ADDRESSES = st.builds(
    lambda name, domain: f"{name}@{domain}",
    st.from_regex(r"[A-Za-z0-9._+üÉß-]{1,20}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9-]{1,10}(\.[A-Za-zäß]{2,5}){1,2}", fullmatch=True),
)

STATUS = EnumMap({"draft": "New", "open": "New", "done": "Won"}, back={"New": "open"})
LENIENT = EnumMap({"draft": "New", "done": "Won"}, default="draft")
NAMES = st.sampled_from(("draft", "open", "done", "New", "Won", " Won ", "weird", ""))

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4),
    ),
    max_leaves=8,
)


def separable(values: SearchStrategy[str]) -> SearchStrategy[str]:
    return values.map(lambda text: text.replace(",", "").strip()).filter(bool)


def tag_sets(words: SearchStrategy[str]) -> SearchStrategy[list[str]]:
    return st.lists(words, min_size=1, max_size=5, unique=True).map(sorted)


def ordered(words: SearchStrategy[str]) -> SearchStrategy[list[str]]:
    return st.lists(words, min_size=1, max_size=5)


LISTS = st.lists(st.one_of(padded(CLEAN), st.none(), st.integers()), max_size=5)
LIST_TEXTS = st.one_of(LISTS, st.text(",;ab ", max_size=12), st.just('["b", "a", null]'))


@dataclass(frozen=True)
class Case:
    """A lens, raw values (also such as it refuses) and canonical values it must take."""

    name: str
    lens: Lens
    raws: SearchStrategy[object]
    values: SearchStrategy[object]


CASES = [
    Case("text", Text(), padded(CLEAN), WORDS),
    Case("text untrimmed", Text(trim=False), padded(CLEAN), WORDS.map(lambda text: f" {text} ")),
    Case("text not null", Text(empty=""), padded(CLEAN), WORDS),
    Case("reference", Reference("trips"), padded(CLEAN), WORDS),
    Case(
        "reference number",
        Reference("trips", wire="number"),
        st.integers(),
        st.integers(0, 10**18 - 1).map(str),
    ),
    Case("integer", Integer(), st.one_of(NUMBERS, NUMBERS.map(str)), NUMBERS),
    Case("integer text", Integer(wire="text"), NUMBERS.map(lambda n: f" {n}.0"), NUMBERS),
    Case("euro text", Money("EUR"), amounts(2), amounts(2)),
    Case("euro number", Money("EUR", wire="number"), st.floats(-1e6, 1e6), amounts(2)),
    Case("euro minor", Money("EUR", wire="minor"), MINOR, amounts(2)),
    Case("yen", Money("JPY", wire="number"), MINOR, amounts(0)),
    Case("dinar", Money("KWD", wire="minor"), MINOR, amounts(3)),
    Case("date", Date(), RAW_DAYS, DAYS.map(str)),
    Case("date dotted", Date("%d.%m.%Y"), RAW_DAYS, DAYS.map(str)),
    Case("date packed", Date("%Y%m%d"), RAW_DAYS, DAYS.map(str)),
    Case("date at midnight", Date("%Y-%m-%dT00:00:00.000Z"), RAW_DAYS, DAYS.map(str)),
    Case("datetime utc", DateTime(), RAW_MOMENTS, INSTANTS),
    Case("datetime offset", DateTime("Europe/Berlin", render="offset"), RAW_MOMENTS, INSTANTS),
    Case(
        "datetime naive",
        DateTime("Europe/Berlin", render="naive"),
        RAW_MOMENTS,
        INSTANTS.filter(comes_once),
    ),
    Case("boolean", Boolean(), JUNK, st.booleans()),
    Case("boolean words", Boolean("Ja", "Nein"), st.sampled_from(("ja", "NEIN", 1, 0.0, "f", "x")),
         st.booleans()),
    Case("boolean reversed", Boolean(0, 1), st.sampled_from((0, 1, True, "1", "no")),
         st.booleans()),
    Case("phone us", Phone(), RAW_PHONES, E164),
    Case("phone de", Phone("DE"), RAW_PHONES, E164),
    Case("phone gb", Phone("GB", empty=""), RAW_PHONES, E164),
    Case("email", Email(), padded(ADDRESSES), ADDRESSES.map(Email().get)),
    Case("enum right", STATUS, NAMES, st.sampled_from(("open", "done"))),
    Case("enum left", STATUS.sides()[0], NAMES, st.sampled_from(("open", "done"))),
    Case("enum with default", LENIENT, NAMES, st.sampled_from(("draft", "done"))),
    Case("enum left default", LENIENT.sides()[0], NAMES, st.sampled_from(("draft", "done"))),
    Case("tags", Tags(), LIST_TEXTS, tag_sets(FOLDED)),
    Case("tags text", Tags(","), LIST_TEXTS, tag_sets(separable(FOLDED))),
    Case("tags json", Tags(text=True), LIST_TEXTS, tag_sets(FOLDED)),
    Case("list", StringList(), LIST_TEXTS, ordered(WORDS)),
    Case("list text", StringList(", "), LIST_TEXTS, ordered(separable(WORDS))),
    Case("list json", StringList(text=True), LIST_TEXTS, ordered(WORDS)),
    Case("json", JsonValue(), JSON, JSON.map(JsonValue().get)),
    Case("json text", JsonValue(text=True), st.one_of(JSON, st.just('{"b": 1.0, "a": null}')),
         JSON.map(JsonValue().get)),
]  # fmt: skip
