"""R5: acts and messages in every order, late and twice, end in the same state."""

from __future__ import annotations

import pytest
from orders import CASES, Correspondence, in_all_orders, orders


def test_three_acts_and_their_messages_have_fifteen_orders() -> None:
    found = list(orders([1, 1, 1]))
    assert len(found) == len(set(found)) == 15


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_order_of_messages_does_not_matter(case: Correspondence) -> None:
    done = in_all_orders(case)
    assert done.runs == 2 * done.points > 2
    assert done.broken == ()
