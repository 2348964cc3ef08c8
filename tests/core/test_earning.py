"""What a basket is worth: mechanics, tiers, caps and proofs, by examples from a poster."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from core.grocery import (
    PER_DOLLAR,
    Till,
    article,
    bought,
    ladder,
    program,
    returned,
    rule,
    spend,
    voided,
)
from patron.core.decision import Refusal
from patron.core.facts import Line
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_step import PerStep
from patron.core.program import Cap, Match

TEN_PER_TWO = PerStep(points=10, step_minor=2_00)


def per_dollar(points: Fraction | int = 1, **settings: Any) -> PerAmount:
    return PerAmount(rate=Fraction(points) / 100, **settings)


@pytest.mark.parametrize(
    ("mechanic", "basket", "points"),
    [
        pytest.param(PER_DOLLAR, [3_50], 3, id="rounds-down"),
        pytest.param(PER_DOLLAR, [50, 50], 1, id="once-for-the-order"),
        pytest.param(per_dollar(by="line"), [50, 50], 0, id="once-for-each-line"),
        pytest.param(per_dollar(rounding="half_up"), [50], 1, id="half-up"),
        pytest.param(per_dollar(rounding="half_even"), [50], 0, id="half-even"),
        pytest.param(per_dollar(rounding="ceil"), [1], 1, id="ceil"),
        pytest.param(per_dollar(rounding="ceil", by="line"), [1, 1], 2, id="ceil-by-line"),
        pytest.param(per_dollar(Fraction(3, 2)), [3_00], 4, id="one-and-a-half"),
        pytest.param(per_dollar(Fraction(2, 7)), [7_00], 2, id="two-sevenths"),
        pytest.param(per_dollar(Fraction(2, 7)), [6_99], 1, id="just-under-two"),
        pytest.param(PER_DOLLAR, [], 0, id="empty"),
        pytest.param(TEN_PER_TWO, [3_99], 10, id="full-steps-only"),
        pytest.param(TEN_PER_TWO, [1_99], 0, id="no-full-step"),
        pytest.param(TEN_PER_TWO, [1_00, 1_00], 10, id="step-by-order"),
        pytest.param(
            PerStep(points=10, step_minor=2_00, by="line"), [1_00, 5_00], 20, id="step-by-line"
        ),
    ],
)
def test_what_a_basket_earns(mechanic: Any, basket: Sequence[int], points: int) -> None:
    till = Till(program(rule(mechanic)))
    till.put(bought("o1", *basket))
    assert till.balance().available == points


MILK = article(4_00, category="dairy", sku="milk", attributes=(("brand", "hill"),))
CARD = article(9_00, category="cards", kind="service")


@pytest.mark.parametrize(
    ("match", "points"),
    [
        pytest.param(Match(), 13, id="everything"),
        pytest.param(Match(categories=frozenset({"dairy"})), 4, id="category"),
        pytest.param(Match(categories=frozenset({"dairy", "cards"})), 13, id="either"),
        pytest.param(Match(skus=frozenset({"milk"})), 4, id="sku"),
        pytest.param(Match(kinds=frozenset({"service"})), 9, id="kind"),
        pytest.param(Match(attributes=(("brand", frozenset({"hill"})),)), 4, id="attribute"),
        pytest.param(Match(attributes=(("brand", frozenset({"dale"})),)), 0, id="other-value"),
        pytest.param(Match(attributes=(("shade", frozenset({"hill"})),)), 0, id="other-name"),
        pytest.param(
            Match(categories=frozenset({"dairy"}), kinds=frozenset({"service"})), 0, id="both"
        ),
    ],
)
def test_which_lines_a_rule_counts(match: Match, points: int) -> None:
    till = Till(program(rule(match=match)))
    till.put(bought("o1", MILK, CARD))
    assert till.balance().available == points


def test_rules_add_up_and_each_opens_a_lot() -> None:
    till = Till(program(rule(), rule(TEN_PER_TWO, name="step")))
    decision = till.put(bought("o1", 4_50))
    assert [(proof.rule, proof.amount) for proof in decision.proofs] == [("base", 4), ("step", 20)]
    assert [(lot.rule, lot.amount) for lot in decision.opened] == [("base", 4), ("step", 20)]


@pytest.mark.parametrize(
    ("mechanic", "times", "points"),
    [
        pytest.param(PER_DOLLAR, Fraction(3, 2), 6, id="multiplied-before-rounding"),
        pytest.param(TEN_PER_TWO, Fraction(3, 2), 30, id="steps-first"),
        pytest.param(PerStep(points=1, step_minor=4_00), Fraction(3, 2), 1, id="floor-at-the-end"),
    ],
)
def test_a_tier_multiplies(mechanic: Any, times: Fraction, points: int) -> None:
    # An order of 4.50, after one of 100.00 that made the member silver.
    silver = rule(mechanic, by_tier={1: times})
    till = Till(program(silver, meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 100_00))
    assert till.account().tier == "silver"
    decision = till.put(bought("o2", 4_50))
    assert decision.proofs[0].amount == points
    assert decision.proofs[0].multiplier == str(times)


def test_an_order_earns_at_the_tier_before_it() -> None:
    double = rule(by_tier={1: Fraction(2)})
    till = Till(program(double, meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 100_00))
    assert till.balance().available == 100
    till.put(bought("o2", 10_00))
    assert till.balance().available == 120


def test_a_rule_for_a_tier_says_why_it_paid_others_nothing() -> None:
    gold = rule(match=Match(tiers=frozenset({2})))
    till = Till(program(gold, meters=[spend()], ladder=ladder()))
    poor = till.put(bought("o1", 300_00))
    assert [(proof.amount, proof.why_not) for proof in poor.proofs] == [(0, Refusal.TIER)]
    rich = till.put(bought("o2", 10_00))
    assert [(proof.amount, proof.why_not) for proof in rich.proofs] == [(10, "")]


def test_a_proof_shows_its_arithmetic() -> None:
    till = Till(program(rule(caps=(Cap(window="order", amount=5),))))
    (proof,) = till.put(bought("o1", 7_50)).proofs
    assert (proof.amount, proof.basis, proof.uncapped) == (5, 7_50, 7)
    assert proof.why_not == Refusal.CAP_REACHED
    (proof,) = till.put(bought("o2", 50)).proofs
    assert (proof.amount, proof.why_not) == (0, Refusal.CONDITION)


def capped(**windows: int) -> Till:
    caps = tuple(Cap(window=window, amount=most) for window, most in windows.items())  # type: ignore[arg-type]
    return Till(program(rule(caps=caps)))


@pytest.mark.parametrize(
    ("caps", "days", "available"),
    [
        pytest.param({"order": 5}, ["2025-03-03", "2025-03-03"], 10, id="each-order"),
        pytest.param({"day": 12}, ["2025-03-03", "2025-03-03"], 12, id="one-day"),
        pytest.param({"day": 12}, ["2025-03-03", "2025-03-04"], 20, id="two-days"),
        pytest.param({"week": 12}, ["2025-03-03", "2025-03-09"], 12, id="monday-and-sunday"),
        pytest.param({"week": 12}, ["2025-03-09", "2025-03-10"], 20, id="sunday-and-monday"),
        pytest.param({"month": 12}, ["2025-03-01", "2025-03-31"], 12, id="one-month"),
        pytest.param({"month": 12}, ["2025-03-31 23:59", "2025-04-01 00:00"], 20, id="midnight"),
        pytest.param({"year": 12}, ["2025-01-01", "2025-12-31"], 12, id="one-year"),
        pytest.param({"lifetime": 12}, ["2025-01-01", "2031-01-01"], 12, id="for-ever"),
        pytest.param({"order": 8, "day": 12}, ["2025-03-03", "2025-03-03"], 12, id="the-tighter"),
    ],
)
def test_caps_hold_within_their_window(
    caps: dict[str, int], days: Sequence[str], available: int
) -> None:
    till = capped(**caps)
    for place, day in enumerate(days):
        till.put(bought(f"o{place}", 10_00, when=day))
    assert till.balance().available == available


def test_a_refund_frees_room_for_later_orders() -> None:
    till = capped(day=12)
    till.put(bought("o1", 10_00), bought("o2", 10_00))
    assert till.balance().available == 12
    till.put(returned("o1", l1=10_00))
    assert till.balance().available == 2
    till.put(bought("o3", 20_00))
    assert till.balance().available == 12


def test_room_that_a_refund_frees_is_not_given_to_orders_before_it() -> None:
    till = capped(day=12)
    till.put(bought("o1", 10_00), bought("o2", 10_00), voided("o1"))
    # An edit of the second one finds the room that it had.
    till.put(bought("o2", 30_00))
    assert till.balance().available == 2


def test_a_refund_of_what_was_above_the_cap_takes_nothing() -> None:
    till = capped(order=5)
    till.put(bought("o1", 10_00, 4_00))
    till.put(returned("o1", l1=8_00, units=0))
    assert till.balance().available == 5
    till.put(returned("o1", l1=2_00))
    assert till.balance().available == 4


def test_lines_that_are_given_or_taken_off_earn_nothing() -> None:
    kinds: list[Line] = [article(5_00, kind="reward"), article(5_00, kind="discount")]
    till = Till(program())
    till.put(bought("o1", *kinds))
    assert till.balance().available == 0


def test_after_a_return_what_was_paid_by_points_is_left_in_proportion() -> None:
    till = Till(program())
    till.put(bought("o1", 50_00, 50_00, paid_by={"points": 50_00}))
    assert till.balance().available == 50
    # Half of the goods come back, so half of each way of paying does.
    till.put(returned("o1", l1=50_00))
    assert till.balance().available == 25
