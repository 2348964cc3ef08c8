"""Paying with points: what an order takes, what comes back, and to which lots."""

from datetime import datetime
from fractions import Fraction
from itertools import permutations
from typing import Any

from core.grocery import (
    Till,
    adjust,
    at,
    bought,
    program,
    redeem,
    returned,
    voided,
)
from patron.core.account import Balance
from patron.core.facts import OrderCompleted, RedeemAsked
from patron.core.program import Asset, Paying, Span

# A block of 100 points pays 1.00.
HUNDRED = Paying(asset="points", block=100, worth_minor=1_00)
MONTH = Asset(name="points", lives=Span(months=1))


def shop(
    points: int = 1_000, *, when: str = "2025-03-01", asset: Any = None, **paying: Any
) -> Till:
    settings = {"asset": "points", "block": 100, "worth_minor": 1_00} | paying
    assets = [asset or Asset(name="points")]
    till = Till(program(assets=assets, paying=Paying(**settings)))
    if points:
        till.put(adjust(points, when=when))
    return till


def paid(order: str, *basket: int, by_points: int, **settings: Any) -> OrderCompleted:
    return bought(order, *basket, paid_by={"points": by_points}, **settings)


def asked(amount: int, order: str = "o1", total_minor: int = 0, **settings: Any) -> RedeemAsked:
    return redeem(amount, **settings)._replace(order=order, total_minor=total_minor)


def ends(till: Till) -> list[tuple[int, datetime]]:
    return [(lot.remaining, lot.expires_at) for lot in till.lots()]


# An order takes.


def test_an_order_that_says_it_was_paid_with_points_takes_them() -> None:
    till = shop()
    till.put(paid("o1", 10_00, by_points=3_00))
    # 300 are spent, and the 7.00 paid in money earn 7.
    assert till.balance().available == 700 + 7
    assert till.said("points.redeemed") == [{"asset": "points", "amount": 300, "order": "o1"}]


def test_what_is_not_there_becomes_debt_and_a_notice() -> None:
    till = shop(200)
    till.put(paid("o1", 3_00, by_points=3_00))
    assert till.balance() == Balance(debt=100)
    assert till.said("points.debt") == [{"asset": "points", "amount": 100, "order": "o1"}]


def test_an_order_spends_before_it_earns() -> None:
    till = shop(0)
    till.put(paid("o1", 210_00, by_points=1_00))
    # 100 are owed first, then the 209 that it earns pay them off.
    assert till.balance() == Balance(available=109)
    assert len(till.said("points.debt")) == 1


def test_a_program_without_paying_takes_none() -> None:
    till = Till(program())
    till.put(adjust(500), paid("o1", 3_00, by_points=3_00))
    assert till.balance().available == 500


def test_an_edit_takes_or_gives_back_the_difference() -> None:
    till = shop()
    till.put(paid("o1", 5_00, by_points=5_00))
    assert till.balance().available == 500
    till.put(paid("o1", 5_00, by_points=2_00, when="2025-03-04"))
    assert till.balance().available == 800 + 3


# What comes back.


def test_goods_give_back_points_in_the_proportion_in_which_they_paid() -> None:
    till = shop()
    till.put(paid("o1", 10_00, 10_00, by_points=10_00))
    assert till.balance().available == 10
    till.put(returned("o1", l1=10_00))
    # Half of the goods: 500 points come back, and 5 of the 10 earned go.
    assert till.balance().available == 500 + 5


def test_points_that_come_back_are_rounded_down_on_the_total_to_date() -> None:
    till = shop(100)
    till.put(paid("o1", 1_00, 1_00, 1_00, by_points=1_00))
    came_back = []
    for line in ("l1", "l2", "l3"):
        before = till.balance().available
        till.put(returned("o1", **{line: 1_00}))
        came_back.append(till.balance().available - before)
    # 33, 66 and 100 to date. Of the two points earned on 2.00 one is left of 1.33, none of 0.66.
    assert came_back == [33 - 1, 33 - 1, 34]


