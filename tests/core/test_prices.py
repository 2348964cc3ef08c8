"""Prices by hand: special prices, then percent by line, then by order."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from core.grocery import program
from patron.core.facts import Line
from patron.core.mechanics.percent_off import PercentOff
from patron.core.mechanics.special_price import SpecialPrice
from patron.core.prices import Buyer, priced
from patron.core.program import Match, Price, Program

NOBODY = Buyer(0, {}, date(2025, 3, 3))
CARD = PercentOff(meter="paid", steps=((0, Fraction(3)), (1000_00, Fraction(5))))


def line(name: str, list_minor: int, *, units: int = 1, kind: str = "goods") -> Line:
    return Line(name, f"sku-{name}", "", units * 1000, list_minor, list_minor, kind=kind)


def prices(*mechanics: Any, match: Match | None = None) -> Program:
    listed = tuple(
        Price(name=f"price-{n}", text={}, mechanic=mechanic, match=match or Match())
        for n, mechanic in enumerate(mechanics)
    )
    return program(prices=listed)


def costs(program: Program, *lines: Line, buyer: Buyer = NOBODY) -> tuple[int, ...]:
    return priced(program, lines, buyer).lines_minor


TRIO = prices(SpecialPrice(each_minor=250, sets_of=3))


def test_every_full_set_costs_the_special_price_and_the_rest_the_list_price() -> None:
    assert costs(TRIO, line("a", 600, units=2)) == (600,)
    assert costs(TRIO, line("a", 900, units=3)) == (750,)
    assert costs(TRIO, line("a", 1200, units=4)) == (1050,)


def test_units_of_a_group_may_be_of_several_lines_and_the_dearest_are_taken() -> None:
    # 3 of 4.00 and 1 of 3.00: a set of the three at 2.50, and 3.00 for the fourth.
    assert costs(TRIO, line("a", 300), line("b", 1200, units=3)) == (300, 750)


def test_a_unit_that_costs_less_counts_towards_the_set_and_keeps_its_price() -> None:
    assert costs(TRIO, line("a", 600, units=2), line("b", 200)) == (500, 200)
    assert costs(TRIO, line("a", 600, units=3)) == (600,)


def test_a_unit_has_one_special_price_that_of_the_first_that_takes_it() -> None:
    # Of four, three are a set at 2.50; the fourth is open for the price of 2.80 each.
    both = prices(SpecialPrice(each_minor=250, sets_of=3), SpecialPrice(each_minor=280))
    assert costs(both, line("a", 1200, units=4)) == (1030,)


def test_units_that_do_not_come_out_even_are_rounded_on_the_lines_total() -> None:
    # 0.333 kg at 1.99 each are 0.66267.
    by_weight = Line("a", "sku-a", "", 333, 1_00, 1_00)
    assert costs(prices(SpecialPrice(each_minor=199)), by_weight) == (66,)
    assert costs(prices(SpecialPrice(each_minor=199, rounding="ceil")), by_weight) == (67,)


def test_from_a_number_of_units_on_all_of_them_cost_the_special_price() -> None:
    from_three = prices(SpecialPrice(each_minor=250, from_units=3))
    assert costs(from_three, line("a", 600, units=2)) == (600,)
    assert costs(from_three, line("a", 1200, units=4)) == (1000,)


def test_percent_by_meter_reads_what_it_shows_before_the_basket() -> None:
    below = NOBODY._replace(readings={"paid": 999_99})
    reached = NOBODY._replace(readings={"paid": 1000_00})
    assert costs(prices(CARD), line("a", 10_00), buyer=below) == (9_70,)
    assert costs(prices(CARD), line("a", 10_00), buyer=reached) == (9_50,)


def test_special_price_then_percent_by_line_then_by_order_whatever_the_programs_order() -> None:
    by_order = PercentOff(percent=Fraction(10), by="order")
    by_line = PercentOff(percent=Fraction(50))
    special = SpecialPrice(each_minor=8_00)
    # 10.00 -> 8.00 -> 4.00 -> 3.60
    assert costs(prices(by_order, by_line, special), line("a", 10_00)) == (3_60,)


def test_a_percentage_of_lines_rounds_each_line_and_one_of_the_order_rounds_once() -> None:
    lines = line("a", 15), line("b", 15)
    assert costs(prices(PercentOff(percent=Fraction(10))), *lines) == (13, 13)
    assert sum(costs(prices(PercentOff(percent=Fraction(10), by="order")), *lines)) == 27


def test_percent_by_tier_is_the_tiers_own_or_that_of_everybody() -> None:
    by_tier = prices(PercentOff(percent=Fraction(5), by_tier={2: Fraction(10)}))
    assert costs(by_tier, line("a", 10_00), buyer=NOBODY._replace(place=1)) == (9_50,)
    assert costs(by_tier, line("a", 10_00), buyer=NOBODY._replace(place=2)) == (9_00,)


def test_percentages_of_one_stage_each_take_from_what_the_one_before_left() -> None:
    ten = PercentOff(percent=Fraction(10))
    assert costs(prices(ten, ten), line("a", 10_00)) == (8_10,)


def test_gift_card_lines_are_left_out() -> None:
    half = prices(PercentOff(percent=Fraction(50)))
    assert costs(half, line("a", 10_00), line("g", 50_00, kind="gift_card")) == (5_00, 50_00)


WHY_NOT = [
    pytest.param(TRIO, line("a", 600, units=2), "condition", "special_price.sets_of", id="few"),
    pytest.param(TRIO, line("a", 600, units=3), "condition", "special_price.each", id="cheap"),
    pytest.param(
        prices(CARD, match=Match(skus=frozenset({"x"}))), line("a", 1), "condition", "match",
        id="no such line",
    ),
    pytest.param(
        prices(CARD, match=Match(tiers=frozenset({1}))), line("a", 1), "tier", "match.tier",
        id="tier",
    ),
    pytest.param(
        prices(PercentOff(by_tier={1: Fraction(5)})), line("a", 1), "tier",
        "percent_off.by_tier", id="tier without percent",
    ),
    pytest.param(
        prices(PercentOff(meter="paid", steps=((1, Fraction(5)),))), line("a", 1), "condition",
        "percent_off.steps", id="meter",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("program", "bought", "code", "condition"), WHY_NOT)
def test_a_price_that_did_nothing_says_which_condition_failed(
    program: Program, bought: Line, code: str, condition: str
) -> None:
    [proof] = priced(program, [bought], NOBODY).proofs
    assert (proof.why_not, proof.condition, proof.off_minor) == (code, condition, 0)


def test_a_price_shows_its_arithmetic() -> None:
    reached = NOBODY._replace(readings={"paid": 1000_00})
    both = prices(SpecialPrice(each_minor=250, sets_of=3), CARD)
    trio, card = priced(both, [line("a", 1200, units=4)], reached).proofs
    # 4 at 3.00: three at 2.50 each and one at 3.00; 5 % of 10.50 are 0.525.
    assert (trio.before_minor, trio.off_minor, trio.units_milli) == (1200, 150, 3000)
    assert (card.before_minor, card.percent, card.reading, card.off_minor) == (
        1050, "5", 1000_00, 53,
    )  # fmt: skip
