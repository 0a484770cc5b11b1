"""An application with an empty database, and a person at its pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

# The example is a project of its own; its tests also run from the repository's root.
sys.path.insert(0, str(Path(__file__).parents[1]))

from people import Person

from tripbuilder import create_app
from tripbuilder.models import db
from tripbuilder.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        Settings(f"sqlite:///{tmp_path / 'trips.db'}", f"sqlite:///{tmp_path / 'state.db'}", "key")
    )
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def person(app: Flask) -> Person:
    return Person(app.test_client())
