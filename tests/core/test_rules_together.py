"""Base rules add up, multiply and exclude one another; caps hold one rule or all of them."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from core.grocery import (
    PER_DOLLAR,
    POINTS,
    Till,
    article,
    bought,
    did,
    ladder,
    program,
    returned,
    rule,
    spend,
    voided,
)
from patron.core.decision import Proof, Refusal
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.mechanics.per_unit import PerUnit
from patron.core.mechanics.round_up import RoundUp
from patron.core.program import Cap, During, Match, MemberCap, Rule

FOOD = Match(categories=frozenset({"food"}))
MARCH = During(from_day=date(2025, 3, 1), to_day=date(2025, 4, 1))


def times(by: Fraction | int, *rules: str, name: str = "times", **settings: Any) -> Rule:
    """A rule that multiplies others, the base rule unless told otherwise."""
    multiply = Multiply(by=Fraction(by), rules=frozenset(rules or {"base"}))
    return rule(multiply, name=name, asset="", **settings)


def proofs(till: Till) -> dict[str, Proof]:
    return {proof.rule: proof for proof in till.book.decided[-1].decision.proofs}


def earns(*rules: Rule, basket: Sequence[Any] = (10_00,), when: str = "2025-03-03") -> int:
    till = Till(program(*rules))
    till.put(bought("o1", *basket, when=when))
    return till.balance().available


# Multipliers.


def test_multipliers_multiply_one_another() -> None:
    assert earns(rule(), times(2), times(Fraction(3, 2), name="more")) == 30


def test_a_tier_and_a_campaign_multiply_one_another() -> None:
    base = rule(by_tier={1: Fraction(3, 2)})
    till = Till(program(base, times(2), meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 100_00), bought("o2", 10_00))
    assert till.account().tier == "silver"
    assert till.balance().available == 200 + 10 * 3
    assert proofs(till)["base"].multiplier == "3/2 x 2 (times)"


def test_multipliers_come_before_the_one_rounding() -> None:
    # 0.50 x 1.5 x 2 = 1.5 points, rounded once.
    assert earns(rule(), times(2), times(Fraction(3, 2), name="more"), basket=[50]) == 1


def test_a_step_rule_rounds_by_its_step_before_a_multiplier() -> None:
    step = rule(PerStep(points=1, step_minor=4_00))
    assert earns(step, times(Fraction(3, 2)), basket=[7_99]) == 1


def test_a_multiplier_of_a_category_multiplies_its_lines_only() -> None:
    basket = [article(10_00), article(5_00, category="home")]
    assert earns(rule(), times(3, match=FOOD), basket=basket) == 10 * 3 + 5


def test_lines_that_are_multiplied_apart_are_rounded_together() -> None:
    # 0.50 x 3 + 0.50 = 2.00: one rounding for the order, not one for each line.
    basket = [article(50), article(50, category="home")]
    assert earns(rule(), times(3, match=FOOD), basket=basket) == 2


def test_steps_by_line_are_multiplied_line_by_line() -> None:
    step = rule(PerStep(points=10, step_minor=2_00, by="line"))
    basket = [article(3_99), article(3_99, category="home")]
    assert earns(step, times(2, match=FOOD), basket=basket) == 10 * 2 + 10


@pytest.mark.parametrize(
    ("match", "points"),
    [
        pytest.param(Match(order_attributes=(("channel", frozenset({"app"})),)), 20, id="order"),
        pytest.param(Match(order_attributes=(("channel", frozenset({"web"})),)), 10, id="other"),
        pytest.param(Match(attributes=(("brand", frozenset({"hill"})),)), 20, id="line"),
        pytest.param(Match(attributes=(("brand", frozenset({"dale"})),)), 10, id="other-line"),
    ],
)
def test_a_multiplier_holds_for_an_attribute(match: Match, points: int) -> None:
    till = Till(program(rule(), times(2, match=match)))
    milk = article(10_00, attributes=(("brand", "hill"),))
    till.put(bought("o1", milk, attributes=(("channel", "app"),)))
    assert till.balance().available == points


def test_a_multiplier_holds_on_its_weekdays() -> None:
    mondays = times(2, during=During(weekdays=frozenset({0})))
    assert earns(rule(), mondays, when="2025-03-03") == 20
    assert earns(rule(), mondays, when="2025-03-04") == 10


def test_a_multiplier_multiplies_events_too() -> None:
    review = rule(PerEvent(points=50, action="review"), name="review")
    till = Till(program(review, times(2, "review")))
    till.put(did("review"))
    assert till.balance().available == 100


def test_a_refund_gives_back_what_was_multiplied() -> None:
    till = Till(program(rule(), times(3, match=FOOD)))
    till.put(bought("o1", article(10_00), article(5_00, category="home")))
    till.put(returned("o1", l1=10_00))
    assert till.balance().available == 5


# Days.


@pytest.mark.parametrize(
    ("when", "points"),
    [
        pytest.param("2025-02-28 23:59", 0, id="the-day-before"),
        pytest.param("2025-03-01 00:00", 10, id="its-first-instant"),
        pytest.param("2025-03-31 23:59", 10, id="its-last-minute"),
        pytest.param("2025-04-01 00:00", 0, id="half-open"),
    ],
)
def test_a_rule_holds_from_a_local_day_up_to_another(when: str, points: int) -> None:
    assert earns(rule(during=MARCH), when=when) == points


def test_an_order_keeps_the_day_of_its_first_completion() -> None:
    till = Till(program(rule(during=MARCH)))
    till.put(bought("o1", 10_00, when="2025-03-31"), bought("o1", 20_00, when="2025-04-02"))
    assert till.balance().available == 20


# Groups.


def of_group(*rules: Rule, pick: Any) -> Till:
    return Till(program(*rules, groups={"seasonal": pick}))


def test_base_rules_sum() -> None:
    assert earns(rule(), rule(PerUnit(points=5), name="units")) == 15


def test_of_a_group_the_best_for_the_member_pays() -> None:
    step = rule(PerStep(points=10, step_minor=5_00), name="step", group="seasonal")
    till = of_group(rule(group="seasonal"), step, pick="best_for_member")
    till.put(bought("o1", 10_00))
    assert till.balance().available == 20
    lost = proofs(till)["base"]
    assert (lost.amount, lost.uncapped, lost.why_not) == (0, 10, Refusal.CONDITION)
    assert (lost.condition, lost.instead) == ("group", "step")


def test_what_is_best_for_the_member_may_change_with_a_refund() -> None:
    step = rule(PerStep(points=12, step_minor=10_00), name="step", group="seasonal")
    till = of_group(rule(group="seasonal"), step, pick="best_for_member")
    till.put(bought("o1", 5_00, 5_00))
    assert till.balance().available == 12
    till.put(returned("o1", l1=5_00))
    assert till.balance().available == 5


def test_of_a_group_the_highest_priority_that_applies_pays() -> None:
    low = rule(group="seasonal", priority=1)
    high = rule(PerUnit(points=3), name="units", match=FOOD, group="seasonal", priority=2)
    till = of_group(low, high, pick="priority")
    till.put(bought("o1", 10_00))
    assert till.balance().available == 3
    till.put(bought("o2", article(7_00, category="home")))
    assert till.balance().available == 3 + 7


# Caps.


def test_a_cap_on_all_rules_cuts_the_later_ones_and_says_so() -> None:
    caps = (MemberCap(asset="points", window="day", amount=12),)
    till = Till(program(rule(), rule(PerUnit(points=5), name="units"), caps=caps))
    till.put(bought("o1", 10_00))
    assert till.balance().available == 12
    cut = proofs(till)["units"]
    assert (cut.amount, cut.uncapped, cut.why_not) == (2, 5, Refusal.CAP_REACHED)
    assert cut.condition == "the program's caps.day"


def test_events_and_orders_share_a_cap_on_all_rules() -> None:
    caps = (MemberCap(asset="points", window="month", amount=55),)
    review = rule(PerEvent(points=50, action="review"), name="review")
    till = Till(program(rule(), review, caps=caps))
    till.put(did("review"), bought("o1", 10_00))
    assert till.balance().available == 55


def test_room_under_a_cap_on_all_rules_that_a_refund_frees_is_free_again() -> None:
    caps = (MemberCap(asset="points", window="day", amount=12),)
    till = Till(program(rule(), caps=caps))
    till.put(bought("o1", 10_00), bought("o2", 10_00), voided("o1"))
    assert till.balance().available == 2
    till.put(bought("o3", 20_00))
    assert till.balance().available == 12


def test_a_cap_by_order_holds_all_rules_together() -> None:
    caps = (MemberCap(asset="points", window="order", amount=12),)
    till = Till(program(rule(), rule(PerUnit(points=5), name="units"), caps=caps))
    till.put(bought("o1", 10_00), bought("o2", 10_00))
    assert till.balance().available == 24


def test_a_cap_by_campaign_counts_over_all_days_of_its_rule() -> None:
    capped = rule(during=MARCH, caps=(Cap(window="campaign", amount=15),))
    till = Till(program(capped))
    till.put(bought("o1", 10_00, when="2025-03-01"), bought("o2", 10_00, when="2025-03-31"))
    assert till.balance().available == 15
    assert proofs(till)["base"].condition == "caps.campaign"


# Units, and what rounds up.


def test_units_are_paid_by_unit() -> None:
    assert earns(rule(PerUnit(points=5)), basket=[article(6_00, units=3)]) == 15


def test_units_of_a_multiplied_category_pay_more() -> None:
    basket = [article(6_00, units=3), article(1_00, units=2, category="home")]
    assert earns(rule(PerUnit(points=5)), times(2, match=FOOD), basket=basket) == 30 + 10


def test_a_round_up_is_taken_on_the_amount_charged() -> None:
    till = Till(program(rule(RoundUp(to_minor=1_00))))
    # 3.40 + 0.25 tax + 2.00 shipping = 5.65 were charged: 0.35 to the next dollar.
    till.put(bought("o1", article(3_40, tax_minor=25), shipping_minor=2_00))
    assert till.balance().available == 35


def test_a_round_up_of_another_currency_is_taken_before_it_is_exchanged() -> None:
    till = Till(program(rule(RoundUp(to_minor=1_00))))
    # 3.40 EUR: 0.60 EUR to the next euro, at 2 EUR for a dollar 0.30 USD.
    till.put(bought("o1", 3_40, currency="EUR", rate=(2, 1)))
    assert till.balance().available == 30


# Why not.


@pytest.mark.parametrize(
    ("base", "when", "code", "condition"),
    [
        pytest.param(rule(during=MARCH), "2025-02-01", "not_open", "during.from", id="not-yet"),
        pytest.param(rule(during=MARCH), "2025-04-01", "closed", "during.to", id="over"),
        pytest.param(
            rule(during=During(weekdays=frozenset({5}))),
            "2025-03-03", "condition", "during.weekdays", id="weekday",
        ),
        pytest.param(
            rule(match=Match(order_attributes=(("channel", frozenset({"app"})),))),
            "2025-03-03", "condition", "match.order_attributes", id="order",
        ),
        pytest.param(
            rule(match=Match(categories=frozenset({"home"}))),
            "2025-03-03", "condition", "match", id="no-line",
        ),
        pytest.param(
            rule(PerStep(points=1, step_minor=20_00)),
            "2025-03-03", "condition", "too_little", id="no-step",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_did_not_apply_says_which_condition_failed(
    base: Rule, when: str, code: str, condition: str
) -> None:
    till = Till(program(base))
    till.put(bought("o1", 10_00, when=when))
    proof = proofs(till)["base"]
    assert (proof.amount, proof.why_not, proof.condition) == (0, code, condition)


def test_the_order_of_an_earn_is_basis_rate_multipliers_rounding_caps() -> None:
    # (12.00 - 2.00 by points) x 1.5 x 1.11 = 16.65, half up 17, capped at 15.
    base = rule(
        PerAmount(rate=Fraction(3, 200), rounding="half_up"),
        caps=(Cap(window="order", amount=15),),
    )
    till = Till(program(base, times(Fraction("1.11")), assets=[POINTS]))
    till.put(bought("o1", 12_00, paid_by={"points": 2_00}))
    proof = proofs(till)["base"]
    assert (proof.basis, proof.uncapped, proof.amount) == (10_00, 17, 15)


def test_a_rate_of_one_a_dollar_is_the_defaults() -> None:
    assert PER_DOLLAR.rounding == "floor"
    assert PER_DOLLAR.by == "order"