def test_a_cancellation_gives_all_back() -> None:
    till = shop()
    till.put(paid("o1", 10_00, by_points=3_00), voided("o1"))
    assert till.balance() == Balance(available=1_000)


def test_cancelling_and_completing_again_is_no_pump() -> None:
    till = shop()
    order = paid("o1", 10_00, by_points=3_00)
    till.put(order)
    for _ in range(3):
        till.put(voided("o1"), order)
    assert till.balance().available == 700 + 7


def test_within_one_refund_points_come_back_before_any_are_taken() -> None:
    till = shop(100)
    till.put(paid("o1", 101_00, by_points=1_00), redeem(100))
    # The 100 that it earned are spent; the 100 that come back cover the clawback.
    till.put(voided("o1"))
    assert till.balance() == Balance()
    assert till.said("points.debt") == []


def test_points_that_come_back_pay_debt_first() -> None:
    till = shop(300)
    till.put(bought("o0", 150_00), redeem(150), paid("o1", 3_00, by_points=3_00))
    till.put(voided("o0"))
    assert till.balance() == Balance(debt=150)
    till.put(voided("o1"))
    assert till.balance() == Balance(available=150)


def test_points_go_back_to_the_lots_that_they_came_from() -> None:
    till = shop(200, asset=MONTH, when="2025-03-01")
    till.put(adjust(200, when="2025-03-05"))
    before = ends(till)
    till.put(paid("o1", 3_00, by_points=3_00, when="2025-03-06"))
    till.put(voided("o1", when="2025-03-07"))
    assert sorted(till_sums(till).items()) == sorted((end, amount) for amount, end in before)


def till_sums(till: Till) -> dict[datetime, int]:
    sums: dict[datetime, int] = {}
    for amount, end in ends(till):
        sums[end] = sums.get(end, 0) + amount
    return sums


def test_also_where_that_lots_order_was_refunded_since() -> None:
    till = shop(0)
    till.put(bought("o0", 100_00), paid("o1", 1_00, by_points=1_00))
    till.put(voided("o0"))
    # The hundred that o0 earned paid for o1: they are owed, and come back to pay that.
    assert till.balance() == Balance(debt=100)
    till.put(voided("o1"))
    assert till.balance() == Balance()


def test_a_lot_that_has_ended_takes_them_and_ends_them_at_once() -> None:
    till = shop(300, asset=MONTH)
    till.put(paid("o1", 3_00, by_points=3_00, when="2025-03-02"))
    till.put(voided("o1", when="2025-05-01"))
    assert till.balance() == Balance()
    assert till.said("points.expired") == [{"asset": "points", "amount": 300}]


def test_with_a_grace_they_live_until_the_later_of_the_lots_end_and_the_grace() -> None:
    till = shop(300, asset=MONTH, grace=Span(days=14))
    till.put(paid("o1", 3_00, by_points=3_00, when="2025-03-02"))
    till.put(voided("o1", when="2025-05-01"))
    assert ends(till) == [(300, at("2025-05-15"))]
    early = shop(300, asset=MONTH, grace=Span(days=14))
    early.put(paid("o1", 3_00, by_points=3_00, when="2025-03-02"))
    early.put(voided("o1", when="2025-03-03"))
    assert ends(early) == [(300, at("2025-04-01"))]


def test_an_ended_lot_that_comes_back_pays_debt_before_it_ends() -> None:
    till = shop(300, asset=MONTH)
    till.put(paid("o1", 3_00, by_points=3_00, when="2025-03-02"))
    till.put(bought("o2", 100_00, when="2025-04-20"), redeem(100, when="2025-04-20 13:00"))
    till.put(voided("o2", when="2025-04-21"), voided("o1", when="2025-05-01"))
    assert till.balance() == Balance()
    assert till.said("points.expired")[-1] == {"asset": "points", "amount": 200}


