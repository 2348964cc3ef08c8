"""Rewards for entering a segment: coupons for who has been away, badges for who has it all."""

from typing import Any, Literal

import pytest

from core.grocery import (
    Till,
    at,
    bought,
    did,
    program,
    redeem,
    returned,
    reward,
    rule,
    spend,
    voided,
)
from core.test_belongings import LAPSED, segment
from patron.core.mechanics.entering import Entering
from patron.core.program import Age, Meter, Program, Span, Threshold

REVIEWS = Meter(name="reviews", counts="events", actions=frozenset({"review"}))
CRITIC = segment(
    "critic",
    thresholds=(Threshold(meter="spend", at_least=50_00), Threshold(meter="reviews", at_least=2)),
)
BADGE = reward("critic", kind="badge")
COUPON = reward("five-off", kind="amount_off", lives=Span(days=14))


def entering(
    name: str, gives: str, *, once: Literal["never", "ever"] = "never", **settings: Any
) -> Program:
    """A program that gives one reward for entering one segment."""
    unlock = rule(
        Entering(segment=f"segment/{name}", reward=gives, once=once), name="enter", asset=""
    )
    defaults = {"meters": [spend(), REVIEWS], "rewards": [BADGE, COUPON]}
    return program(rule(), unlock, **defaults | {"belongings": (CRITIC, LAPSED)} | settings)


def held(till: Till) -> list[tuple[str, str]]:
    return [(grant.reward, grant.state) for grant in till.grants()]


def test_a_badge_is_given_when_a_set_of_conditions_is_met() -> None:
    till = Till(entering("critic", "critic", once="ever"))
    till.put(bought("o1", 50_00), did("review", "a"))
    assert held(till) == []
    till.put(did("review", "b"))
    assert held(till) == [("critic", "unlocked")]
    assert till.said("badge.awarded") == [{"badge": "critic"}]
    assert till.said("reward.unlocked") == []


def test_a_badge_is_given_once_for_ever() -> None:
    till = Till(entering("critic", "critic", once="ever"))
    till.put(bought("o1", 50_00, when="2025-03-03"), did("review", "a"), did("review", "b"))
    # The meter counts the year: next year the critic has to buy again, and has the badge.
    till.put(bought("o2", 50_00, when="2026-03-03"))
    assert len(till.said("segment.entered")) == 2
    assert till.said("badge.awarded") == [{"badge": "critic"}]


def test_a_return_that_unmeets_the_conditions_takes_the_badge_and_it_can_be_had_again() -> None:
    till = Till(entering("critic", "critic", once="ever"))
    till.put(did("review", "a"), did("review", "b"), bought("o1", 50_00))
    till.put(returned("o1", l1=1, when="2025-03-04"))
    assert held(till) == []
    assert [each["reason"] for each in till.said("reward.revoked")] == ["refund"]
    till.put(bought("o2", 1, when="2025-03-05"))
    assert held(till) == [("critic", "unlocked")]


def test_a_reward_that_is_kept_stays_after_a_return_and_is_not_given_twice() -> None:
    kept = BADGE.__class__(name="critic", kind="badge", text={}, on_refund="keep")
    till = Till(entering("critic", "critic", rewards=[kept]))
    till.put(did("review", "a"), did("review", "b"), bought("o1", 50_00))
    till.put(voided("o1", when="2025-03-04"), bought("o2", 50_00, when="2025-03-05"))
    assert held(till) == [("critic", "unlocked")]


def test_a_coupon_is_given_at_each_entering_at_its_own_instant_and_lapses() -> None:
    till = Till(entering("lapsed", "five-off"))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2025-05-03")
    (grant,) = till.grants()
    assert (grant.unlocked_at, grant.lapses_at) == (at("2025-05-02"), at("2025-05-16"))
    till.put(bought("o2", 1_00, when="2025-06-01"))
    assert held(till) == []
    till.wait("2025-08-01")
    assert held(till) == [("five-off", "unlocked")]


def test_who_comes_back_to_buy_keeps_the_coupon_for_having_been_away() -> None:
    till = Till(entering("lapsed", "five-off"))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-05-03"))
    assert till.said("segment.left") == [{"segment": "lapsed"}]
    assert held(till) == [("five-off", "unlocked")]


def test_a_claimed_reward_that_a_return_unmade_is_owed_by_the_next_entering() -> None:
    till = Till(entering("critic", "five-off"))
    till.put(did("review", "a"), did("review", "b"), bought("o1", 50_00))
    assert till.ask(redeem(reward="five-off")).granted
    till.put(returned("o1", l1=1, when="2025-03-04"), bought("o2", 1, when="2025-03-05"))
    assert held(till) == []
    till.put(returned("o2", l1=1, when="2025-03-06"), bought("o3", 1, when="2025-03-07"))
    assert held(till) == []


@pytest.mark.parametrize("once", ["never", "ever"])
def test_entering_late_is_entering_all_the_same(once: Literal["never", "ever"]) -> None:
    till = Till(entering("critic", "critic", once=once))
    till.put(did("review", "a", when="2025-03-03"), did("review", "b", when="2025-03-05"))
    till.put(bought("o1", 50_00, when="2025-03-04"))
    assert held(till) == [("critic", "unlocked")]


def test_a_segment_may_hang_on_another() -> None:
    loyal = segment(
        "loyal",
        segments=frozenset({"segment/critic"}),
        ages=(Age(since="joining", at_least=Span(days=30)),),
    )
    till = Till(entering("loyal", "critic", belongings=(CRITIC, loyal)))
    till.put(bought("o1", 50_00), did("review", "a"), did("review", "b"))
    till.wait("2025-04-02 11:59")
    assert held(till) == []
    till.wait("2025-04-02")
    assert held(till) == [("critic", "unlocked")]
