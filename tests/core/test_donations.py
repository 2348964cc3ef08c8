"""What is given to a cause, by hand: chosen at that moment, and taken back by returns."""

from typing import Any

import pytest

from core.grocery import (
    POINTS,
    Till,
    article,
    bought,
    program,
    redeem,
    reserve,
    returned,
    rule,
    transfer,
    voided,
)
from patron.core.facts import Fact
from patron.core.mechanics.per_unit import PerUnit
from patron.core.mechanics.round_up import RoundUp
from patron.core.program import Asset, Match

TREES, REEFS = (Asset(name=name, donation=True) for name in ("trees", "reefs"))


def chosen(cause: str) -> Match:
    return Match(order_attributes=(("cause", frozenset({cause})),))


CAUSES = program(
    *(rule(RoundUp(to_minor=1_00), name=n, asset=n, match=chosen(n)) for n in ("trees", "reefs")),
    assets=[POINTS, TREES, REEFS],
)


def given(*facts: Fact) -> tuple[int, int]:
    """What ann gave for trees and for reefs."""
    till = Till(CAUSES)
    till.put(*facts)
    return till.balance(asset="trees").available, till.balance(asset="reefs").available


def order(name: str, *basket: Any, cause: str = "", **settings: Any) -> Fact:
    attributes = (("cause", cause),) if cause else ()
    return bought(name, *basket, attributes=attributes, **settings)


def test_a_round_up_goes_to_the_cause_that_was_chosen_at_that_moment() -> None:
    assert given(order("o1", 3_40, cause="trees"), order("o2", 1_25, cause="reefs")) == (60, 75)


def test_whoever_does_not_say_yes_gives_nothing() -> None:
    assert given(order("o1", 3_40)) == (0, 0)


def test_what_is_charged_is_rounded_with_tax_and_shipping() -> None:
    basket = article(3_40, tax_minor=30)
    assert given(order("o1", basket, cause="trees", shipping_minor=1_00)) == (30, 0)


def test_a_return_takes_back_what_its_order_gave() -> None:
    # 3.40 + 2.25 = 5.65: 0.35. Without the 2.25: 0.60. Without all: nothing.
    both = order("o1", 3_40, 2_25, cause="trees")
    assert given(both) == (35, 0)
    assert given(both, returned("o1", l2=2_25)) == (60, 0)
    assert given(both, voided("o1")) == (0, 0)


def test_one_for_one_gives_a_unit_for_each_and_a_return_takes_its_own_back() -> None:
    pairs = program(rule(PerUnit(points=1), asset="trees"), assets=[POINTS, TREES])
    till = Till(pairs)
    till.put(bought("o1", article(90_00, units=3)))
    assert till.balance(asset="trees").available == 3
    till.put(returned("o1", l1=30_00, units=1))
    assert till.balance(asset="trees").available == 2


@pytest.mark.parametrize(
    "request_",
    [redeem(10, asset="trees"), reserve(10, asset="trees"), transfer(10, asset="trees")],
    ids=["redeem", "reserve", "transfer"],
)
def test_what_was_given_away_is_neither_spent_nor_reserved_nor_passed_on(request_: Fact) -> None:
    till = Till(CAUSES)
    till.put(order("o1", 3_40, cause="trees"))
    answer = till.ask(request_)
    assert (answer.granted, answer.code) == (False, "condition")
    assert till.balance(asset="trees").available == 60
