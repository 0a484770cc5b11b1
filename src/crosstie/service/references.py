"""Secrets by reference: `env:NAME`, `file:/path`."""

from __future__ import annotations

import os
from pathlib import Path

from crosstie.core.errors import Misconfigured


def secret(reference: str, what: str) -> str:
    """What is behind the reference; never stands in an error. what: what belongs there.

    Raises Misconfigured where there is nothing, or where it is no reference.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        value = os.environ.get(name)
        if value:
            return value
        raise Misconfigured(
            f"the environment variable {name} is not set", fix=f"set {name} to {what}"
        )
    if kind == "file" and name:
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except OSError as wrong:
            raise Misconfigured(
                f"the file {name} cannot be read: {wrong.strerror}",
                fix=f"put {what} into it, readable for this user only",
            ) from wrong
        except UnicodeDecodeError:
            raise Misconfigured(
                f"the file {name} holds no text", fix=f"put {what} into it, as UTF-8"
            ) from None
    raise Misconfigured(
        "a secret is given as a reference, never as itself",
        fix="write `env:NAME` or `file:/path/to/secret`",
    )
