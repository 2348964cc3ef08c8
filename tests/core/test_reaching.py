"""Points for reaching so much within a window, and what takes them back."""

import json
from typing import Any

import pytest

from core.grocery import Till, bought, did, redeem, returned, voided
from patron.core.account import Balance
from patron.core.decision import Refusal
from patron.wire.documents import compile_document

WELCOME = {
    "rule": "welcome", "earn": "miles",
    "reach": {"meter": "first", "from": "100.00", "points": 500},
}  # fmt: skip
FIRST = {"counts": "basis", "window": {"from_joining": "P10D"}}


def till(meter: dict[str, Any] | None = None, **more: Any) -> Till:
    document = {
        "format": 1, "program": "card", "zone": "America/New_York", "currency": "USD",
        "assets": {"miles": {}}, "meters": {"first": meter or FIRST}, "rules": [WELCOME], **more,
    }  # fmt: skip
    return Till(compile_document(json.dumps(document), source="test"))


def miles(counter: Till) -> Balance:
    return counter.balance(asset="miles")


def test_what_is_reached_within_the_first_days_is_paid_once() -> None:
    counter = till()
    counter.put(bought("o1", 60_00, when="2025-03-03"))
    assert miles(counter).available == 0
    counter.put(bought("o2", 40_00, when="2025-03-05"))
    assert miles(counter).available == 500
    counter.put(bought("o3", 400_00, when="2025-03-06"))
    assert miles(counter).available == 500


def test_the_first_days_end_with_the_local_day_and_joining_is_the_first() -> None:
    # Ten days from 3 March on: the last is 12 March.
    in_time, too_late = till(), till()
    for counter, when in ((in_time, "2025-03-12 23:59:59"), (too_late, "2025-03-13 00:00")):
        counter.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 40_00, when=when))
    assert (miles(in_time).available, miles(too_late).available) == (500, 0)


def test_a_refund_that_takes_it_below_takes_the_points_back() -> None:
    counter = till()
    counter.put(bought("o1", 100_00), returned("o1", 1, when="2025-03-20"))
    assert miles(counter).available == 0


def test_a_refund_that_leaves_enough_takes_nothing() -> None:
    counter = till()
    counter.put(bought("o1", 101_00), returned("o1", 1_00, when="2025-03-20"))
    assert miles(counter).available == 500


def test_what_is_spent_by_then_is_owed() -> None:
    counter = till()
    counter.put(bought("o1", 100_00), redeem(300, asset="miles", when="2025-03-04"))
    counter.put(voided("o1", when="2025-03-20"))
    assert miles(counter) == Balance(debt=300)


def test_reached_again_it_is_given_again_but_what_was_let_go_is_not() -> None:
    counter = till(debt="clamp")
    counter.put(bought("o1", 100_00), redeem(300, asset="miles", when="2025-03-04"))
    counter.put(returned("o1", 1, when="2025-03-05"))
    assert miles(counter) == Balance()
    counter.put(bought("o2", 10_00, when="2025-03-06"))
    assert miles(counter).available == 200  # 300 of the 500 were kept when they were spent.


@pytest.mark.parametrize("window", ["year", "anniversary"])
def test_each_window_pays_for_itself(window: str) -> None:
    counter = till({"counts": "basis", "window": window})
    counter.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2026-04-03"))
    assert miles(counter).available == 1_000
    counter.put(bought("o3", 100_00, when="2027-05-03"), returned("o1", 1, when="2027-06-03"))
    assert miles(counter).available == 1_000  # That of 2025, long past, goes.


def test_events_can_reach_something_too() -> None:
    reviews = {"counts": "events", "actions": ["review"]}
    rule = WELCOME | {"reach": {"meter": "first", "from": "3", "points": 500}}
    counter = till(reviews, rules=[rule])
    for subject in ("tea", "jam"):
        counter.put(did(subject=subject))
    assert miles(counter).available == 0
    counter.put(did(subject="rye"))
    assert miles(counter).available == 500


def test_why_not_says_how_much_was_reached() -> None:
    (proof,) = till().put(bought("o1", 60_00)).proofs
    assert (proof.rule, proof.basis, proof.why_not) == ("welcome", 60_00, Refusal.CONDITION)


def test_a_late_order_reaches_it_at_its_own_time() -> None:
    counter = till()
    counter.put(bought("o1", 60_00, when="2025-03-03"), bought("o3", 10_00, when="2025-03-20"))
    counter.put(bought("o2", 40_00, when="2025-03-10"))
    assert miles(counter).available == 500
