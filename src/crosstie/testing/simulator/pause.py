"""Where a flow lets go of the thread: the scheduler decides there what happens next."""

from __future__ import annotations

from collections.abc import Generator

WRITES = ("create", "update", "delete")


class Pause:
    """Awaited, it hands its name to whoever steps the coroutine."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __await__(self) -> Generator[str, None, None]:
        yield self.name


class Violation(AssertionError):
    """A promise was broken. `rule` is its name, e.g. `I4`."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule
        self.text = text
