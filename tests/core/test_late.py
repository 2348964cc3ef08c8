"""Late facts: what comes late leaves the account that it would have left in time."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from core.grocery import (
    Till,
    at,
    bought,
    card,
    did,
    ladder,
    program,
    redeem,
    reserve,
    returned,
    rule,
    spend,
    voided,
)
from core.histories import histories, many, programs
from patron.core.account import Balance
from patron.core.decision import Unfit
from patron.core.facts import Fact, Request
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Asset, Cap, Program, Span

SILVER_TWICE = program(
    rule(by_tier={1: Fraction(2)}), meters=[spend()], ladder=ladder()
)  # Silver from 100.00.


def digest(till: Till, member: str = "ann") -> dict[str, Any]:
    """All of a member but numbers of entries and when things were written."""
    account = till.account(member)
    lots: Counter[Any] = Counter()
    for lot in till.lots(member):
        place = (lot.asset, lot.compartment, lot.expires_at, lot.earned_at, lot.rule)
        lots[place] += lot.remaining
    return {
        # What is zero says nothing.
        "account": account._replace(
            seq=0,
            due_at=account.at,
            balances={asset: held for asset, held in account.balances.items() if any(held)},
            meters={
                name: {window: value for window, value in windows.items() if value}
                for name, windows in account.meters.items()
                if any(windows.values())
            },
            punches={name: living for name, living in account.punches.items() if living},
            owed={name: owed for name, owed in account.owed.items() if owed},
            used={cap: used for cap, used in account.used.items() if used[1]},
        ),
        "lots": lots,
        "grants": sorted(
            (g.reward, g.state, g.unlocked_at, g.lapses_at, g.order, g.punches)
            for g in till.grants(member)
        ),
        "orders": {
            name: (o.state.tier, o.state.room, o.state.given, o.state.counted, o.state.refunded)
            for name, o in till.book.orders.items()
            if o.member == member
        },
    }


# The laws.


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Facts without requests by time, each at an instant of its own; and as they arrive."""
    facts = [
        fact._replace(at=fact.at + timedelta(seconds=place))
        for place, fact in enumerate(draw(histories()))
        if not isinstance(fact, Request)
    ]
    return facts, draw(st.permutations(facts))


def unfit(till: Till, facts: list[Fact]) -> bool:
    return any(isinstance(till.offer(fact), Unfit) for fact in facts) or bool(till.book.unfit)


@many
@given(programs(debt=("debt",)), shuffled())
def test_the_same_facts_in_any_order_of_arrival_give_the_same_state(
    rules: Program, arrival: tuple[list[Fact], list[Fact]]
) -> None:
    by_time, as_they_came = arrival
    in_time, late = Till(rules), Till(rules)
    assume(not unfit(in_time, by_time))
    assume(not unfit(late, as_they_came))
    for member in ("ann", "bob"):
        for till in (in_time, late):
            till.wait(by_time[-1].at, member=member)
        assert digest(late, member) == digest(in_time, member)


# By hand.


def test_orders_after_a_late_one_are_rated_again_at_the_tier_that_it_gives() -> None:
    till = Till(SILVER_TWICE)
    till.put(bought("o1", 20_00, when="2025-03-10"))
    assert till.balance() == Balance(available=20)
    late = till.put(bought("o2", 100_00, when="2025-03-03"))
    # 100 for itself at member, and 20 more for o1 at silver.
    assert till.balance() == Balance(available=140)
    assert {o.order: o.tier for o in late.orders} == {"o1": "silver", "o2": ""}
    assert [(c.entry, c.at, c.amount) for c in late.corrections] == [
        (2, at("2025-03-03"), 100),
        (1, at("2025-03-10"), 20),
    ]


