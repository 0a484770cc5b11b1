"""Files that are not what their place says."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosstie.cli import main
from crosstie.core.errors import Misconfigured
from crosstie.service.locate import locate


@pytest.mark.parametrize("content", [b"[tool.crosstie\n", b"\xff\xfe"], ids=["toml", "text"])
def test_a_project_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="cannot be read") as wrong:
        locate(None, tmp_path)
    assert str(path) in str(wrong.value)
    assert wrong.value.fix


def test_a_file_that_is_no_database_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.db").write_text("a letter, and a long one at that\n" * 100)
    assert main(["init", "--url", "sqlite:///app.db"]) == 3
    assert "error: the database cannot be opened (DatabaseError)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["app.db"]
