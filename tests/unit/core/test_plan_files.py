"""A plan file that somebody's hand went through is a plan, or is refused in words."""

from __future__ import annotations

import json

import pytest

from crosstie.core.errors import Misconfigured
from crosstie.core.plan import load_plan


@pytest.mark.parametrize("pair", [[], ["now"], ["now", "then", "later"]], ids=str)
def test_a_change_without_a_value_now_and_a_value_then_is_refused(pair: list[str]) -> None:
    operation = {"sync": "people", "kind": "update", "side": "left", "changes": {"city": pair}}
    document = json.dumps({"made_at": 1.0, "operations": [operation]}).encode()
    with pytest.raises(Misconfigured, match="not a plan") as refused:
        load_plan(document)
    assert refused.value.fix
