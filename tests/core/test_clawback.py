"""What an order no longer deserves: whose points are taken, in which order, and what is owed."""

from typing import Any

import pytest

from core.grocery import Till, adjust, bought, program, redeem, returned, rule, voided
from patron.core.account import Balance
from patron.core.mechanics.per_step import PerStep
from patron.core.program import Asset, Span

YEAR = Asset(name="points", lives=Span(months=12))
WAITS = Asset(name="points", lives=Span(months=12), pending=Span(days=14))


def held(till: Till) -> list[int]:
    """What is left in each open lot, soonest ending first."""
    return [lot.remaining for lot in till.lots()]


def test_the_orders_own_lots_are_taken_before_those_that_end_sooner() -> None:
    till = Till(program(assets=[YEAR]))
    till.put(bought("o1", 10_00, when="2025-03-03"), bought("o2", 7_00, when="2025-03-04"))
    till.put(voided("o2", when="2025-03-05"))
    assert held(till) == [10]


def test_then_others_are_taken_and_those_that_end_sooner_first() -> None:
    till = Till(program(assets=[YEAR]))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.put(redeem(8, when="2025-03-03 13:00"))
    till.put(bought("o2", 5_00, when="2025-03-04"), bought("o3", 5_00, when="2025-03-05"))
    # Ten are worth nothing now: two are its own, five end sooner than the other five.
    till.put(voided("o1", when="2025-03-06"))
    assert held(till) == [2]


def test_pending_points_are_taken_before_available_ones() -> None:
    till = Till(program(assets=[WAITS]))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.wait("2025-03-17")
    # The edit adds five, which wait while the ten do not.
    till.put(bought("o1", 15_00, when="2025-03-18"))
    assert till.balance() == Balance(available=10, pending=5)
    till.put(returned("o1", 7_00, when="2025-03-19"))
    assert till.balance() == Balance(available=8, pending=0)


def test_pending_points_of_other_orders_are_left_alone() -> None:
    till = Till(program(assets=[WAITS]))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.put(redeem(10, when="2025-03-20"), bought("o2", 10_00, when="2025-03-20"))
    till.put(voided("o1", when="2025-03-21"))
    assert till.balance() == Balance(pending=10, debt=10)


def test_an_orders_own_lot_stays_its_own_when_it_becomes_available() -> None:
    till = Till(program(assets=[WAITS]))
    till.put(bought("o1", 10_00, when="2025-03-03"), bought("o2", 7_00, when="2025-03-05"))
    till.wait("2025-03-25")
    till.put(voided("o2", when="2025-03-26"))
    assert held(till) == [10]


def test_what_cannot_be_taken_is_owed_and_paid_by_the_next_credits() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), redeem(8))
    till.put(voided("o1"))
    assert till.balance() == Balance(debt=8)
    assert till.said("points.debt") == [{"asset": "points", "amount": 8, "order": "o1"}]
    till.put(bought("o2", 5_00))
    assert till.balance() == Balance(debt=3)
    till.put(bought("o3", 5_00))
    assert till.balance() == Balance(available=2)


def test_an_adjustment_pays_debt_too() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), redeem(10), voided("o1"), adjust(12))
    assert till.balance() == Balance(available=2)


def test_pending_points_pay_debt_when_they_become_available() -> None:
    till = Till(program(assets=[WAITS]))
    till.put(bought("o1", 10_00, when="2025-03-03"), redeem(10, when="2025-03-18"))
    till.put(voided("o1", when="2025-03-19"), bought("o2", 15_00, when="2025-03-20"))
    assert till.balance() == Balance(pending=15, debt=10)
    till.wait("2025-04-03")
    assert till.balance() == Balance(available=5)


def test_an_order_that_comes_back_pays_off_what_its_cancellation_left() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), redeem(10), voided("o1"), bought("o1", 10_00))
    assert till.balance() == Balance()


@pytest.mark.parametrize(
    ("debt", "after_void", "after_next"),
    [
        pytest.param("debt", Balance(debt=8), Balance(available=12), id="debt"),
        pytest.param("clamp", Balance(), Balance(available=20), id="clamp"),
        pytest.param("pending_only", Balance(available=2), Balance(available=22), id="pending"),
    ],
)
def test_the_program_says_what_becomes_of_the_rest(
    debt: Any, after_void: Balance, after_next: Balance
) -> None:
    till = Till(program(debt=debt))
    till.put(bought("o1", 10_00), redeem(8), voided("o1"))
    assert till.balance() == after_void
    till.put(bought("o2", 20_00))
    assert till.balance() == after_next


def test_pending_only_takes_what_is_pending_of_its_own() -> None:
    till = Till(program(assets=[WAITS], debt="pending_only"))
    till.put(bought("o1", 10_00, when="2025-03-03"), voided("o1", when="2025-03-04"))
    assert till.balance() == Balance()


@pytest.mark.parametrize("debt", ["debt", "clamp", "pending_only"])
def test_cancelling_and_completing_again_is_no_pump(debt: Any) -> None:
    till = Till(program(debt=debt))
    till.put(bought("o1", 10_00), redeem(10))
    for _ in range(3):
        till.put(voided("o1"), bought("o1", 10_00))
    assert till.balance() == Balance()


def test_what_was_written_off_is_not_taken_later() -> None:
    till = Till(program(debt="clamp"))
    till.put(bought("o1", 10_00, 10_00), redeem(20))
    till.put(returned("o1", l1=10_00))
    assert till.balance() == Balance()
    # The member earns thirty elsewhere; the second line's ten are all that is due of them.
    till.put(bought("o2", 30_00), returned("o1", l2=10_00))
    assert till.balance() == Balance(available=20)


def test_each_rule_takes_back_its_own_share() -> None:
    till = Till(program(rule(), rule(PerStep(points=10, step_minor=5_00), name="step")))
    till.put(bought("o1", 10_00))
    assert till.balance().available == 30
    till.put(returned("o1", 1_00))
    assert till.balance().available == 19
    taken = [(said["rule"], said["amount"]) for said in till.said("points.reversed")]
    assert taken == [("base", 1), ("step", 10)]


def test_assets_are_taken_apart() -> None:
    miles = rule(name="miles", asset="miles")
    till = Till(program(rule(), miles, assets=[Asset(name="points"), Asset(name="miles")]))
    till.put(bought("o1", 10_00), redeem(10), voided("o1"))
    assert till.balance() == Balance(debt=10)
    assert till.balance(asset="miles") == Balance()