def test_corrections_are_said_at_the_time_of_what_they_correct() -> None:
    till = Till(SILVER_TWICE)
    till.put(bought("o1", 20_00, when="2025-03-10"))
    said = till.put(bought("o2", 100_00, when="2025-03-03")).notices
    earned = [(n.at, n.data["amount"], n.data.get("corrects_entry")) for n in said[:2]]
    assert earned == [(at("2025-03-03"), 100, None), (at("2025-03-10"), 20, 1)]
    assert [(n.type, n.data.get("reason")) for n in said[2:]] == [("tier.changed", "correction")]


def test_a_late_refund_lowers_what_later_orders_were_rated_by() -> None:
    till = Till(SILVER_TWICE)
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 20_00, when="2025-03-10"))
    assert till.balance() == Balance(available=140)
    till.put(returned("o1", l1=50_00, when="2025-03-05"))
    # 50 for o1, and 20 at member for o2.
    assert till.balance() == Balance(available=70)
    assert till.account().tier == "member"


def test_answers_stand_and_what_they_leave_uncovered_becomes_debt() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00, when="2025-03-03"), redeem(10, when="2025-03-10"))
    till.put(voided("o1", when="2025-03-05"))
    assert till.balance() == Balance(debt=10)


def test_what_was_refused_stays_refused() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.ask(redeem(15, when="2025-03-10")).code == "insufficient_points"
    till.put(bought("o2", 10_00, when="2025-03-04"))
    assert till.balance() == Balance(available=20)


def test_a_reservation_that_a_late_refund_leaves_uncovered_is_owed_until_it_is_given_back() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00, when="2025-03-03"), reserve(10, when="2025-03-10"))
    till.put(voided("o1", when="2025-03-05"))
    assert till.balance() == Balance(reserved=10, debt=10)
    till.wait("2025-03-11")
    assert till.balance() == Balance()


def test_a_late_order_takes_the_room_under_a_cap_that_a_later_one_had() -> None:
    till = Till(program(rule(caps=(Cap(window="month", amount=30),))))
    till.put(bought("o1", 25_00, when="2025-03-10"))
    till.put(bought("o2", 20_00, when="2025-03-03"))
    assert till.balance() == Balance(available=30)
    given = {name: owned.state.given[0].amount for name, owned in till.book.orders.items()}
    assert given == {"o2": 20, "o1": 10}


def test_points_of_a_late_order_that_have_ended_since_are_not_there() -> None:
    till = Till(program(assets=[Asset(name="points", lives=Span(days=3))]))
    till.put(bought("o1", 10_00, when="2025-03-20"))
    till.put(bought("o2", 20_00, when="2025-03-03"))
    assert till.balance() == Balance(available=10)


def test_a_late_cup_unlocks_the_reward_when_its_card_was_full() -> None:
    till = Till(card(count=2))
    till.put(bought("o1", 3_00, when="2025-03-03"), bought("o3", 3_00, when="2025-03-10"))
    (coffee,) = till.grants()
    late = till.put(bought("o2", 3_00, when="2025-03-05"))
    # The same coffee, unlocked on the 5th by o2; o3 is the first cup of the next card.
    assert [(g.seq, g.n, g.unlocked_at, g.order) for g in till.grants()] == [
        (coffee.seq, coffee.n, at("2025-03-05"), "o2")
    ]
    assert till.punches() == 1
    assert not [n for n in late.notices if n.type.startswith("reward")]


def test_of_two_reviews_of_one_product_the_first_by_time_is_paid() -> None:
    review = rule(PerEvent(points=50, action="review", once="subject"), name="review")
    till = Till(program(review))
    till.put(did("review", "tea", when="2025-03-10"), did("review", "tea", when="2025-03-03"))
    assert till.balance() == Balance(available=50)
    assert [lot.earned_at for lot in till.lots()] == [at("2025-03-03")]


def test_a_late_fact_that_contradicts_what_is_known_is_unfit() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00, when="2025-03-03"), returned("o1", l1=8_00, when="2025-03-10"))
    before = till.account()
    said = till.offer(returned("o1", l1=5_00, when="2025-03-05"))
    assert isinstance(said, Unfit)
    assert said.code == "refund_exceeds_order"
    assert till.account() == before
