"""The log of a service: one event a line, JSON where no person watches. Never a value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TextIO, TypeAlias

import structlog

Log: TypeAlias = Callable[[str, Mapping[str, object]], None]
"""Takes the name of what happened, and facts: ids, names and numbers, no value of a record."""


def log_to(file: TextIO | None = None) -> Log:
    """A log on that file, stderr without one: with the time in UTC, readable on a terminal."""
    out = sys.stderr if file is None else file
    person = out.isatty()
    last = structlog.dev.ConsoleRenderer() if person else structlog.processors.JSONRenderer()
    logger = structlog.wrap_logger(
        structlog.WriteLogger(out),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            last,
        ],
        wrapper_class=structlog.BoundLogger,
    )

    def log(event: str, facts: Mapping[str, object]) -> None:
        logger.info(event, **facts)

    return log
