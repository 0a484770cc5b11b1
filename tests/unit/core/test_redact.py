"""Logs hold no values and no credentials."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.redact import mask, scrub, shape


def test_a_record_shows_its_shape_alone():
    fields = {"name": "Ann", "age": 4, "vip": True, "mail": "", "tags": ["a"], "x": {"y": 1}}
    assert shape(fields) == {
        "name": "text[3]",
        "age": "number",
        "vip": "boolean",
        "mail": "empty",
        "tags": "list[1]",
        "x": "object[1]",
    }


def test_credentials_are_recognised_by_their_looks():
    text = "Authorization: Bearer abc.def and pit-01234567-89ab ?access_token=zzz&x=1 eyJh.eyJi.c"
    clean = scrub(text)
    for secret in ("abc.def", "01234567", "zzz", "eyJh"):
        assert secret not in clean
    assert clean.endswith("&x=1 ***")


def test_ordinary_words_stay():
    text = "the token is not authorized for this scope"
    assert scrub(text) == text


@given(st.text(max_size=20), st.text(min_size=3, max_size=12), st.text(max_size=20))
def test_a_named_secret_is_never_left(before: str, secret: str, after: str):
    clean = scrub(before + secret + after, [secret])
    assert secret in "***" or secret not in clean.replace("***", "\0")


def test_of_two_secrets_the_longer_goes_first():
    assert scrub("abcdef", ["abc", "abcdef"]) == "***"


def test_a_masked_secret_tells_its_end_only_when_long():
    assert mask("short") == "***"
    assert mask("pit-0123456789abcdef") == "***ef"
