"""Which `except` blocks no test has run: trouble that nobody ever saw handled."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NEEDLESS = "no cover"
"""On the line of an `except` that no test can reach, with the reason why."""


def never_run(files: Mapping[str, Mapping[str, Any]]) -> tuple[int, list[str]]:
    """How many handlers there are, and `path:line` of those that never ran.

    files: the `files` of coverage's JSON report.
    """
    total, missed = 0, []
    for path, file in sorted(files.items()):
        ran = set(file["executed_lines"])
        for line, body in _handlers(Path(path)):
            total += 1
            if not ran & body:
                missed.append(f"{path}:{line}")
    return total, missed


def _handlers(path: Path) -> Iterator[tuple[int, set[int]]]:
    """Line of each handler, and the lines of its body."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and NEEDLESS not in lines[node.lineno - 1]:
            yield node.lineno, {statement.lineno for statement in node.body}
