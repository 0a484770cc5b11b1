"""The keys that tokens are sealed with: where they lie, and which of them are none."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosstie.core.errors import Misconfigured
from crosstie.service.references import secret

LENGTH = 32
"""Bytes of a key: AES-256."""
_LEAST_DIFFERENT = 16
"""Of 32 bytes of chance about 30 are different; so few as this are met once in 10^14 keys."""
_MAKE = "make one with `crosstie auth new-key` and put it into"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that somebody drew."""

    id: str
    """By what it is known; tells nothing of it."""
    secret: bytes = field(repr=False)


def new_key() -> str:
    """A fresh key, as text."""
    return base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def keys_at(reference: str) -> Sequence[Key]:
    """The keys behind `env:NAME` or `file:/path`: the first one seals, the others open too.

    They stand there one after the other, with blanks, commas or line ends between. Raises
    Misconfigured, which never repeats them, where there is none, where one is no key of 32 bytes
    or was made up, and for a file that everybody may read.
    """
    try:
        text = secret(reference, "a key from `crosstie auth new-key`")
    except Misconfigured as wrong:
        raise Misconfigured(f"no key for the tokens: {wrong}", fix=_make(reference)) from None
    _private(reference)
    words = re.split(r"[\s,]+", text.strip())
    keys = [_key(word, number, reference) for number, word in enumerate(words, 1)]
    if len({key.id for key in keys}) != len(keys):
        raise Misconfigured(f"{reference} holds a key twice", fix="leave one of the two out")
    return keys


def _key(word: str, number: int, reference: str) -> Key:
    try:
        drawn = base64.b64decode(word.encode(), validate=True)
    except (binascii.Error, ValueError):
        drawn = b""
    if len(drawn) != LENGTH:
        raise Misconfigured(
            f"key {number} in {reference} is not 32 bytes in base64", fix=_make(reference)
        )
    if len(set(drawn)) < _LEAST_DIFFERENT or all(0x20 <= byte < 0x7F for byte in drawn):
        raise Misconfigured(
            f"key {number} in {reference} was made up, not drawn by chance", fix=_make(reference)
        )
    return Key(hashlib.sha256(b"crosstie key id\0" + drawn).hexdigest()[:12], drawn)


def _private(reference: str) -> None:
    kind, _, name = reference.partition(":")
    if kind != "file" or os.name != "posix":
        return
    if Path(name).stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise Misconfigured(
            f"everybody on this machine may read or write the file {name}, which holds the key",
            fix=f"`chmod 600 {name}`, and take a new key if others were here",
        )


def _make(reference: str) -> str:
    # Whoever wrote the key itself there must not find it in a log.
    known = reference.startswith(("env:", "file:"))
    return f"{_MAKE} {reference if known else 'a variable or file, named as `env:` or `file:`'}"
