"""Ids as GoHighLevel makes them, and the same ones in every run where a test wants that."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A source of ids. The n-th id of a seed is always the same one; None: of no two sources."""

    __slots__ = ("_random", "_traces")

    def __init__(self, seed: int | None = 1) -> None:
        self._random = random.Random(seed)
        self._traces = 0

    def record(self) -> str:
        """20 letters and digits: contacts, opportunities, fields, tags, pipelines."""
        return "".join(self._random.choices(_ALPHABET, k=20))

    def uuid(self) -> str:
        """A UUID-shaped id: pipeline stages."""
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def hex(self) -> str:
        """24 hexadecimal digits: businesses."""
        return f"{self._random.getrandbits(96):024x}"

    def trace(self) -> str:
        """The id that every JSON answer carries."""
        self._traces += 1
        return f"{self._traces:08x}-5a9d-4b0c-8e1f-0000c0ffee00"
