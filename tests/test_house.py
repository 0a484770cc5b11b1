"""The house rules that no other tool checks: sizes, leftovers, documents that tell the truth."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from crosstie.cli import main

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "crosstie"
LONGEST_FILE = 300
LONGEST_TEST_FILE = 500
LONGEST_FUNCTION = 40
LEFTOVERS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
WRITTEN = (".py", ".md", ".toml", ".html", ".css", ".js")
MAP_LINE = re.compile(r"^\s*[-*] `([^`]+)`", re.MULTILINE)
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def files(*folders: str, ending: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    """Files of the project, without what was generated or cached."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            hidden = any(
                part.startswith((".", "__pycache__")) for part in path.parts[len(ROOT.parts) :]
            )
            if path.is_file() and path.suffix in ending and not hidden:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def fences(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [body for kind, body in FENCED.findall(text) if kind == language]


def shown_commands() -> list[str]:
    """Every command line in the README, one a line, without its comment."""
    lines = [line for body in fences("README.md", "console") for line in body.splitlines()]
    table = re.findall(r"^\| `([^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line.partition(" #")[0].strip() for line in (*typed, *table)]


def test_no_source_file_is_longer_than_300_lines() -> None:
    long = {name_of(p): lines_of(p) for p in files("src", "examples") if lines_of(p) > LONGEST_FILE}
    assert long == {}


def test_no_test_file_is_longer_than_500_lines() -> None:
    long = {name_of(p): lines_of(p) for p in files("tests") if lines_of(p) > LONGEST_TEST_FILE}
    assert long == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{name_of(path)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in files("src", "examples", "tests", ".ci")
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert long == {}


def test_nothing_is_left_to_be_done_later() -> None:
    left = [
        f"{name_of(path)}:{number}"
        for path in files("src", "tests", "examples", "docs", ending=WRITTEN)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if LEFTOVERS.search(line)
    ]
    assert left == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in files("src", "examples")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    wanted = {re.split(r"[\[<>=!~; ]", name)[0].lower() for name in named} - {project["name"]}
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {name.lower() for name in re.findall(r"^\| `([^`]+)`", told, re.MULTILINE)}
    assert explained == wanted


def test_the_map_names_only_what_exists() -> None:
    text = (ROOT / "docs" / "MAP.md").read_text(encoding="utf-8")
    assert [name for name in MAP_LINE.findall(text) if not (ROOT / name).exists()] == []


def test_every_package_folder_is_on_the_map() -> None:
    named = set(MAP_LINE.findall((ROOT / "docs" / "MAP.md").read_text(encoding="utf-8")))
    there = {name_of(path.parent) + "/" for path in files("src") if path.name == "__init__.py"}
    assert sorted(there - named) == []


@pytest.mark.parametrize("document", sorted(p.name for p in ROOT.glob("*.md")))
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_links_inside_the_docs_lead_somewhere() -> None:
    broken = [
        f"{name_of(path)}: {target}"
        for path in files("docs", ending=(".md",))
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = {line.split()[1] for line in shown_commands() if line.startswith("make ")}
    assert asked
    assert asked <= targets


def crosstie_commands() -> list[str]:
    """`crosstie conflicts list` for `crosstie conflicts list --sync trips`."""
    found = set()
    for line in shown_commands():
        if line.startswith("crosstie "):
            words = re.split(r" (?=[-A-Z\[<])", line)[0]
            found.add(words)
    return sorted(found)


@pytest.mark.parametrize("command", crosstie_commands())
def test_every_command_in_the_readme_exists(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split()[1:], "--help"]) == 0
    assert f"Usage: crosstie {command.split()[1]}" in capsys.readouterr().out


def test_the_declaration_in_the_readme_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (declaration,) = fences("README.md", "python")
    names: dict[str, object] = {}
    exec(compile(declaration, "README.md", "exec"), names)
    app = names["app"]
    assert [sync.name for sync in app.in_order] == ["contacts"]  # type: ignore[attr-defined]
