"""Rules and rewards for those who are in a segment, or hold an entitlement."""

from fractions import Fraction
from typing import Any

import pytest

from core.grocery import (
    Till,
    at,
    bought,
    did,
    ladder,
    program,
    redeem,
    returned,
    reward,
    rule,
    spend,
)
from core.test_belongings import LAPSED, lounge
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.yearly import Yearly
from patron.core.program import Match, MonthDay, Program, Rule, Span

COME_BACK = frozenset({"segment/lapsed"})
LOUNGE = frozenset({"entitlement/lounge"})


def shop(*rules: Rule, **settings: Any) -> Program:
    return program(*rules, **{"meters": [spend()], "belongings": (LAPSED,)} | settings)


def twice(**match: Any) -> Rule:
    """A multiplier of the base rule for some members only."""
    multiply = Multiply(by=Fraction(2), rules=frozenset({"base"}))
    return rule(multiply, name="twice", asset="", match=Match(**match))


def test_a_rule_holds_for_who_was_in_its_segment_before_the_order() -> None:
    till = Till(shop(rule(), twice(segments=COME_BACK)))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 10_00, when="2025-05-02"))
    # 100, and 10 twice: the order that ends the lapse still finds it.
    assert till.balance().available == 120
    till.put(bought("o3", 10_00, when="2025-05-03"))
    assert till.balance().available == 130


def test_an_order_keeps_the_segments_that_it_was_bought_in() -> None:
    till = Till(shop(rule(), twice(segments=COME_BACK)))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 10_00, when="2025-06-03"))
    till.put(returned("o2", l1=5_00, when="2025-06-04"))
    assert till.balance().available == 110


def test_why_not_says_the_segment() -> None:
    till = Till(shop(rule(match=Match(segments=COME_BACK))))
    (proof,) = till.put(bought("o1", 10_00)).proofs
    assert (proof.why_not, proof.condition) == ("segment", "match.segment")


def test_why_not_says_the_entitlement() -> None:
    settings = {"belongings": (lounge(),), "ladder": ladder()}
    till = Till(shop(rule(match=Match(entitlements=LOUNGE)), **settings))
    (proof,) = till.put(bought("o1", 10_00)).proofs
    assert (proof.why_not, proof.condition) == ("condition", "match.entitlement")


def test_an_entitlement_counts_in_its_grace_too() -> None:
    kept = lounge(grace=Span(days=30))
    settings = {"belongings": (kept,), "ladder": ladder(held="window")}
    till = Till(shop(rule(match=Match(entitlements=LOUNGE)), **settings))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2026-01-30"))
    assert till.balance().available == 1
    till.put(bought("o3", 1_00, when="2026-01-31"))
    assert till.balance().available == 1


def test_an_event_pays_who_is_in_the_segment() -> None:
    hello = rule(PerEvent(points=5, action="visit"), match=Match(segments=COME_BACK))
    till = Till(shop(hello))
    till.put(bought("o1", 100_00, when="2025-03-03"), did("visit", when="2025-05-01"))
    assert till.balance().available == 0
    till.put(did("visit", when="2025-05-02"))
    assert till.balance().available == 5


@pytest.mark.parametrize(("day", "points"), [(MonthDay(5, 1), 0), (MonthDay(5, 2), 7)])
def test_time_awards_who_enters_a_segment_at_that_very_instant(day: MonthDay, points: int) -> None:
    award = rule(Yearly(on=day, hour=12, points=7), match=Match(segments=COME_BACK))
    till = Till(shop(award))
    till.put(bought("o1", 100_00, when="2025-03-03 12:00"))
    till.wait("2025-05-03")
    assert till.balance().available == points
    assert till.account().belongings["segment/lapsed"] > at("2025-05-03")


@pytest.mark.parametrize(
    ("match", "code"),
    [
        ({"tiers": frozenset({1})}, "tier"),
        ({"segments": COME_BACK}, "segment"),
        ({"entitlements": LOUNGE}, "condition"),
    ],
)
def test_a_reward_can_be_bought_by_whom_it_is_for(match: dict[str, Any], code: str) -> None:
    mug = reward("mug", cost=10, cost_asset="points", match=Match(**match))
    kept = lounge(segments=COME_BACK)
    till = Till(shop(rewards=[mug], belongings=(LAPSED, kept), ladder=ladder()))
    till.put(bought("o1", 90_00, when="2025-03-03"))
    assert till.ask(redeem(reward="mug", when="2025-03-04")).code == code
    till.put(bought("o2", 10_00, when="2025-03-05"))
    # Silver by 100.00, lapsed sixty days later, and in the lounge with it.
    assert till.ask(redeem(reward="mug", when="2025-05-05")).granted
