"""A person at the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

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
