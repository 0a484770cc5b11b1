"""Texts hold no values and no credentials."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.redact import scrub


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
