"""Random programs and random histories of two members, for laws.

A history is on time unless it is asked to be late; either way its facts are such as the
contracts let through. Orders o1 and o2 are Ann's, o3 and o4 are Bob's.
"""

from datetime import timedelta
from fractions import Fraction
from typing import Any

from core.grocery import (
    DAY,
    adjust,
    article,
    at,
    bought,
    confirm,
    did,
    freeze,
    give_back,
    ladder,
    named,
    program,
    redeem,
    reserve,
    returned,
    reward,
    rule,
    spend,
    transfer,
    voided,
)
from hypothesis import strategies as st

from patron.core.facts import Fact
from patron.core.mechanics.every import Every
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.program import Asset, Cap, Match, Meter, Program, Rule, Span, Tier, Window

OWNERS = {"o1": "ann", "o2": "ann", "o3": "bob", "o4": "bob"}
FIRST = at(DAY)

rounding = st.sampled_from(["floor", "half_up", "half_even", "ceil"])
by = st.sampled_from(["order", "line"])
matches = st.sampled_from([Match(), Match(categories=frozenset({"food"}))])
multipliers = st.sampled_from([{}, {1: Fraction(3, 2)}, {1: Fraction(2), 2: Fraction(5, 2)}])
caps = st.lists(
    st.builds(
        Cap,
        window=st.sampled_from(["order", "day", "week", "month", "lifetime"]),
        amount=st.integers(1, 60),
    ),
    max_size=2,
    unique_by=lambda cap: cap.window,
).map(tuple)

amounts = st.builds(
    PerAmount,
    rate=st.sampled_from([Fraction(1, 100), Fraction(2, 700), Fraction(3, 200), Fraction(1, 7)]),
    rounding=rounding,
    by=by,
)
steps = st.builds(PerStep, points=st.integers(1, 20), step_minor=st.integers(1, 900), by=by)
events = st.builds(
    PerEvent,
    points=st.integers(1, 50),
    action=st.just("review"),
    once=st.sampled_from(["never", "subject", "ever"]),
)

assets = st.builds(
    Asset,
    name=st.just("points"),
    lives=st.sampled_from([None, Span(days=3), Span(months=1), Span(seconds=50 * 3600)]),
    ends_at_end_of=st.sampled_from(["exact", "day", "month"]),
    pending=st.sampled_from([None, None, Span(days=1), Span(seconds=7200)]),
    remind=st.sampled_from([None, Span(days=1), Span(days=40)]),
)
ladders = st.builds(
    ladder,
    tiers=st.just((Tier(name="member", threshold=0), Tier(name="silver", threshold=20_00)))
    | st.just(
        (
            Tier(name="member", threshold=0),
            Tier(name="silver", threshold=20_00),
            Tier(name="gold", threshold=60_00),
        )
    ),
    held=st.sampled_from(["window", "next_window", "forever"]),
    downgrade=st.sampled_from(["to_meter", "one_step", "never"]),
    on_refund=st.just("revoke"),
)
rewards = st.builds(
    reward,
    cost=st.none() | st.integers(1, 30),
    cost_asset=st.just("points"),
    lives=st.sampled_from([None, Span(days=2)]),
    held_for=st.sampled_from([None, Span(seconds=3600), Span(days=3)]),
)


@st.composite
def order_rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule that pays for orders."""
    return rule(
        draw(amounts | steps),
        name=name,
        match=draw(matches),
        by_tier=draw(multipliers),
        caps=draw(caps),
    )


@st.composite
def programs(draw: st.DrawFn, *, debt: Any = ("debt", "clamp", "pending_only")) -> Program:
    """A program with every mechanic."""
    rules = [draw(order_rules("base"))]
    if draw(st.booleans()):
        rules.append(draw(order_rules("more")))
    rules.append(rule(draw(events), name="review", caps=draw(caps)))
    rules.append(rule(Every(meter="cups", count=draw(st.integers(2, 4)), reward="coffee")))
    rules[-1] = rule(rules[-1].mechanic, name="card")
    window = st.sampled_from(["lifetime", "year", "month", "week", "day"])
    lives = draw(st.sampled_from([None, Span(days=2), Span(days=30)]))
    return program(
        *rules,
        assets=[draw(assets)],
        meters=[
            spend(draw(window)),
            Meter(name="orders", counts="orders", window=Window(kind=draw(window))),
            Meter(name="units", counts="units", window=Window(kind=draw(window))),
            Meter(name="earned", counts="points", asset="points", window=Window(kind="month")),
            Meter(
                name="cups", counts="units", punches=True, window=Window(kind="own", lives=lives)
            ),
        ],
        rewards=[draw(rewards)],
        ladder=draw(st.none() | ladders),
        debt=draw(st.sampled_from(debt)),
    )


articles = st.builds(
    article,
    st.integers(0, 40_00),
    units=st.integers(1, 3),
    category=st.sampled_from(["food", "home"]),
    kind=st.sampled_from(["goods", "goods", "goods", "service", "gift_card"]),
)
baskets = st.lists(articles, min_size=1, max_size=3)
orders = st.sampled_from(sorted(OWNERS))
members = st.sampled_from(["ann", "bob"])
requests = st.integers(0, 12).map(lambda place: f"f{place}")
small = st.integers(1, 40)

# Each makes a fact of our first day; a history gives it its name and its time.
purchases = st.builds(lambda o, basket: bought(o, *basket, member=OWNERS[o]), orders, baskets)
returns = st.builds(returned, orders, st.integers(0, 30_00)) | st.builds(
    lambda o, line, minor, units: returned(o, units=units, **{line: minor}),
    orders,
    st.sampled_from(["l1", "l2"]),
    st.integers(0, 20_00),
    st.integers(0, 2),
)
actions = (
    purchases
    | purchases
    | returns
    | st.builds(voided, orders)
    | st.builds(lambda m, subject: did("review", subject, member=m), members, st.text(max_size=1))
    | st.builds(lambda m, amount: redeem(amount, member=m), members, small)
    | st.builds(lambda m: redeem(reward="coffee", member=m), members)
    | st.builds(lambda m, amount: reserve(amount, member=m), members, small)
    | st.builds(lambda m: reserve(reward="coffee", member=m), members)
    | st.builds(confirm, requests)
    | st.builds(give_back, requests)
    | st.builds(transfer, small)
    | st.builds(lambda m, amount: adjust(amount, member=m), members, small | small.map(int.__neg__))
    | st.builds(freeze, st.booleans())
)
hours = st.sampled_from([0, 0, 1, 5, 24, 30, 72, 24 * 20])


@st.composite
def histories(draw: st.DrawFn, *, late: bool = False) -> list[Fact]:
    """Facts in the order in which they arrive."""
    facts: list[Fact] = []
    moment = FIRST
    for place, fact in enumerate(draw(st.lists(actions, min_size=1, max_size=12))):
        moment += timedelta(hours=draw(hours))
        back = draw(hours) if late else 0
        facts.append(fact._replace(name=named(f"f{place}"), at=moment - timedelta(hours=back)))
    return facts
