"""Parts of the product are replaced for as long as a `with` lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

Gone = AbstractContextManager[Any]


@contextmanager
def replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """(owner, name, value) for as long as it lasts."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def answering(value: Any) -> Callable[..., Any]:
    """A coroutine that does nothing and answers that."""

    async def nothing(*args: Any, **kwargs: Any) -> Any:
        return value

    return nothing
