"""Random programs and random histories of two members, for laws.

A history is on time unless it is asked to be late; either way its facts are such as the
contracts let through. Orders o1 and o2 are Ann's, o3 and o4 are Bob's.
"""

import os
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

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
    merged,
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
from patron.core.facts import Fact, OrderCompleted, OrderRefunded, RefundedLine, ReserveAsked
from patron.core.mechanics.every import Every
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.program import Asset, Cap, Match, Meter, Paying, Program, Rule, Span, Tier, Window

# `make laws HISTORIES=10000` looks further than a run of all tests does.
HISTORIES = int(os.environ.get("HISTORIES", "200"))
many = settings(
    max_examples=HISTORIES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
# The same histories in each run of all tests, others where more are asked for.
fixed = settings(many, derandomize=HISTORIES <= 200)

OWNERS = {"o1": "ann", "o2": "ann", "o3": "bob", "o4": "bob"}
FIRST = at(DAY)
PAYING = Paying(asset="points", block=1, worth_minor=10)

rounding = st.sampled_from(["floor", "half_up", "half_even", "ceil"])
by = st.sampled_from(["order", "line"])
matches = st.sampled_from([Match(), Match(categories=frozenset({"food"}))])
multipliers = st.sampled_from([{}, {1: Fraction(3, 2)}, {1: Fraction(2), 2: Fraction(5, 2)}])
caps = st.lists(
    st.builds(
        Cap,
        window=st.sampled_from(["order", "day", "week", "month", "lifetime"]),
        amount=st.sampled_from([5, 30, 100]),
    ),
    max_size=2,
    unique_by=lambda cap: cap.window,
).map(tuple)

amounts = st.builds(
    PerAmount,
    rate=st.sampled_from([Fraction(1, 100), Fraction(3, 200), Fraction(1, 7), Fraction(2, 700)]),
    rounding=rounding,
    by=by,
)
steps = st.builds(
    PerStep, points=st.sampled_from([1, 10]), step_minor=st.sampled_from([2_00, 7_77]), by=by
)
events = st.builds(
    PerEvent,
    points=st.sampled_from([7, 50]),
    action=st.just("review"),
    once=st.sampled_from(["never", "subject", "ever"]),
)

assets = st.builds(
    Asset,
    name=st.just("points"),
    lives=st.sampled_from([None, Span(days=3), Span(months=1), Span(seconds=50 * 3600)]),
    ends_at_end_of=st.sampled_from(["exact", "day", "month"]),
    pending=st.sampled_from([None, None, None, Span(days=1), Span(seconds=7200)]),
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
    cost=st.sampled_from([None, 12]),
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
def programs(draw: st.DrawFn, *, debt: Any = ("debt", "debt", "clamp", "pending_only")) -> Program:
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
        refunds=draw(st.sampled_from(["restate", "restate", "item", "proportional"])),
        paying=draw(st.sampled_from([None, None, PAYING])),
    )


articles = st.builds(
    article,
    # Exact thresholds, a cent to round, something free, and what is worth many points.
    st.sampled_from([1_00, 4_99, 20_00, 0, 12_34, 25_00, 61_00]),
    tax_minor=st.sampled_from([0, 0, 77]),
    units=st.integers(1, 3),
    category=st.sampled_from(["food", "food", "home"]),
    kind=st.sampled_from(["goods", "goods", "goods", "goods", "service", "gift_card", "reward"]),
)
baskets = st.lists(articles, min_size=1, max_size=3)
members = st.sampled_from(["ann", "ann", "bob"])
some = st.sampled_from([1, 7, 3, 15, 40])
hours = st.sampled_from([0, 1, 0, 5, 24, 30, 72, 24 * 20])

# What happens, as often as it stands here.
KINDS = (
    *(["buy"] * 4 + ["return"] * 2 + ["spend"] * 3 + ["hold"] * 2 + ["end"] * 3 + ["thaw"] * 2),
    *("void", "claim", "hold_coffee", "review", "give", "adjust", "freeze"),
)


@st.composite
def purchases(draw: st.DrawFn, order: str) -> OrderCompleted:
    """An order: some are shipped, some are paid by more than money."""
    shipping_minor = draw(st.sampled_from([0, 0, 0, 4_90]))
    paid_by = draw(st.sampled_from([{}, {}, {}, {"points": 3_33}, {"promotion": 5_00}]))
    attributes = draw(st.sampled_from([(), (), (("channel", "app"),)]))
    return bought(
        order,
        *draw(baskets),
        member=OWNERS[order],
        shipping_minor=shipping_minor,
        paid_by=paid_by,
        attributes=attributes,
    )


@st.composite
def returns(draw: st.DrawFn, order: str) -> OrderRefunded:
    """A refund by lines, of an amount or of shipping; some say totals to date."""
    amount = draw(st.sampled_from([1, 99, 1_00, 5_00, 12_34, 20_00]))
    kind = draw(st.sampled_from(["amount", "lines", "units"]))
    if kind == "amount":
        refund = returned(order, amount)
    elif kind == "lines":
        refund = returned(order, l1=amount, units=draw(st.integers(0, 2)))
    else:
        refund = returned(order, l1=0, units=draw(st.integers(1, 2)))
        lines = [part._replace(units_alone=True) for part in refund.lines]
        # Another line may come back beside it, with an amount.
        lines += draw(st.sampled_from([[], [RefundedLine("l2", amount, 1000)]]))
        refund = refund._replace(lines=tuple(lines))
    return refund._replace(
        shipping_minor=draw(st.sampled_from([0, 0, 0, 1_00])),
        cumulative=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def spendings(draw: st.DrawFn, member: str) -> Fact:
    """Points spent for themselves, or to pay for an order of the member's that may come."""
    spent = redeem(draw(some), member=member)
    orders = [order for order, owner in OWNERS.items() if owner == member]
    return spent._replace(
        order=draw(st.sampled_from(["", "", *orders])), total_minor=draw(st.sampled_from([0, 9_00]))
    )


@st.composite
def happenings(draw: st.DrawFn, so_far: list[Fact]) -> Fact:
    """One fact that can follow those, most often one that finds what it names."""
    kind, member = draw(st.sampled_from(KINDS)), draw(members)
    owners = OWNERS
    if kind in ("void", "return"):
        known = [fact.order for fact in so_far if isinstance(fact, OrderCompleted)]
        owners = {order: OWNERS[order] for order in known} or OWNERS
    order = draw(st.sampled_from(sorted(owners)))
    match kind:
        case "buy":
            return draw(purchases(order))
        case "void":
            return voided(order)._replace(reason=draw(st.sampled_from(["", "chargeback"])))
        case "return":
            return draw(returns(order))
        case "spend":
            return draw(spendings(member))
        case "claim":
            claim = redeem(reward="coffee", member=member)
            return claim._replace(order=order if OWNERS[order] == member else "")
        case "hold":
            return reserve(draw(some), member=member)
        case "hold_coffee":
            return reserve(reward="coffee", member=member)
        case "end":
            holds = [fact for fact in so_far if isinstance(fact, ReserveAsked)]
            hold = draw(st.sampled_from(holds)) if holds else reserve()
            ending = draw(st.sampled_from([confirm, give_back]))(hold.name.id)
            return ending._replace(member=hold.member)
        case "review":
            stars = draw(st.sampled_from([{}, {"stars": 2}, {"stars": 5}]))
            return did("review", draw(st.sampled_from(["tea", "jam"])), member=member, **stars)
        case "give":
            return transfer(draw(some))
        case "adjust":
            return adjust(draw(some) * draw(st.sampled_from([1, -1])), member=member)
        case _:
            return freeze(kind == "freeze")


@st.composite
def histories(draw: st.DrawFn, *, late: bool = False, merging: bool = False) -> list[Fact]:
    """Facts in the order in which they arrive; at some place both may become one member."""
    facts: list[Fact] = []
    moment = FIRST
    for place in range(draw(st.integers(4, 14))):
        moment += timedelta(hours=draw(hours))
        back = draw(hours) if late else 0
        fact = draw(purchases("o1")) if not place else draw(happenings(facts))
        if merging and place and draw(st.integers(0, 4)) == 0:
            closed, heir = draw(st.sampled_from([("ann", "bob"), ("bob", "ann")]))
            fact = merged(closed, into=heir)
        facts.append(fact._replace(name=named(f"f{place}"), at=moment - timedelta(hours=back)))
    return facts
