"""Returns that say how many units came back: what they are worth, by hand."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest

from core.grocery import Till, article, bought, named, program, returned, rule
from core.grocery import at as moment
from patron.core.account import OrderState
from patron.core.decision import Unfit
from patron.core.facts import OrderRefunded, RefundedLine
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.percent_off import PercentOff
from patron.core.mechanics.special_price import SpecialPrice
from patron.core.program import Match, Price, Program
from patron.core.quote import Back, ReturnQuote
from patron.engine import quoting

YOGURT = Match(skus=frozenset({"yogurt"}))
# 3.00 each, and 2.50 each where three are bought.
TRIO = Price(name="trio", text={}, mechanic=SpecialPrice(each_minor=2_50, sets_of=3), match=YOGURT)
GROCER = program(prices=(TRIO,))


def came_back(
    order: str, *, cumulative: bool = False, hour: int = 13, **units: int
) -> OrderRefunded:
    """So many units of each line, and no word of how much."""
    lines = tuple(RefundedLine(line, 0, n * 1000, units_alone=True) for line, n in units.items())
    at = moment(f"2025-03-03 {hour}:00")
    name = named(f"{order}-back-{hour}-{units}")
    return OrderRefunded(name, at, None, order, lines, cumulative=cumulative)


def yogurts(units: int, paid: int, *, each: int = 3_00) -> Any:
    return article(paid, sku="yogurt", units=units, list_minor=units * each)


def back_minor(till: Till, order: str = "o1") -> dict[str, int]:
    state: OrderState = till.book.orders[order].state
    return {back.line: back.amount_minor for back in state.refunded}


def after(*refunds: OrderRefunded, basket: Iterable[Any], of: Program = GROCER) -> dict[str, int]:
    till = Till(of)
    till.put(bought("o1", *basket), *refunds)
    return back_minor(till)


def test_a_return_from_a_group_is_worth_what_was_bought_less_what_is_kept() -> None:
    # Three at 2.50 are 7.50; the two that are kept cost 3.00 each: 1.50 comes back.
    assert after(came_back("o1", l1=1), basket=[yogurts(3, 7_50)]) == {"l1": 1_50}
    # Of six, two sets, the five that are kept are a set at 2.50 and two at 3.00: 13.50.
    assert after(came_back("o1", l1=1), basket=[yogurts(6, 15_00)]) == {"l1": 1_50}
    # Of four, the three that are kept are a set: the fourth comes back at its own price.
    assert after(came_back("o1", l1=1), basket=[yogurts(4, 10_50)]) == {"l1": 3_00}


def test_the_kept_units_of_a_group_may_be_of_other_lines() -> None:
    basket = [yogurts(1, 2_50), yogurts(2, 5_00)]
    assert after(came_back("o1", l1=1), basket=basket) == {"l1": 1_50}


def test_returns_to_date_count_together_less_what_came_back_before() -> None:
    one_by_one = [came_back("o1", hour=hour, l1=1) for hour in (13, 14, 15)]
    basket = [yogurts(3, 7_50)]
    assert after(*one_by_one[:2], basket=basket) == {"l1": 4_50}  # One is kept, at 3.00.
    assert after(*one_by_one, basket=basket) == {"l1": 7_50}
    assert after(came_back("o1", l1=3), basket=basket) == {"l1": 7_50}


def test_what_is_kept_may_cost_as_much_as_all_did_and_then_nothing_comes_back_yet() -> None:
    cheap = Price(name="trio", text={}, mechanic=SpecialPrice(each_minor=1_00, sets_of=3))
    shop, basket = program(prices=(cheap,)), [yogurts(1, 1_00)] * 3
    # Two that are kept would be 6.00, and one 3.00; all three were 3.00.
    parts = [came_back("o1", hour=13, l1=1), came_back("o1", hour=14, l2=1)]
    assert after(*parts, basket=basket, of=shop) == {"l1": 0, "l2": 0}
    # With the last one all 3.00 are due, and no line gives more than was paid for it.
    whole = after(*parts, came_back("o1", hour=15, l3=1), basket=basket, of=shop)
    assert whole == {"l1": 1_00, "l2": 1_00, "l3": 1_00}


def test_without_a_price_by_group_units_are_worth_their_share_of_what_was_paid() -> None:
    assert after(came_back("o1", l1=1), basket=[article(10_00, units=3)]) == {"l1": 3_33}
    assert after(came_back("o1", l1=2), basket=[article(10_00, units=3)]) == {"l1": 6_67}


def test_a_percentage_stays_with_what_is_kept() -> None:
    ten = Price(name="ten", text={}, mechanic=PercentOff(percent=Fraction(10)))
    # 9.00 → 7.50 → 6.75; what is kept would be 6.00 → 5.40.
    both = program(prices=(TRIO, ten))
    assert after(came_back("o1", l1=1), basket=[yogurts(3, 6_75)], of=both) == {"l1": 1_35}


def test_what_the_order_says_was_paid_is_what_counts() -> None:
    # The shop took 1.00 more off the six: what is kept is worth 13.50 x 14/15.
    assert after(came_back("o1", l1=1), basket=[yogurts(6, 14_00)]) == {"l1": 1_40}


def test_a_total_that_is_stated_beside_units_alone_is_held_in_what_is_due() -> None:
    two = [article(1_00), article(1_00)]
    total = came_back("o1", cumulative=True, l1=1)
    total = total._replace(lines=(*total.lines, RefundedLine("l2", 1, 1000)))
    # Both came back whole: their 2.00, of which the total of the second says 0.01.
    assert after(total, basket=two) == {"l1": 1_00, "l2": 1_00}


def test_totals_to_date_may_say_units_alone() -> None:
    twice = [came_back("o1", cumulative=True, hour=hour, l1=2) for hour in (13, 14)]
    assert after(*twice, basket=[yogurts(3, 7_50)]) == {"l1": 4_50}


def test_what_came_back_before_with_an_amount_counts_too() -> None:
    # A spoilt one: 1.00 back, nothing returned. Then all three come back, for what is left.
    spoilt = returned("o1", l1=1_00, units=0, when="2025-03-03 12:30")
    assert after(spoilt, came_back("o1", l1=3), basket=[yogurts(3, 7_50)]) == {"l1": 7_50}


def test_points_go_by_what_the_return_is_worth() -> None:
    till = Till(program(rule(PerAmount(rate=Fraction(1, 50))), prices=(TRIO,)))
    till.put(bought("o1", yogurts(3, 7_50)))
    assert till.balance().available == 15
    till.put(came_back("o1", l1=1))
    assert till.balance().available == 12  # 6.00 are left.


def test_a_quote_says_what_a_return_will_bring_and_moves_nothing() -> None:
    till = Till(program(rule(PerAmount(rate=Fraction(1, 50))), prices=(TRIO,)))
    till.put(bought("o1", yogurts(3, 7_50)))
    before = dict(till.book.states), dict(till.book.orders)
    said = quoting.quoted_return(till.book, came_back("o1", l1=1), member="ann")
    assert isinstance(said, ReturnQuote)
    assert said.lines == (Back("l1", 1_50, 1000),)
    assert (said.amount_minor, said.changes) == (1_50, (("points", -3),))
    assert (till.book.states, till.book.orders) == before
    till.put(came_back("o1", l1=1))
    assert (back_minor(till), till.balance().available) == ({"l1": 1_50}, 12)


def test_a_return_of_nobodys_order_or_anothers_is_told_so() -> None:
    till = Till(GROCER)
    till.put(bought("o1", yogurts(3, 7_50)))
    for order, member in (("o9", "ann"), ("o1", "bob")):
        said = quoting.quoted_return(till.book, came_back(order, l1=1), member=member)
        assert isinstance(said, Unfit)
        assert said.code == "order_unknown"


@pytest.mark.parametrize(
    ("refund", "code"),
    [
        (came_back("o1", l1=4), "refund_exceeds_order"),
        (came_back("o1", l9=1), "unknown_line"),
    ],
)
def test_more_units_than_there_are_contradict_the_order(refund: OrderRefunded, code: str) -> None:
    till = Till(GROCER)
    till.put(bought("o1", yogurts(3, 7_50)))
    said = till.offer(refund)
    assert isinstance(said, Unfit)
    assert said.code == code
