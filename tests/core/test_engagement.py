"""What members do besides buying: points by event, once-keys, caps and meters."""

from fractions import Fraction
from typing import Any

import pytest

from core.grocery import Till, bought, did, ladder, program, reward, rule, spend
from patron.core.decision import Refusal
from patron.core.mechanics.every import Every
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Cap, Ladder, Match, Meter, Tier, Window


def review(**settings: Any) -> PerEvent:
    return PerEvent(points=50, action="review", **settings)


@pytest.mark.parametrize(
    ("mechanic", "subjects", "points"),
    [
        pytest.param(review(), ["tea", "tea"], 100, id="every-time"),
        pytest.param(review(once="subject"), ["tea", "tea"], 50, id="once-a-subject"),
        pytest.param(review(once="subject"), ["tea", "jam"], 100, id="two-subjects"),
        pytest.param(review(once="ever"), ["tea", "jam"], 50, id="once-ever"),
    ],
)
def test_what_reviews_earn(mechanic: PerEvent, subjects: list[str], points: int) -> None:
    till = Till(program(rule(mechanic)))
    for place, subject in enumerate(subjects):
        till.put(did("review", subject, event=f"e{place}"))
    assert till.balance().available == points


def test_a_second_review_says_that_it_was_paid_before() -> None:
    till = Till(program(rule(review(once="subject"))))
    till.put(did("review", "tea", event="e1"))
    (proof,) = till.put(did("review", "tea", event="e2")).proofs
    assert (proof.amount, proof.why_not) == (0, Refusal.ALREADY_USED)


def test_once_is_once_for_each_member_and_rule() -> None:
    till = Till(program(rule(review(once="ever")), rule(review(once="ever"), name="more")))
    till.put(did("review", event="e1"), did("review", event="e2", member="bob"))
    assert till.balance("ann").available == till.balance("bob").available == 100


def test_another_action_earns_nothing_and_is_an_entry() -> None:
    till = Till(program(rule(review())))
    decision = till.put(did("share"))
    assert (decision.proofs, decision.account.seq) == ((), 1)


@pytest.mark.parametrize(
    ("stars", "points"), [pytest.param(5, 50, id="as-asked"), pytest.param(4, 0, id="other")]
)
def test_attributes_decide_and_a_number_is_compared_as_text(stars: int, points: int) -> None:
    match = Match(attributes=(("stars", frozenset({"5"})),))
    till = Till(program(rule(review(), match=match)))
    till.put(did("review", stars=stars))
    assert till.balance().available == points


def test_a_cap_cuts_and_leaves_the_key_of_what_it_refused() -> None:
    caps = (Cap(window="day", amount=80),)
    till = Till(program(rule(review(once="subject"), caps=caps)))
    for subject in ("tea", "jam", "rye"):
        till.put(did("review", subject, when="2025-03-03"))
    assert till.balance().available == 80
    # The rye was refused for want of room, so it is paid the next day; the jam was cut.
    till.put(did("review", "rye", when="2025-03-04"), did("review", "jam", when="2025-03-04"))
    assert till.balance().available == 130


def test_a_tier_multiplies_and_rounds_down() -> None:
    points = PerEvent(points=5, action="review")
    silver = rule(points, by_tier={1: Fraction(3, 2)})
    till = Till(program(silver, meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 100_00), did("review"))
    assert till.balance().available == 7


def test_events_move_meters_and_tiers() -> None:
    reviews = Meter(
        name="reviews",
        counts="events",
        actions=frozenset({"review"}),
        window=Window(kind="month"),
    )
    critics = Ladder(
        meter="reviews", tiers=(Tier(name="reader", threshold=0), Tier(name="critic", threshold=2))
    )
    till = Till(program(meters=[reviews], ladder=critics))
    till.put(did("review", event="e1"), did("share"))
    assert till.account().tier == ""
    till.put(did("review", event="e2"))
    assert till.account().tier == "critic"
    assert till.account().meters["reviews"] == {"2025-03": 2}


def test_points_of_events_and_orders_move_a_meter_of_points() -> None:
    earned = Meter(name="earned", counts="points", asset="points", window=Window(kind="year"))
    till = Till(program(rule(), rule(review(), name="review"), meters=[earned]))
    till.put(bought("o1", 10_00), did("review"))
    assert till.account().meters["earned"] == {"2025": 60}


def test_events_punch_a_card() -> None:
    visits = Meter(
        name="visits",
        counts="events",
        actions=frozenset({"check_in"}),
        punches=True,
        window=Window(kind="own"),
    )
    every = rule(Every(meter="visits", count=2, reward="coffee"))
    till = Till(program(every, meters=[visits], rewards=[reward()]))
    till.put(did("check_in", event="e1"))
    assert till.grants() == []
    till.put(did("check_in", event="e2"))
    assert [grant.reward for grant in till.grants()] == ["coffee"]
