"""The first declaration of a new application, guessed from its tables. No screen in here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import inspect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from crosstie.connectors.sql.dialect import dialect_for
from crosstie.core.errors import Misconfigured

REMOTES = ("ghl",)
MODULE = "crosstie_app.py"
EXAMPLE = "contacts"
_EXAMPLES = ("first_name", "last_name", "email", "phone")
_UNSEEN = """# The database was not looked at: its address, the table and the columns are examples.
# Write your own here, or let `crosstie init --url ADDRESS` write this file from your database."""
IGNORED = ("crosstie.db", "crosstie.db-*", "crosstie.db.*", "plan.json")
_LIKELY = ("contact", "customer", "client", "people", "person", "lead", "guest", "user")
_KNOWN: Mapping[str, tuple[str, str]] = {
    "firstname": ("firstName", "Text()"),
    "lastname": ("lastName", "Text()"),
    "surname": ("lastName", "Text()"),
    "email": ("email", "Email()"),
    "emailaddress": ("email", "Email()"),
    "mail": ("email", "Email()"),
    "phone": ("phone", 'Phone(region="US")'),
    "phonenumber": ("phone", 'Phone(region="US")'),
    "mobile": ("phone", 'Phone(region="US")'),
    "address": ("address1", "Text()"),
    "street": ("address1", "Text()"),
    "city": ("city", "Text()"),
    "state": ("state", "Text()"),
    "zip": ("postalCode", "Text()"),
    "postalcode": ("postalCode", "Text()"),
    "postcode": ("postalCode", "Text()"),
    "website": ("website", "Text()"),
    "company": ("companyName", "Text()"),
    "companyname": ("companyName", "Text()"),
    "tags": ("tags", "Tags()"),
}
"""Plain column name -> field of a GoHighLevel contact, and its lens."""

_TEMPLATE = '''"""What Crosstie keeps in step. Begin with `crosstie check`, then `crosstie plan`."""

from crosstie import {names}
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

database = Database({url!r})
ghl = GoHighLevel(location="env:GHL_LOCATION", token="env:GHL_TOKEN"{base})

contacts = Sync(
    name="contacts",
    left=database.table({table!r}),
    right=ghl.contacts(),
    fields=[
{fields}
    ],
    match=[{match}],
)

app = Crosstie(syncs=[contacts])
'''


class Begun(msgspec.Struct, frozen=True):
    """Files of a new application, by their names."""

    written: Sequence[str]
    kept: Sequence[str]
    table: str
    mapped: Mapping[str, str]
    """Column -> field across."""
    looked: bool
    """The table and its columns were seen in the database; otherwise they are examples."""


@dataclass(frozen=True, slots=True)
class _Guess:
    table: str
    columns: Sequence[str]


def start(
    folder: Path,
    url: str | None,
    table: str | None,
    *,
    overwrite: bool,
    base_url: str | None = None,
) -> Begun:
    """Write the files that are not there yet. Never writes over a declaration unasked.

    A sketch that was written without a look at the database, and not edited since, is no
    declaration yet, and may be written over. base_url: of a stand-in of the remote system.

    Raises Misconfigured for a declaration that is there, and for a database without the table.
    """
    module = folder / MODULE
    if module.exists() and not overwrite and module.read_text("utf-8") != _sketch(None):
        raise Misconfigured(
            f"{module} is there already", fix="edit it, or write over it with `--force`"
        )
    guess = _Guess(table or EXAMPLE, _EXAMPLES) if url is None else _looked(url, table)
    mapped = _mapped(guess.columns)
    text = (
        _sketch(table, base_url)
        if url is None
        else _declaration(url, guess.table, mapped, base_url)
    )
    module.write_text(text, "utf-8")
    written, kept = [MODULE], list[str]()
    for name, done in (
        ("pyproject.toml", _name_it(folder / "pyproject.toml")),
        (".gitignore", _ignore(folder / ".gitignore")),
    ):
        (written if done else kept).append(name)
    fields = {c: field for c, (field, _) in mapped.items()}
    return Begun(written, kept, guess.table, fields, url is not None)


