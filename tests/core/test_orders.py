"""An order is a level: edits, refunds and cancellations post the difference, and no more."""

import pytest

from core.grocery import PER_DOLLAR, Till, article, at, bought, did, program, returned, rule, voided
from patron.core.decision import Unfit
from patron.core.facts import Fact
from patron.core.program import Basis, Cap, Meter, Window


def till() -> Till:
    counts = ("basis", "units", "orders")
    meters = [Meter(name=name, counts=name, window=Window(kind="year")) for name in counts]
    return Till(program(meters=meters))


def shown(till: Till) -> tuple[int, int, int, int]:
    """Net points, and the year's basis, units and orders."""
    meters = till.account().meters
    balance = till.balance()
    basis, units, orders = (meters.get(name, {}).get("2025", 0) for name in shown_meters)
    return balance.available - balance.debt, basis, units, orders


shown_meters = ("basis", "units", "orders")
TWO = article(6_00, units=2)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([bought("o1", TWO, 4_00)], (10, 10_00, 3, 1), id="completed"),
        pytest.param([bought("o1", TWO), bought("o1", 9_00)], (9, 9_00, 1, 1), id="edited-up"),
        pytest.param([bought("o1", TWO), bought("o1", 4_00)], (4, 4_00, 1, 1), id="edited-down"),
        pytest.param([bought("o1", TWO), bought("o1", TWO)], (6, 6_00, 2, 1), id="edited-alike"),
        pytest.param([bought("o1", TWO), bought("o1")], (0, 0, 0, 0), id="edited-to-nothing"),
        pytest.param(
            [bought("o1", TWO, 4_00), returned("o1", l1=3_00)], (7, 7_00, 2, 1), id="one-of-two"
        ),
        pytest.param(
            [bought("o1", TWO, 4_00), returned("o1", l1=6_00, units=2)],
            (4, 4_00, 1, 1),
            id="a-whole-line",
        ),
        pytest.param(
            [bought("o1", TWO, 4_00), returned("o1", l1=1_50, units=0)],
            (8, 8_50, 3, 1),
            id="money-only",
        ),
        pytest.param(
            [bought("o1", TWO, 4_00), returned("o1", 5_00)], (5, 5_00, 3, 1), id="an-amount"
        ),
        pytest.param(
            [bought("o1", 1_00, 1_00), returned("o1", l1=1_00), returned("o1", l2=1_00)],
            (0, 0, 0, 0),
            id="line-after-line",
        ),
        pytest.param([bought("o1", TWO), voided("o1")], (0, 0, 0, 0), id="cancelled"),
        pytest.param(
            [bought("o1", TWO), voided("o1"), voided("o1")], (0, 0, 0, 0), id="cancelled-twice"
        ),
        pytest.param(
            [bought("o1", TWO), voided("o1"), bought("o1", 4_00)],
            (4, 4_00, 1, 1),
            id="completed-again",
        ),
        pytest.param(
            [bought("o1", TWO), returned("o1", l1=3_00), bought("o1", article(8_00, units=2))],
            (5, 5_00, 1, 1),
            id="refunds-stay-when-it-is-edited",
        ),
        pytest.param(
            [bought("o1", TWO), returned("o1", l1=3_00), voided("o1"), bought("o1", TWO)],
            (3, 3_00, 1, 1),
            id="refunds-stay-when-it-comes-back",
        ),
        pytest.param(
            [bought("o1", TWO), bought("o2", TWO), voided("o1")], (6, 6_00, 2, 1), id="another"
        ),
        pytest.param(
            [bought("o1", article(6_00, units=3, quantity_milli=1_999))],
            (6, 6_00, 1, 1),
            id="units-are-whole",
        ),
        pytest.param(
            [bought("o1", article(1_00, quantity_milli=600), article(1_00, quantity_milli=600))],
            (2, 2_00, 0, 1),
            id="units-are-whole-line-by-line",
        ),
    ],
)
def test_an_order_is_worth_what_is_left_of_it(
    events: list[Fact], expected: tuple[int, int, int, int]
) -> None:
    shop = till()
    shop.put(*events)
    assert shown(shop) == expected


def test_an_order_whose_whole_amount_came_back_counts_no_more() -> None:
    shop = till()
    shop.put(bought("o1", 10_00), returned("o1", 10_00))
    assert shown(shop)[3] == 0


def test_an_amount_is_spread_over_what_is_left_of_the_lines() -> None:
    shop = till()
    shop.put(bought("o1", 6_00, 3_00), returned("o1", l1=3_00))
    decision = shop.put(returned("o1", 2_00))
    assert {back.line: back.amount_minor for back in decision.orders[0].refunded} == {
        "l1": 4_00,
        "l2": 1_00,
    }


