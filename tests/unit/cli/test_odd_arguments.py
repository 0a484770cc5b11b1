"""Arguments that no database takes are refused in words, before anything is opened."""

from __future__ import annotations

import json

import pytest

from crosstie.cli import main


@pytest.mark.parametrize(
    "args",
    [
        ["record", "show", "\udcff\udcfe"],
        ["status", "--app", "\udcff:app"],
        ["conflicts", "show", "99999999999999999999"],
        ["conflicts", "resolve", "99999999999999999999", "--take", "left"],
        ["conflicts", "show", "0"],
    ],
    ids=ascii,
)
def test_an_argument_that_is_no_text_or_no_number_of_ours_is_a_mistake_in_usage(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*args, "--json"]) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "usage"
    assert error["fix"]