def test_points_that_were_owed_when_they_paid_are_not_the_orders_own() -> None:
    till = shop(0, asset=MONTH, grace=Span(days=60))
    till.put(paid("o1", 100_00, by_points=2_00, when="2025-03-02"))  # 200 owed, 98 earned.
    till.put(adjust(202, when="2025-03-03"))
    assert ends(till) == [(100, at("2025-04-03"))]
    for day in ("2025-03-05", "2025-03-06"):
        till.put(returned("o1", l1=50_00, units=0, when=day))
    # All 98 are taken where they end first, and not from the 200 that came back.
    assert [left for left, _ in ends(till)] == [2, 100, 100]


def test_the_same_facts_in_any_order_of_arrival_leave_the_same_points() -> None:
    facts = [
        bought("o1", 300_00, when="2025-03-02"),
        paid("o2", 10_00, by_points=2_00, when="2025-03-03"),
        paid("o3", 5_00, 5_00, by_points=1_00, when="2025-03-04"),
        returned("o3", l1=5_00, when="2025-03-05"),
        voided("o1", when="2025-03-06"),
    ]
    balances = set()
    for arrival in permutations(facts):
        till = shop(0)
        for fact in arrival:
            till.offer(fact)
        balances.add(till.balance())
    # 200 and half of 100 pay; 8 and 4 are earned by what was paid in money.
    assert balances == {Balance(debt=250 - 12)}


# Requests that name an order.


def test_points_pay_in_whole_blocks() -> None:
    till = shop()
    answer = till.ask(asked(250))
    assert answer.granted
    assert answer.data == {"asset": "points", "amount": 200, "asked": 250, "cut": "cap_reached"}
    assert till.balance().available == 800


def test_points_pay_at_most_the_programs_share_of_the_order() -> None:
    till = shop(share_max=Fraction(1, 2))
    answer = till.ask(asked(900, total_minor=10_00))
    assert (answer.data["amount"], answer.data["asked"]) == (500, 900)


def test_points_never_pay_more_than_is_left_to_pay() -> None:
    till = shop()
    till.put(asked(300, total_minor=5_00))
    answer = till.ask(asked(900, total_minor=5_00, when="2025-03-03 13:00"))
    assert answer.data["amount"] == 200
    last = till.ask(asked(900, total_minor=5_00, when="2025-03-03 14:00"))
    assert (last.granted, last.code) == (False, "cap_reached")


def test_what_was_redeemed_for_an_order_is_not_taken_again() -> None:
    till = shop()
    till.put(asked(300, total_minor=10_00), paid("o1", 10_00, by_points=3_00))
    assert till.balance().available == 700 + 7
    till.put(voided("o1"))
    assert till.balance().available == 1_000


def test_what_was_granted_for_an_order_stands_when_a_late_fact_comes() -> None:
    till = shop()
    till.put(asked(450, total_minor=3_00, when="2025-03-03"))
    till.put(paid("o1", 3_00, by_points=3_00, when="2025-03-04"))
    assert till.balance().available == 700
    till.put(bought("o2", 20_00, when="2025-03-02"))
    # 300 were granted of the 450, for o1: neither more of them nor the same twice.
    assert till.balance() == Balance(available=720)


def test_what_the_order_says_was_paid_is_what_counts() -> None:
    till = shop()
    till.put(asked(500), paid("o1", 10_00, by_points=3_00))
    assert till.balance().available == 700 + 7


def test_a_request_for_more_than_a_member_has_is_refused() -> None:
    till = shop(200)
    answer = till.ask(asked(300))
    assert (answer.granted, answer.code) == (False, "insufficient_points")


def test_what_was_granted_for_an_order_stands_when_a_late_fact_leaves_it_uncovered() -> None:
    till = shop(0)
    till.put(bought("o0", 250_00, when="2025-03-02"))
    told = till.ask(asked(200, total_minor=1_00, when="2025-03-04")).data
    assert told["amount"] == 100
    till.put(voided("o0", when="2025-03-03"))
    assert till.balance() == Balance(debt=100)
    till.put(bought("o1", 1_00, when="2025-03-05"), voided("o1", when="2025-03-06"))
    assert till.balance() == Balance()
