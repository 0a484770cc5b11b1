"""What is sealed opens where it was sealed, and nowhere else."""

from __future__ import annotations

import base64
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.core.errors import Misconfigured
from crosstie.ports.credentials import Sealed
from crosstie.service.keys import Key, keys_at, new_key
from crosstie.service.vault import NONCE, KeyVault

from .keys_env import KEYS, reference

anything = st.binary(max_size=200)
names = st.text(max_size=30)


def vault(*keys: str, tenant: str = "default") -> KeyVault:
    return KeyVault(reference(*keys), tenant)


@given(anything, names)
def test_what_was_sealed_opens(plain: bytes, account: str) -> None:
    made = vault(KEYS[0])
    sealed = made.seal(account, plain)
    assert vault(KEYS[0]).open(account, sealed) == plain
    assert made.seal(account, plain).text != sealed.text


@given(anything, st.data())
@settings(max_examples=50)
def test_no_bit_can_be_flipped(plain: bytes, data: st.DataObject) -> None:
    sealed = vault(KEYS[0]).seal("one", plain)
    raw = bytearray(base64.b64decode(sealed.text))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Misconfigured, match="not as they were sealed"):
        vault(KEYS[0]).open("one", Sealed(sealed.key, base64.b64encode(raw).decode()))


def test_no_bit_of_a_short_one_can_be_flipped() -> None:
    sealed = vault(KEYS[0]).seal("one", b"token")
    whole = base64.b64decode(sealed.text)
    for bit in range(len(whole) * 8):
        raw = bytearray(whole)
        raw[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Misconfigured):
            vault(KEYS[0]).open("one", Sealed(sealed.key, base64.b64encode(raw).decode()))


@given(names, names)
def test_a_row_in_another_rows_place_does_not_open(one: str, other: str) -> None:
    sealed = vault(KEYS[0]).seal(one, b"token")
    if one == other:
        assert vault(KEYS[0]).open(other, sealed) == b"token"
    else:
        with pytest.raises(Misconfigured):
            vault(KEYS[0]).open(other, sealed)


def test_another_tenants_row_does_not_open() -> None:
    sealed = vault(KEYS[0]).seal("one", b"token")
    with pytest.raises(Misconfigured):
        vault(KEYS[0], tenant="other").open("one", sealed)


def test_a_key_under_another_ones_name_does_not_open() -> None:
    first, second = (keys_at(reference(key))[0] for key in KEYS[:2])
    sealed = vault(KEYS[0]).seal("one", b"token")
    assert sealed.key == first.id
    with pytest.raises(Misconfigured, match="not as they were sealed"):
        vault(KEYS[1]).open("one", Sealed(second.id, sealed.text))
    with pytest.raises(Misconfigured, match="which is not in"):
        vault(KEYS[1]).open("one", sealed)


@pytest.mark.parametrize(
    "text", ["", "A", "!!!!", "AAAA", "é", base64.b64encode(b"x" * NONCE).decode()]
)
def test_what_is_no_sealed_text_is_refused(text: str) -> None:
    key = keys_at(reference(KEYS[0]))[0].id
    with pytest.raises(Misconfigured, match="not as they were sealed"):
        vault(KEYS[0]).open("one", Sealed(key, text))


def test_the_first_key_seals_and_all_open() -> None:
    old = vault(KEYS[0]).seal("one", b"old")
    both = vault(KEYS[1], KEYS[0])
    new = both.seal("one", b"new")
    assert new.key == both.writes == keys_at(reference(KEYS[1]))[0].id
    assert (both.open("one", old), both.open("one", new)) == (b"old", b"new")
    with pytest.raises(Misconfigured):
        vault(KEYS[0]).open("one", new)


def test_what_is_derived_depends_on_key_tenant_and_purpose() -> None:
    made = {
        vault(key, tenant=tenant).derived(purpose)
        for key in KEYS
        for tenant in ("a", "b")
        for purpose in ("a", "b", "tokens")
    }
    assert len(made) == len(KEYS) * 6


def test_nothing_secret_is_in_a_repr() -> None:
    key = Key("id", secrets.token_bytes(32))
    sealed = vault(KEYS[0]).seal("one", b"canary")
    assert repr(key) == "Key(id='id')"
    assert sealed.text not in repr(sealed)
    assert len(base64.b64decode(new_key())) == 32
