"""What meters count: points of all rules, and orders that have something in their basis."""

from typing import Any

import pytest

from core.grocery import Till, adjust, article, at, bought, ladder, program, returned, rule
from patron.core.mechanics.yearly import Yearly
from patron.core.periods import EVER
from patron.core.program import Basis, Meter, MonthDay

EARNED = Meter(name="earned", counts="points", asset="points")
ORDERS = Meter(name="orders", counts="orders")
CARD = article(50_00, kind="gift_card")


def shows(till: Till, meter: str) -> int:
    return till.account().meters.get(meter, {}).get(EVER, 0)


def test_a_meter_of_points_counts_what_time_awards_and_tiers_come_after_it() -> None:
    spring = rule(Yearly(on=MonthDay(4, 1), points=100_00), name="spring")
    till = Till(program(rule(), spring, meters=[EARNED], ladder=ladder(meter="earned")))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert (shows(till, "earned"), till.account().tier) == (10, "")
    till.wait("2025-04-02")
    assert (shows(till, "earned"), till.account().tier) == (100_10, "silver")
    assert till.said_at()[-2:] == [
        ("yearly.reached", at("2025-04-01 00:00")),
        ("tier.changed", at("2025-04-01 00:00")),
    ]


def test_what_an_operator_brings_is_no_points_that_rules_gave() -> None:
    till = Till(program(meters=[EARNED]))
    till.put(bought("o1", 10_00), adjust(500))
    assert shows(till, "earned") == 10


@pytest.mark.parametrize(
    ("basket", "settings", "basis", "orders"),
    [
        pytest.param([10_00], {}, Basis(), 1, id="goods"),
        pytest.param([CARD], {}, Basis(), 0, id="gift card alone"),
        pytest.param([CARD, 1], {}, Basis(), 1, id="gift card and goods"),
        pytest.param([CARD], {}, Basis(gift_cards=True), 1, id="gift cards count"),
        pytest.param([10_00], {"paid_by": {"points": 10_00}}, Basis(), 0, id="paid by points"),
        pytest.param(
            [10_00], {"paid_by": {"points": 10_00}}, Basis(paid_by_points=True), 1,
            id="what points pay counts",
        ),
        pytest.param([0], {}, Basis(), 1, id="free"),
    ],
)  # fmt: skip
def test_an_order_counts_while_something_of_its_basis_is_left(
    basket: list[Any], settings: dict[str, Any], basis: Basis, orders: int
) -> None:
    till = Till(program(meters=[Meter(name="orders", counts="orders", basis=basis)]))
    till.put(bought("o1", *basket, **settings))
    assert shows(till, "orders") == orders


def test_an_order_of_which_all_money_came_back_counts_no_more() -> None:
    till = Till(program(meters=[ORDERS]))
    till.put(bought("o1", 10_00), returned("o1", l1=10_00, units=0, when="2025-03-04"))
    assert shows(till, "orders") == 0