@pytest.mark.parametrize(
    ("events", "code"),
    [
        pytest.param(
            [bought("o1", 5_00), returned("o1", l1=5_01)], "refund_exceeds_order", id="more-money"
        ),
        pytest.param(
            [bought("o1", 5_00), returned("o1", l1=1_00, units=2)],
            "refund_exceeds_order",
            id="more-units",
        ),
        pytest.param(
            [bought("o1", 5_00), returned("o1", 5_01)], "refund_exceeds_order", id="more-amount"
        ),
        pytest.param(
            [bought("o1", 5_00), returned("o1", 3_00), returned("o1", 3_00)],
            "refund_exceeds_order",
            id="twice",
        ),
        pytest.param(
            [bought("o1", 5_00), voided("o1"), returned("o1", 1)],
            "refund_exceeds_order",
            id="cancelled",
        ),
        pytest.param(
            [bought("o1", 5_00), returned("o1", l1=5_00), bought("o1", 4_00)],
            "refund_exceeds_order",
            id="edited-below-its-refunds",
        ),
        pytest.param(
            [bought("o1", 5_00), returned("o1", l2=1_00)], "unknown_line", id="unknown-line"
        ),
        pytest.param(
            [bought("o1", 5_00, 1_00), returned("o1", l2=1_00), bought("o1", 5_00)],
            "unknown_line",
            id="edited-without-a-refunded-line",
        ),
        pytest.param([bought("o1", 5_00, currency="EUR")], "no_rate", id="no-rate"),
    ],
)
def test_what_contradicts_the_order_is_unfit_and_changes_nothing(
    events: list[Fact], code: str
) -> None:
    shop = till()
    *before, last = events
    if before:
        shop.put(*before)
    orders, account = dict(shop.book.orders), shop.account()

    outcome = shop.offer(last)

    assert isinstance(outcome, Unfit)
    assert outcome.code == code
    assert (shop.book.orders, shop.account()) == (orders, account)


def test_a_refund_acts_in_the_window_of_its_order() -> None:
    shop = till()
    shop.put(bought("o1", 5_00, when="2024-12-31"), bought("o2", 3_00, when="2025-01-02"))
    shop.put(returned("o1", l1=2_00, units=0, when="2025-01-05"))
    assert shop.account().meters["basis"] == {"2024": 3_00, "2025": 3_00}


def test_an_edit_keeps_the_day_of_the_first_completion() -> None:
    shop = till()
    shop.put(bought("o1", 5_00, when="2024-12-31"), bought("o1", 7_00, when="2025-01-02"))
    assert shop.account().meters["basis"] == {"2024": 7_00}


def test_old_windows_of_a_meter_are_forgotten_and_no_ghost_comes_back() -> None:
    shop = till()
    for year in range(2020, 2026):
        shop.put(bought(f"o{year}", 5_00, when=f"{year}-06-01"))
    assert shop.account().meters["basis"] == {"2024": 5_00, "2025": 5_00}
    shop.put(voided("o2020"))
    assert shop.account().meters["basis"] == {"2024": 5_00, "2025": 5_00}


def test_an_order_keeps_its_version_when_the_program_changes() -> None:
    double = program(rule(PER_DOLLAR, caps=(Cap(window="order", amount=3),)), version="v2")
    shop = Till(program(), ("2025-04-01 00:00", double))
    shop.put(bought("o1", 10_00, when="2025-03-31"), bought("o2", 10_00, when="2025-04-01 00:00"))
    assert shop.balance().available == 10 + 3
    shop.put(bought("o1", 20_00, when="2025-04-02"))
    assert shop.balance().available == 20 + 3


def test_before_its_first_version_a_program_has_nothing_to_say() -> None:
    shop = Till(("2025-04-01 00:00", program()))
    assert shop.offer(bought("o1", 10_00, when="2025-03-31")) is None
    assert shop.book.decided == []


def test_an_order_counts_gift_cards_by_the_meters_own_flags() -> None:
    meter = Meter(name="basis", counts="basis", basis=Basis(gift_cards=True))
    shop = Till(program(meters=[meter]))
    shop.put(bought("o1", article(25_00, kind="gift_card")))
    assert shop.account().meters["basis"] == {"ever": 25_00}
    assert shop.balance().available == 0


def test_facts_act_in_turn_and_number_the_entries() -> None:
    shop = till()
    shop.put(bought("o1", 5_00), did(), voided("o1"), bought("o2", 1_00, member="bob"))
    assert (shop.account("ann").seq, shop.account("bob").seq) == (3, 1)


def test_an_older_edit_that_comes_late_does_not_undo_a_newer_one() -> None:
    shop = till()
    shop.put(bought("o1", 5_00, when="2025-03-03"), bought("o1", 9_00, when="2025-03-05"))
    shop.put(bought("o1", 7_00, when="2025-03-04"))
    assert shown(shop)[0] == 9


def test_an_older_edit_that_comes_late_does_not_bring_a_cancelled_order_back() -> None:
    shop = till()
    shop.put(bought("o1", 5_00, when="2025-03-03"), voided("o1", when="2025-03-05"))
    shop.put(bought("o1", 7_00, when="2025-03-04"))
    assert shown(shop)[0] == 0


def test_a_cancellation_from_before_a_later_completion_does_not_cancel_it() -> None:
    shop = till()
    shop.put(bought("o1", 5_00, when="2025-03-03"), bought("o1", 7_00, when="2025-03-05"))
    shop.put(voided("o1", when="2025-03-04"))
    assert shown(shop)[0] == 7


def test_the_first_completion_gives_the_order_its_instant() -> None:
    shop = till()
    decision = shop.put(bought("o1", 5_00, when="2025-03-03"))
    assert decision.orders[0].first_at == at("2025-03-03")
    decision = shop.put(bought("o1", 6_00, when="2025-03-09"))
    assert decision.orders[0].first_at == at("2025-03-03")


def test_a_refund_in_another_currency_is_unfit() -> None:
    shop = till()
    shop.put(bought("o1", 10_00))
    refund = returned("o1", l1=5_00)._replace(currency="EUR")
    said = shop.offer(refund)
    assert isinstance(said, Unfit)
    assert said.code == "other_currency"
    assert shop.offer(refund._replace(currency="USD")) is None
