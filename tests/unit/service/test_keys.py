"""Which keys are taken, and what is said of those that are not."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from crosstie.core.errors import Misconfigured
from crosstie.service.keys import keys_at, new_key

from .keys_env import KEYS, reference


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


WRONG = {
    "short": (b64(b"x" * 16), "not 32 bytes"),
    "long": (b64(b"x" * 48), "not 32 bytes"),
    "no base64": ("not-a-key", "not 32 bytes"),
    "no text": ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 44, "not 32 bytes"),
    "zeros": (b64(b"\0" * 32), "made up"),
    "counted": (b64(bytes(range(8)) * 4), "made up"),
    "a sentence": (b64(b"correct horse battery staple! 42"), "made up"),
    "twice": (f"{KEYS[0]} {KEYS[0]}", "twice"),
    "second is short": (f"{KEYS[0]},{b64(b'x')}", "key 2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_nobody_drew_by_chance_is_refused_and_never_repeated(name: str) -> None:
    text, told = WRONG[name]
    with pytest.raises(Misconfigured, match=told) as refused:
        keys_at(reference(text))
    shown = f"{refused.value} {refused.value.fix}"
    assert text not in shown
    assert refused.value.fix


@pytest.mark.parametrize("between", [" ", ",", "\n", ", \n"])
def test_keys_stand_one_after_the_other(between: str) -> None:
    found = keys_at(reference(between.join(KEYS)))
    assert [b64(key.secret) for key in found] == KEYS
    assert len({key.id for key in found}) == 3


def test_a_missing_key_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(Misconfigured, match="no key for the tokens") as refused:
        keys_at("env:NO_SUCH_KEY")
    assert "crosstie auth new-key" in str(refused.value.fix)


def test_a_key_in_place_of_a_reference_is_never_repeated() -> None:
    with pytest.raises(Misconfigured, match="no key for the tokens") as refused:
        keys_at(KEYS[0])
    assert KEYS[0] not in f"{refused.value} {refused.value.fix}"
    assert "crosstie auth new-key" in str(refused.value.fix)


def test_a_key_in_a_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(new_key())
    file.chmod(0o600)
    assert len(keys_at(f"file:{file}")) == 1
    for mode in (0o604, 0o602, 0o644):
        file.chmod(mode)
        with pytest.raises(Misconfigured, match="everybody") as refused:
            keys_at(f"file:{file}")
        assert "chmod 600" in str(refused.value.fix)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe\x00" * 20)
    file.chmod(0o600)
    with pytest.raises(Misconfigured, match="no key for the tokens"):
        keys_at(f"file:{file}")