def _sketch(table: str | None, base_url: str | None = None) -> str:
    """The declaration for a database that nobody looked at."""
    text = _declaration("sqlite:///app.db", table or EXAMPLE, _mapped(_EXAMPLES), base_url)
    first, rest = text.split("\n", 1)
    return f"{first}\n\n{_UNSEEN}\n{rest.lstrip()}"


def _looked(url: str, table: str | None) -> _Guess:
    """The most likely table of the database, with its columns."""
    try:
        address = make_url(url)
        path = address.database
        if address.get_backend_name() == "sqlite" and (not path or not Path(path).is_file()):
            raise Misconfigured(f"there is no database {path!r}", fix="check the address in --url")
        engine = dialect_for(address).engine(address, busy_ms=1_000, foreign_keys=True)
        try:
            schema = inspect(engine)
            names = schema.get_table_names()
            chosen = table or _likely(names)
            if chosen not in names:
                raise Misconfigured(
                    f"the database has no table {chosen!r}",
                    fix=f"give `--table`, one of: {', '.join(names) or 'none is there'}",
                )
            return _Guess(chosen, [str(c["name"]) for c in schema.get_columns(chosen)])
        finally:
            engine.dispose()
    except ArgumentError:
        example = f"sqlite:///{url}" if Path(url).is_file() else "sqlite:///path/to/app.db"
        raise Misconfigured(
            "--url is not the address of a database", fix=f"write it like {example}"
        ) from None
    except SQLAlchemyError as wrong:
        raise Misconfigured(
            f"the database cannot be opened ({type(wrong).__name__})",
            fix="write its address like sqlite:///path/to/app.db",
        ) from None


def _likely(names: Sequence[str]) -> str:
    for word in _LIKELY:
        for name in names:
            if word in name.lower():
                return name
    return names[0] if names else "contacts"


def _mapped(columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Column -> (field, lens); each field once."""
    out: dict[str, tuple[str, str]] = {}
    for column in columns:
        known = _KNOWN.get(re.sub(r"[^a-z]", "", column.lower()))
        if known is not None and known[0] not in {field for field, _ in out.values()}:
            out[column] = known
    return out


def _declaration(
    url: str, table: str, mapped: Mapping[str, tuple[str, str]], base_url: str | None
) -> str:
    lines = [f'        field("{c}", "{f}", {lens}),' for c, (f, lens) in mapped.items()]
    keys = [c for c, (f, _) in mapped.items() if f in ("email", "phone")]
    hint = '        # field("column", "contact.key", Text()),  # see `crosstie fields contacts`'
    lenses = {lens.partition("(")[0] for _, lens in mapped.values()}
    return _TEMPLATE.format(
        names=", ".join([*sorted({"Crosstie", "Sync", "Text", *lenses}), "field"]),
        url=url,
        base="" if base_url is None else f", base_url={base_url!r}",
        table=table,
        fields="\n".join([*lines, hint]),
        match=", ".join(f'"{key}"' for key in keys),
    )


def _name_it(path: Path) -> bool:
    text = path.read_text("utf-8") if path.exists() else ""
    if "[tool.crosstie]" in text:
        return False
    gap = "\n" if text and not text.endswith("\n\n") else ""
    path.write_text(f'{text}{gap}[tool.crosstie]\napp = "crosstie_app:app"\n', "utf-8")
    return True


def _ignore(path: Path) -> bool:
    text = path.read_text("utf-8") if path.exists() else ""
    missing = [line for line in IGNORED if line not in text.splitlines()]
    if not missing:
        return False
    gap = "" if not text or text.endswith("\n") else "\n"
    path.write_text(f"{text}{gap}" + "\n".join(missing) + "\n", "utf-8")
    return True
