"""Keys for tests, behind references."""

from __future__ import annotations

import base64
import hashlib
import os

KEYS = [
    base64.b64encode(hashlib.sha256(f"key of a test {number}".encode()).digest()).decode()
    for number in range(3)
]


def reference(*keys: str) -> str:
    """A reference to these keys, the first one in front."""
    name = "CROSSTIE_TEST_" + hashlib.sha256(",".join(keys).encode()).hexdigest()[:12].upper()
    os.environ[name] = ",".join(keys)
    return f"env:{name}"
