"""An application with an empty database, and a person at its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tripbuilder import create_app
from tripbuilder.models import db
from tripbuilder.settings import Settings

_INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Person:
    """Opens pages and sends their forms with the hidden fields they carry."""

    client: FlaskClient

    def open(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.text

    def send(self, path: str, form: Mapping[str, str], *, page: str | None = None) -> TestResponse:
        hidden = dict(_INPUT.findall(self.open(page or path)))
        return self.client.post(path, data={**hidden, **form})


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
