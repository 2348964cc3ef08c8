"""Refunds as shops send them: totals to date, shipping, several sources; and what they leave."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    article,
    bought,
    card,
    program,
    redeem,
    returned,
    rule,
    voided,
)
from patron.core.decision import Unfit
from patron.core.facts import EventName, OrderRefunded
from patron.core.mechanics.per_amount import PerAmount
from patron.core.program import Basis


def total(refund: OrderRefunded, **fields: Any) -> OrderRefunded:
    return refund._replace(cumulative=True, **fields)


# Totals to date.


def test_a_total_to_date_takes_what_it_adds_to_earlier_refunds() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00, 10_00))
    till.put(total(returned("o1", 3_00)), total(returned("o1", 5_00)))
    assert till.balance().available == 15


def test_a_total_by_lines_takes_what_it_adds() -> None:
    till = Till(program())
    till.put(bought("o1", article(9_00, units=3)), returned("o1", l1=3_00))
    till.put(total(returned("o1", l1=6_00, units=2)))
    assert till.balance().available == 3
    order = till.book.orders["o1"].state
    assert [(back.amount_minor, back.quantity_milli) for back in order.refunded] == [(6_00, 2_000)]


def test_an_older_total_that_comes_late_adds_nothing() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), total(returned("o1", 5_00)), total(returned("o1", 3_00)))
    assert till.balance().available == 5


def test_a_total_of_more_than_the_order_is_unfit() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), total(returned("o1", 5_00)))
    unfit = till.offer(total(returned("o1", 10_01)))
    assert isinstance(unfit, Unfit)
    assert unfit.code == "refund_exceeds_order"


# Shipping.

SHIPPED = PerAmount(rate=rule().mechanic.rate, basis=Basis(shipping=True))


def test_a_full_refund_by_lines_leaves_the_shipping() -> None:
    till = Till(program(rule(SHIPPED)))
    till.put(bought("o1", 10_00, shipping_minor=5_00), returned("o1", l1=10_00))
    assert till.balance().available == 5


def test_shipping_that_comes_back_counts_no_more() -> None:
    till = Till(program(rule(SHIPPED)))
    till.put(bought("o1", 10_00, shipping_minor=5_00))
    till.put(returned("o1")._replace(shipping_minor=2_00))
    assert till.balance().available == 13
    till.put(returned("o1", l1=10_00)._replace(shipping_minor=3_00))
    assert till.balance().available == 0


def test_a_cancellation_takes_the_shipping_too() -> None:
    till = Till(program(rule(SHIPPED)))
    till.put(bought("o1", 10_00, shipping_minor=5_00), voided("o1"))
    assert till.balance().available == 0


def test_more_shipping_than_is_left_is_unfit() -> None:
    till = Till(program(rule(SHIPPED)))
    till.put(bought("o1", 10_00, shipping_minor=5_00))
    unfit = till.offer(returned("o1")._replace(shipping_minor=5_01))
    assert isinstance(unfit, Unfit)
    assert unfit.code == "refund_exceeds_order"


# Sources, and what waits.


def test_an_order_is_one_whatever_the_source_of_its_events() -> None:
    till = Till(program())
    refund = returned("o1", 4_00)
    till.put(bought("o1", 10_00))
    till.put(refund._replace(name=EventName("default", "psp", "r1")))
    assert till.balance().available == 6


def test_a_refund_that_comes_first_is_applied_with_its_order() -> None:
    till = Till(program())
    till.offer(returned("o1", 4_00, when="2025-03-04"))
    assert till.book.decided == []
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.balance().available == 6


# Notices.


@pytest.mark.parametrize("debt", ["clamp", "pending_only"])
def test_where_nothing_is_taken_back_nothing_is_said(debt: Any) -> None:
    till = Till(program(debt=debt))
    till.put(bought("o1", 10_00), redeem(10), voided("o1"))
    assert till.said("points.reversed") == []


# Punches and rewards of an order.


@pytest.mark.parametrize("claims", [False, True], ids=["unclaimed", "claimed"])
def test_a_reward_that_is_kept_is_no_pump(claims: bool) -> None:
    till = Till(card(on_refund="keep"))
    till.put(bought("o1", article(9_00, units=3)))
    if claims:
        till.put(redeem(reward="coffee"))
    for _ in range(3):
        till.put(voided("o1"), bought("o1", article(9_00, units=3)))
    assert len(till.said("reward.unlocked")) == 1
    assert till.punches() == 0


def test_what_was_kept_counts_as_used_for_its_order() -> None:
    till = Till(card(on_refund="keep"))
    till.put(bought("o1", article(9_00, units=3)), voided("o1"))
    # Two more than the three that the kept coffee used.
    till.put(bought("o1", article(15_00, units=5)))
    assert till.punches() == 2


def test_punches_that_lapsed_unused_are_not_owed() -> None:
    till = Till(card(days=30))
    till.put(bought("o1", article(6_00, units=2), when="2025-03-03"))
    till.put(voided("o1", when="2025-04-10"))
    assert till.punches() == 0
    till.put(bought("o2", article(6_00, units=2), when="2025-04-11"))
    assert till.punches() == 2


def test_punches_that_were_used_up_are_owed_also_when_their_life_is_over() -> None:
    till = Till(card(days=30))
    till.put(bought("o1", article(9_00, units=3), when="2025-03-03"))
    till.put(redeem(reward="coffee", when="2025-03-04"), voided("o1", when="2025-04-10"))
    assert till.punches() == -3


def test_an_order_that_comes_back_after_its_punches_lapsed_owes_nothing_when_it_goes_again() -> (
    None
):
    till = Till(card(days=30))
    till.put(bought("o1", article(6_00, units=2), when="2025-03-03"))
    till.put(voided("o1", when="2025-04-10"))
    till.put(bought("o1", article(6_00, units=2), when="2025-04-11"))
    till.put(voided("o1", when="2025-04-12"))
    assert till.punches() == 0


# Paid by more than money.


def test_each_way_of_paying_comes_back_in_proportion() -> None:
    till = Till(program())
    # 90.00 of 100.00 count; a fifth comes back: 80.00 is left, of it 8.00 by promotion.
    till.put(bought("o1", 20_00, 80_00, paid_by={"promotion": 10_00}))
    till.put(returned("o1", l1=20_00))
    assert till.balance().available == 72


def test_what_came_back_of_a_payment_is_rounded_down_on_the_total_to_date() -> None:
    till = Till(program(rule(PerAmount(rate=rule().mechanic.rate * 100))))
    # 0.01 of 3.00 by points. A third and two thirds of it are nothing yet; all of it is.
    till.put(bought("o1", 1_00, 1_00, 1_00, paid_by={"points": 1}))
    earned = [till.balance().available]
    for line in ("l1", "l2", "l3"):
        till.put(returned("o1", **{line: 1_00}))
        earned.append(till.balance().available)
    assert earned == [2_99, 1_99, 99, 0]
