"""What a return takes by each mode: figures of one basket that a person can check."""

from fractions import Fraction
from typing import Any

import pytest

from core.grocery import PER_DOLLAR, Till, article, bought, program, returned, rule, voided
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_step import PerStep
from patron.core.mechanics.per_unit import PerUnit
from patron.core.program import Cap, Match, MemberCap

STEP = PerStep(points=10, step_minor=10_00)


def left(mode: Any, mechanic: Any, *facts: Any, **settings: Any) -> int:
    till = Till(program(rule(mechanic, **settings), refunds=mode))
    till.put(*facts)
    return till.balance().available


# 19.00: one full step of 10.00, 10 points. 12.00 of it comes back, and 7.00 is left.
BASKET = bought("o1", 12_00, 7_00)
BACK = returned("o1", l1=12_00)


@pytest.mark.parametrize(
    ("mode", "points"),
    [
        # No full step is left.
        pytest.param("restate", 0, id="restate"),
        # 10 belong to the lines as 12 to 7: 6.32 and 3.68, by largest remainder 6 and 4.
        pytest.param("item", 4, id="item"),
        # 10 x 12/19 = 6.3, rounded down by the rule: 6 go.
        pytest.param("proportional", 4, id="proportional"),
    ],
)
def test_each_mode_takes_its_own_share(mode: Any, points: int) -> None:
    assert left(mode, STEP, BASKET, BACK) == points


def test_an_item_takes_what_its_line_earned() -> None:
    by_line = PerAmount(rate=Fraction(1, 100), by="line")
    assert left("item", by_line, bought("o1", 1_90, 3_50), returned("o1", l1=1_90)) == 3


def test_a_part_of_a_line_takes_its_part_rounded_by_the_rule() -> None:
    half_up = PerAmount(rate=Fraction(1, 100), rounding="half_up")
    # A line of 3 points; half of it is 1.5: half up 2 go, rounded down 1 goes.
    one, half = bought("o1", 3_00), returned("o1", l1=1_50, units=0)
    assert left("item", half_up, one, half) == 1
    assert left("item", PER_DOLLAR, one, half) == 2


@pytest.mark.parametrize("mode", ["restate", "item", "proportional"])
def test_refunds_to_date_count_together_less_what_was_taken(mode: Any) -> None:
    parts = [returned("o1", l1=4_00, units=0, when=f"2025-03-0{day}") for day in (4, 5, 6)]
    assert left(mode, STEP, BASKET, *parts) == left(mode, STEP, BASKET, BACK)


@pytest.mark.parametrize("mode", ["restate", "item", "proportional"])
def test_all_of_it_takes_all(mode: Any) -> None:
    both = returned("o1", l1=12_00, l2=7_00)
    assert left(mode, STEP, BASKET, both) == 0
    assert left(mode, STEP, BASKET, voided("o1")) == 0


def test_proportional_is_of_what_the_order_earned_under_its_caps() -> None:
    capped = (Cap(window="order", amount=5),)
    # 12 points capped at 5; a quarter of the basis comes back: 1.25, rounded down 1.
    three = [bought("o1", 9_00, 3_00), returned("o1", l2=3_00)]
    assert left("proportional", PER_DOLLAR, *three, caps=capped) == 4
    assert left("restate", PER_DOLLAR, *three, caps=capped) == 5


def test_an_edit_after_a_return_counts_from_its_new_lines() -> None:
    till = Till(program(rule(STEP), refunds="proportional"))
    till.put(bought("o1", article(20_00, units=2)), returned("o1", l1=10_00))
    assert till.balance().available == 10
    till.put(bought("o1", article(40_00, units=4)))
    assert till.balance().available == 30


def test_room_that_a_proportional_refund_frees_is_free_again() -> None:
    caps = (MemberCap(asset="points", window="day", amount=10),)
    till = Till(program(rule(), refunds="proportional", caps=caps))
    till.put(bought("o1", 5_00, 5_00), returned("o1", l1=5_00), bought("o2", 9_00))
    assert till.balance().available == 10


# Two lines of 10.00 at a point a dollar, line by line; the second counts three times.
BY_LINE = PerAmount(rate=Fraction(1, 100), by="line")
TRIPLE_WINE = rule(
    Multiply(by=Fraction(3), rules=frozenset({"base"})),
    name="triple",
    asset="",
    match=Match(categories=frozenset({"wine"})),
)
BREAD_AND_WINE = bought("o1", article(10_00), article(10_00, category="wine"))


@pytest.mark.parametrize("mechanic", [BY_LINE, PerUnit(points=10)], ids=["by line", "by unit"])
def test_an_item_takes_what_its_line_earned_with_all_that_multiplied_it(mechanic: Any) -> None:
    till = Till(program(rule(mechanic), TRIPLE_WINE, refunds="item"))
    till.put(BREAD_AND_WINE)
    assert till.balance().available == 40
    till.put(returned("o1", l2=10_00))
    assert till.balance().available == 10


def test_the_points_of_a_rule_per_order_belong_to_its_lines_by_their_basis_alone() -> None:
    till = Till(program(rule(PER_DOLLAR), TRIPLE_WINE, refunds="item"))
    till.put(BREAD_AND_WINE, returned("o1", l2=10_00))
    assert till.balance().available == 20


def test_an_item_takes_its_part_also_where_no_line_makes_a_point_by_itself() -> None:
    half = Multiply(by=Fraction(1, 2), rules=frozenset({"base"}))
    till = Till(program(rule(PerUnit(points=1)), rule(half, name="half", asset=""), refunds="item"))
    till.put(bought("o1", 5_00, 5_00), returned("o1", l1=5_00, l2=5_00))
    assert till.balance().available == 0
