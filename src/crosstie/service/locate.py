"""Where the application is declared: `module:name`, as given or as pyproject.toml says."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from crosstie.core.errors import CrosstieError, Misconfigured
from crosstie.sync import Crosstie

_OURS = str(Path(__file__).resolve().parent.parent)
_EXAMPLE = 'write `[tool.crosstie]` with `app = "crosstie_app:app"`, or run `crosstie init`'


@dataclass(frozen=True, slots=True)
class Located:
    """An application that was found and loaded."""

    app: Crosstie
    named: str
    """`module:name`."""
    root: Path
    """The folder that its module and a relative state address are looked up from."""


def locate(named: str | None, start: Path) -> Located:
    """Load the application. `named` is `module:name`; None: what pyproject.toml above says.

    A relative address of the state counts from the folder of that pyproject.toml, or from `start`
    where the application was named. Raises Misconfigured, which tells the line of the user's file
    that raised an error while it was loaded.
    """
    root = start.resolve()
    if named is None:
        named, root = _declared(root)
    module_name, _, name = named.partition(":")
    if not module_name or not name:
        raise Misconfigured(
            f"{named!r} does not name an application",
            fix="name it as `module:name`, e.g. `crosstie_app:app`",
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    app = getattr(_loaded(module_name, root), name, None)
    if not isinstance(app, Crosstie):
        what = "has no" if app is None else f"has a {type(app).__name__} and no Crosstie called"
        raise Misconfigured(
            f"module {module_name!r} {what} {name!r}",
            fix=f"put `{name} = Crosstie(syncs=[...])` into it, or name another one",
        )
    return Located(replace(app, state=_anchored(app.state, root)), named, root)


def _declared(start: Path) -> tuple[str, Path]:
    """The nearest pyproject.toml upwards that names an application."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
            raise Misconfigured(f"{path} cannot be read: {wrong}", fix="correct it") from wrong
        section: Any = settings.get("tool", {}).get("crosstie")
        if section is None:
            continue
        named = section.get("app") if isinstance(section, dict) else None
        if not isinstance(named, str):
            raise Misconfigured(f"{path}: [tool.crosstie] names no app", fix=_EXAMPLE)
        return named, folder
    raise Misconfigured(
        "no application is named, and no pyproject.toml from here upwards has [tool.crosstie]",
        fix=f"{_EXAMPLE}, or give `--app module:name`",
    )


def _loaded(module_name: str, root: Path) -> ModuleType:
    try:
        return import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{module_name}.".startswith(f"{missing.name}."):
            raise Misconfigured(
                f"there is no module {module_name!r} in {root}",
                fix="name the module that declares the application, or run it from its folder",
            ) from missing
        raise _broken(missing) from missing
    # Whatever the user's own code raises: loading it is running it.
    except (Exception, SystemExit) as wrong:
        raise _broken(wrong) from wrong


def _broken(wrong: BaseException) -> Misconfigured:
    where = _where(wrong)
    fix = wrong.fix if isinstance(wrong, CrosstieError) else None
    text = str(wrong) or type(wrong).__name__
    if isinstance(wrong, SyntaxError):
        text = wrong.msg
    if fix is None and "; fix: " in text:
        text, _, fix = text.partition("; fix: ")
    kind = "" if isinstance(wrong, CrosstieError) or fix else f"{type(wrong).__name__}: "
    if text == type(wrong).__name__:
        kind = ""
    return Misconfigured(f"{where}: {kind}{text}", fix=fix or "correct that line")


def _where(wrong: BaseException) -> str:
    """File and line of the user's code that raised it."""
    if isinstance(wrong, SyntaxError) and wrong.filename:
        return f"{wrong.filename}, line {wrong.lineno}"
    frames = [
        frame
        for frame in extract_tb(wrong.__traceback__)
        if not frame.filename.startswith((_OURS, "<"))
    ]
    own = [f for f in frames if "site-packages" not in f.filename and "importlib" not in f.filename]
    if not own:
        return "the application"
    return f"{own[-1].filename}, line {own[-1].lineno}"


def _anchored(state: str, root: Path) -> str:
    prefix = "sqlite:///"
    path = state.removeprefix(prefix)
    if not state.startswith(prefix) or not path or path == ":memory:" or Path(path).is_absolute():
        return state
    return f"{prefix}{root / path}"
