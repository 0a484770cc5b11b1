"""What the documents show is true: declarations stand, lenses do what their table says."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3
from pathlib import Path

import pytest

import crosstie
from crosstie.cli import main
from crosstie.core.lens import Lens
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox
from crosstie.sandbox.hosted import Hosted

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(body, id=f"{name}-{number}")
    for name in DOCS
    for number, (kind, body) in enumerate(FENCED.findall((ROOT / name).read_text("utf-8")), 1)
    if kind == "python"
]
REFERENCE = (ROOT / "docs" / "declaring.md").read_text("utf-8")
LENS_ROW = re.compile(r"^\| `([A-Z]\w+\(.*?\))` \| [^|]* \| `(.*?)` \| `(.*?)` \|$", re.MULTILINE)
MADE = {"Constant", "Composed", "Computed"}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_block_of_the_docs_stands_by_itself(block: str) -> None:
    exec(compile(block, "docs", "exec"), {})


@pytest.mark.parametrize(("declared", "shown", "compared"), LENS_ROW.findall(REFERENCE))
def test_a_lens_of_the_table_reads_what_the_table_says(
    declared: str, shown: str, compared: str
) -> None:
    lens: Lens = eval(declared, {name: getattr(crosstie, name) for name in crosstie.__all__})
    value, expected = lens.sides()[1].get(ast.literal_eval(shown)), ast.literal_eval(compared)
    assert (value, type(value)) == (expected, type(expected))


def test_every_lens_is_in_the_reference() -> None:
    lenses = {name for name in crosstie.__all__ if hasattr(getattr(crosstie, name), "sides")}
    told = {declared.partition("(")[0] for declared, _, _ in LENS_ROW.findall(REFERENCE)}
    assert lenses - told == MADE
    assert all(f"{name}(" in REFERENCE for name in MADE)


def test_every_option_and_every_choice_is_in_the_reference() -> None:
    table = re.findall(r"`(\w+)=", REFERENCE)
    assert {*inspect.signature(crosstie.field).parameters} - {"left", "right", "lens"} <= {*table}
    for kind in (crosstie.Sync, crosstie.Brake, crosstie.Rhythm):
        options = {f.name for f in kind.__dataclass_fields__.values() if f.init}
        assert {name for name in options if name not in REFERENCE} == set()
    alerts = (ROOT / "docs" / "alerts.md").read_text("utf-8")
    for kind in (crosstie.Alerts, crosstie.Thresholds):
        options = {f.name for f in kind.__dataclass_fields__.values() if f.init}
        assert {name for name in options if f"`{name}=`" not in alerts} == set()
    for kind in (crosstie.Mail, crosstie.Slack, crosstie.SignedWebhook, crosstie.Quiet):
        options = {f.name for f in kind.__dataclass_fields__.values() if f.init}
        assert {name for name in options if name not in alerts} == set()
    for choices in (crosstie.Policy, crosstie.Deletes, crosstie.Creates, crosstie.Direction):
        assert {choice.value for choice in choices if f'"{choice.value}"' not in REFERENCE} == set()


def test_the_complete_example_passes_check_against_the_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GHL_LOCATION", LOCATION_ID)
    monkeypatch.setenv("GHL_TOKEN", DEFAULT_TOKEN)
    (tables,) = (body for kind, body in FENCED.findall(REFERENCE) if kind == "sql")
    with sqlite3.connect("shop.db") as database:
        database.executescript(tables)
    database.close()
    declared = next(body for kind, body in FENCED.findall(REFERENCE) if kind == "python")
    (tmp_path / "pyproject.toml").write_text('[tool.crosstie]\napp = "documented_shop:app"\n')
    with Hosted(GhlSandbox()) as remote:
        text = declared.replace("http://127.0.0.1:8765", remote.url)
        (tmp_path / "documented_shop.py").write_text(text)
        code = main(["check"])
    assert code == 0, capsys.readouterr().out
