"""The ways in which programs change rows. None of them knows that anybody watches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import django
from django.conf import settings
from sqlalchemy import Engine, create_engine, delete, event, insert, make_url, text, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool


class Base(DeclarativeBase):
    pass


class Trip(Base):
    __tablename__ = "trips"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    size: Mapped[int | None]
    guide: Mapped[int | None]


class Place:
    """A database, as another program sees it. Rows 1 to 3 are there, of guide 7."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind = kind
        self.url = url
        self.engine: Engine = create_engine(url, poolclass=NullPool)
        if kind == "sqlite":
            event.listen(self.engine, "connect", foreign_keys)

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def reset(self) -> None:
        rows = ", ".join(f"({n}, 'trip {n}', 0, 7)" for n in (1, 2, 3))
        self.run(
            "DELETE FROM trips",
            "DELETE FROM guides",
            "INSERT INTO guides VALUES (7, 'Ada')",
            f"INSERT INTO trips VALUES {rows}",
        )

    def close(self) -> None:
        self.engine.dispose()


def foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


Way = Callable[[Place], None]


def flush(place: Place) -> None:
    with Session(place.engine) as session:
        trip = session.get_one(Trip, 1)
        trip.name = "flushed"
        session.add(Trip(id=4, name="new"))
        session.delete(session.get_one(Trip, 2))
        session.commit()


def merge(place: Place) -> None:
    with Session(place.engine) as session:
        session.merge(Trip(id=1, name="merged"))
        session.commit()


def bulk_update(place: Place) -> None:
    with Session(place.engine) as session:
        session.bulk_update_mappings(Trip.__mapper__, [{"id": n, "size": 5} for n in (1, 2)])
        session.execute(update(Trip).where(Trip.id == 3).values(size=9))
        session.commit()


def bulk_insert(place: Place) -> None:
    with Session(place.engine) as session:
        session.bulk_insert_mappings(Trip.__mapper__, [{"id": n, "name": "b"} for n in (5, 6)])
        session.bulk_save_objects([Trip(id=7, name="c")])
        session.commit()


def core(place: Place) -> None:
    table = Trip.__table__
    with place.engine.begin() as connection:
        connection.execute(insert(table), [{"id": 8}, {"id": 9}])
        connection.execute(update(table).where(table.c.id == 1).values(size=2))
        connection.execute(delete(table).where(table.c.id == 2))


def raw(place: Place) -> None:
    place.run(
        "UPDATE trips SET size = size + 1", "INSERT INTO trips (id) SELECT id + 10 FROM trips"
    )


def key(place: Place) -> None:
    place.run("UPDATE trips SET id = 20 WHERE id = 1")


def upsert(place: Place) -> None:
    values = [{"id": 1, "name": "upserted"}, {"id": 30, "name": "new"}]
    with place.engine.begin() as connection:
        if place.kind == "mariadb":
            my = mysql.insert(Trip.__table__).values(values)
            connection.execute(my.on_duplicate_key_update(name=my.inserted.name))
            return
        made = (sqlite if place.kind == "sqlite" else postgresql).insert(Trip.__table__)
        made = made.values(values)
        connection.execute(
            made.on_conflict_do_update(index_elements=["id"], set_={"name": made.excluded.name})
        )


def replace(place: Place) -> None:
    place.run("REPLACE INTO trips (id, name) VALUES (1, 'replaced'), (31, 'new')")


def cascade(place: Place) -> None:
    place.run("DELETE FROM guides WHERE id = 7")


def truncate(place: Place) -> None:
    place.run("TRUNCATE TABLE trips")


def process(place: Place) -> None:
    code = (
        "import sys; from sqlalchemy import create_engine, text\n"
        "with create_engine(sys.argv[1]).begin() as connection:\n"
        "    connection.execute(text(\"UPDATE trips SET name = 'elsewhere' WHERE id = 1\"))"
    )
    subprocess.run([sys.executable, "-c", code, place.url], check=True)


def rolled_back(place: Place) -> None:
    """Two transactions, of which one changes its mind."""
    with place.engine.connect() as connection:
        connection.execute(text("UPDATE trips SET name = 'no' WHERE id = 2"))
        connection.rollback()
    place.run("UPDATE trips SET name = 'yes' WHERE id = 1")


