"""Whatever is sent to log in, the stand-in answers with JSON and no failure of its own."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .client import Crm, send

PATHS = ("/oauth/token", "/oauth/reconnect", "/oauth/locationToken")
words = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=3)))
names = st.sampled_from(
    ["client_id", "client_secret", "clientKey", "clientSecret", "grant_type", "code",
     "refresh_token", "redirect_uri", "locationId", "companyId", "code_verifier"]
)  # fmt: skip
bodies = st.one_of(
    st.binary(max_size=40),
    st.dictionaries(names, words, max_size=6).map(lambda body: json.dumps(body).encode()),
)
kinds = st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain"])


@given(st.sampled_from(PATHS), bodies, kinds, st.booleans())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_body_is_answered_and_the_answer_is_json(
    crm: Crm, path: str, body: bytes, kind: str, known: bool
) -> None:
    if known and body.startswith(b"{"):
        said = crm.control("oauth")
        key: dict[str, Any] = {"client_id": said["client_id"], "clientKey": said["client_id"]}
        key |= dict.fromkeys(("client_secret", "clientSecret"), said["client_secret"])
        body = json.dumps({**json.loads(body), **key}).encode()
    reply = send(crm.hosted.url, "POST", path, body, {"Content-Type": kind})
    assert reply.status < 500
    assert "traceId" in reply.json
