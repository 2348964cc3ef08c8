"""What of an order counts, flag by flag: every figure can be checked by hand."""

from typing import Any

import pytest

from core.grocery import Till, article, bought, program, returned, rule
from patron.core.basis import Basket, exchange
from patron.core.decision import Unfit
from patron.core.facts import OrderCompleted
from patron.core.mechanics.per_amount import PerAmount
from patron.core.program import Basis, Match

BASKET = (
    article(8_00, list_minor=10_00, tax_minor=64),
    article(25_00, kind="gift_card"),
    article(4_00, kind="service"),
    article(3_00, kind="reward"),
    article(2_00, kind="discount"),
)


def basis(order: OrderCompleted, **flags: Any) -> list[int]:
    rate = exchange(program(), order)
    assert not isinstance(rate, Unfit)
    basket = Basket(order, order.lines, rate, shipping_minor=order.shipping_minor)
    return basket.basis(Basis(**flags))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param({}, [8_00, 0, 4_00, 0, 0], id="cautious"),
        pytest.param({"tax": True}, [8_64, 0, 4_00, 0, 0], id="tax"),
        pytest.param({"gift_cards": True}, [8_00, 25_00, 4_00, 0, 0], id="gift-cards"),
        pytest.param({"before_discounts": True}, [10_00, 0, 4_00, 0, 0], id="list-price"),
        pytest.param({"shipping": True}, [8_00, 0, 4_00, 0, 0, 5_00], id="shipping"),
        pytest.param(
            {"before_discounts": True, "tax": True}, [10_64, 0, 4_00, 0, 0], id="list-and-tax"
        ),
    ],
)
def test_which_lines_count(flags: dict[str, bool], expected: list[int]) -> None:
    assert basis(bought("o1", *BASKET, shipping_minor=5_00), **flags) == expected


@pytest.mark.parametrize(
    ("paid_by", "flags", "expected"),
    [
        pytest.param({"money": 9_00}, {}, [6_00, 3_00], id="money-counts"),
        pytest.param({"points": 3_00}, {}, [4_00, 2_00], id="points-in-proportion"),
        pytest.param({"points": 1}, {}, [5_99, 3_00], id="the-larger-remainder-bears-the-cent"),
        pytest.param({"gift_card": 3_00}, {}, [4_00, 2_00], id="gift-card"),
        pytest.param({"promotion": 3_00}, {}, [4_00, 2_00], id="promotion"),
        pytest.param({"points": 3_00}, {"paid_by_points": True}, [6_00, 3_00], id="points-count"),
        pytest.param(
            {"points": 1_50, "gift_card": 1_50, "promotion": 3_00},
            {"paid_by_promotion": True},
            [4_00, 2_00],
            id="parts-add-up",
        ),
        pytest.param({"points": 9_00}, {}, [0, 0], id="all-by-points"),
        pytest.param({"points": 20_00}, {}, [0, 0], id="never-below-zero"),
    ],
)
def test_what_was_not_paid_in_money_does_not_count(
    paid_by: dict[str, int], flags: dict[str, bool], expected: list[int]
) -> None:
    assert basis(bought("o1", 6_00, 3_00, paid_by=paid_by), **flags) == expected


@pytest.mark.parametrize(
    ("currency", "digits", "rate", "paid", "expected"),
    [
        pytest.param("USD", 2, None, 10_00, 10_00, id="its-own-currency"),
        pytest.param("EUR", 2, (4, 5), 8_00, 10_00, id="0.80-euros-a-dollar"),
        pytest.param("JPY", 0, (150, 1), 1_500, 10_00, id="yen-have-no-cents"),
        pytest.param("KWD", 3, (3, 10), 3_000, 10_00, id="dinars-have-three-digits"),
        pytest.param("EUR", 2, (2, 1), 5, 2, id="half-to-even-down"),
        pytest.param("EUR", 2, (2, 1), 7, 4, id="half-to-even-up"),
    ],
)
def test_another_currency_is_divided_by_the_events_rate(
    currency: str, digits: int, rate: tuple[int, int] | None, paid: int, expected: int
) -> None:
    order = bought("o1", paid, currency=currency, currency_digits=digits, rate=rate)
    assert basis(order) == [expected]


def test_each_line_is_exchanged_and_rounded_by_itself() -> None:
    order = bought("o1", 1, 1, 1, currency="EUR", rate=(2, 1))
    assert basis(order) == [0, 0, 0]


def test_another_currency_without_a_rate_is_unfit() -> None:
    unfit = exchange(program(), bought("o1", 10_00, currency="EUR"))
    assert isinstance(unfit, Unfit)
    assert unfit.code == "no_rate"


def test_shipping_is_no_ones_category() -> None:
    food = PerAmount(rate=rule().mechanic.rate, basis=Basis(shipping=True))
    till = Till(program(rule(food, match=Match(categories=frozenset({"food"})))))
    till.put(bought("o1", 10_00, shipping_minor=5_00))
    assert till.balance().available == 10


def test_list_price_and_tax_leave_with_what_was_paid() -> None:
    flags = Basis(tax=True, before_discounts=True)
    till = Till(program(rule(PerAmount(rate=rule().mechanic.rate, basis=flags))))
    line = article(8_00, list_minor=10_00, tax_minor=2_00, units=2)
    till.put(bought("o1", line))
    assert till.balance().available == 12
    till.put(returned("o1", l1=4_00))
    assert till.balance().available == 6