# Django, with a model of the same table, saved through its ORM and its admin.

MODELS: dict[str, Any] = {}


def configured() -> None:
    if not settings.configured:
        import pymysql

        # Django asks for another driver of MySQL by name and version.
        pymysql.version_info = (2, 2, 7, "final", 0)
        pymysql.install_as_MySQLdb()
        settings.configure(
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
            USE_TZ=True,
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        )
        django.setup()


def django_model(place: Place) -> Any:
    url = make_url(place.url)
    engines = {"sqlite": "sqlite3", "postgresql": "postgresql", "mariadb": "mysql"}
    described = {
        "ENGINE": f"django.db.backends.{engines[place.kind]}",
        "NAME": url.database,
        "HOST": url.host or "",
        "PORT": url.port or "",
        "USER": url.username or "",
        "PASSWORD": url.password or "",
    }
    configured()
    from django.db import connections, models

    if not MODELS:

        class DjangoTrip(models.Model):
            id = models.IntegerField(primary_key=True)
            name = models.CharField(max_length=40, null=True)
            size = models.IntegerField(null=True)
            guide = models.IntegerField(null=True)

            class Meta:
                app_label = "auth"
                db_table = "trips"
                managed = False

        MODELS["trip"] = DjangoTrip
    connections.databases[place.kind] = connections.databases["default"] | described
    return MODELS["trip"].objects.using(place.kind)


def closed(work: Callable[[Any, Place], None]) -> Way:
    def way(place: Place) -> None:
        from django.db import connections

        objects = django_model(place)
        try:
            work(objects, place)
        finally:
            connections[place.kind].close()

    return way


@closed
def django_save(objects: Any, place: Place) -> None:
    trip = objects.get(id=1)
    trip.name = "saved"
    trip.save(using=place.kind)
    objects.get(id=2).delete()
    objects.create(id=40, name="created")


@closed
def django_update(objects: Any, place: Place) -> None:
    objects.filter(id__lte=2).update(size=4)
    objects.filter(id=3).delete()


@closed
def django_bulk(objects: Any, place: Place) -> None:
    objects.bulk_create([MODELS["trip"](id=41), MODELS["trip"](id=42)])
    trips = list(objects.filter(id__lte=2))
    for trip in trips:
        trip.size = 6
    objects.bulk_update(trips, ["size"])


@closed
def django_admin(objects: Any, place: Place) -> None:
    """What the admin's own action `delete selected` does with a selection."""
    from django.contrib.admin import AdminSite, ModelAdmin

    admin = ModelAdmin(MODELS["trip"], AdminSite())
    admin.delete_queryset(None, objects.filter(id__in=(1, 2)))
    trip = objects.get(id=3)
    trip.name = "by hand"
    admin.save_model(None, trip, None, change=True)


EVERYWHERE = ("sqlite", "postgresql", "mariadb")


def everywhere(way: Way) -> Mapping[str, Way]:
    return dict.fromkeys(EVERYWHERE, way)


WAYS: Mapping[str, Mapping[str, Way]] = {
    "SQLAlchemy session flush": everywhere(flush),
    "SQLAlchemy `merge`": everywhere(merge),
    "SQLAlchemy bulk update": everywhere(bulk_update),
    "SQLAlchemy bulk insert": everywhere(bulk_insert),
    "SQLAlchemy Core": everywhere(core),
    "raw SQL": everywhere(raw),
    "Django `save`, `delete`, `create`": everywhere(django_save),
    "Django `QuerySet.update`, `.delete`": everywhere(django_update),
    "Django `bulk_create`, `bulk_update`": everywhere(django_bulk),
    "Django admin, edit and action": everywhere(django_admin),
    "`INSERT ... ON CONFLICT`, `ON DUPLICATE KEY`": everywhere(upsert),
    "`REPLACE`": dict.fromkeys(("sqlite", "mariadb"), replace),
    "a changed key": everywhere(key),
    "beside a transaction that rolls back": everywhere(rolled_back),
    "another process": everywhere(process),
    "cascade of a foreign key": everywhere(cascade),
    "`TRUNCATE`": dict.fromkeys(("postgresql", "mariadb"), truncate),
}
"""What -> database -> the way, where that database has it."""
