"""The core and the second model over the same facts: what each makes of every member.

The core decides, in memory, as replay does; its entries' bodies go to the model as the
tables would keep them. Neither sees the other.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from audit.expressions import (
    event_expressions,
    member_expressions,
    order_expressions,
    reach_meters,
)
from core.grocery import Till
from patron.audit import by_time
from patron.audit.facts import Event, event_of
from patron.audit.model import Model
from patron.audit.programs import Terms, terms_of
from patron.core.facts import Fact, TransferAsked
from patron.engine.decided import Decided
from patron.engine.pooling import Pool
from patron.engine.writing import reads_of
from patron.wire import bodies
from patron.wire.documents import compile_document

MEMBERS = ("ann", "bob")
Lots = dict[tuple[int, int], tuple[Any, ...]]


class Outcome(NamedTuple):
    """All of a member that two implementations can be asked about."""

    tier: str
    balances: Mapping[str, tuple[int, int, int, int]]
    lots: Lots
    grants: Mapping[tuple[int, int], tuple[str, str]]
    punches: Mapping[str, int]
    belongings: Mapping[str, Any]


def played(document: Mapping[str, Any], facts: Sequence[Fact]) -> Till:
    """A till of the core's after these facts; what is unfit or waits is no matter here."""
    till = Till(compile_document(json.dumps(document), source="test"))
    till.book.pools["codes/coffee"] = Pool(loaded=2)
    for fact in facts:
        till.offer(fact)
    return till


def of_core(till: Till, document: Mapping[str, Any], member: str) -> Outcome:
    """What the core made of a member."""
    account = till.account(member)
    lots: dict[tuple[int, int], list[Any]] = {}
    grants = {}
    for decision in (each.decision for each in till.book.decided if each.member == member):
        for lot in decision.opened:
            lots[lot.seq, lot.n] = [
                lot.asset, lot.compartment, lot.expires_at, lot.earned_at, lot.amount, lot.amount,
            ]  # fmt: skip
        for take in decision.takes:
            if take.lot_seq is not None and take.lot_n is not None:
                lots[take.lot_seq, take.lot_n][-1] -= take.amount
        grants.update({(g.seq, g.n): (g.reward, g.state) for g in decision.grants})
    return Outcome(
        account.tier,
        {asset: tuple(till.balance(member, asset=asset)) for asset in document.get("assets", {})},
        {name: tuple(lot) for name, lot in lots.items()},
        grants,
        {
            meter: sum(punch.left for punch in account.punches.get(meter, ()))
            - account.owed.get(meter, 0)
            for meter, settings in document.get("meters", {}).items()
            if settings.get("punches")
        },
        account.belongings,
    )


def entries(till: Till, member: str) -> list[Event]:
    """A member's entries as the audit reads them."""
    sides: dict[Any, set[str]] = {}
    for each in till.book.decided:
        sides.setdefault(each.decision.fact.name, set()).add(each.member)
    return [
        _entry(each, met=_met(each, sides)) for each in till.book.decided if each.member == member
    ]


def _met(each: Decided, sides: Mapping[Any, set[str]]) -> bool:
    fact = each.decision.fact
    return isinstance(fact, TransferAsked) and len(sides[fact.name]) > 1


def _entry(each: Decided, *, met: bool) -> Event:
    fact = each.decision.fact
    body = bodies.encode_body(bodies.encode_fact(fact), reads_of(each, closed=b"last"))
    event = event_of(
        seq=each.decision.account.seq,
        at=each.decision.at,
        kind=bodies.kind_of(fact),
        version=1,
        body=body,
    )
    return event._replace(met=met)


def modelled(document: Mapping[str, Any], till: Till, events: Sequence[Event]) -> Model:
    """The model after these entries; the till knows those of accounts that were merged."""
    return by_time.account(
        terms(json.dumps(document)),
        events,
        lambda event: modelled(document, till, _closed(till, event)),
    )


def _closed(till: Till, event: Event) -> list[Event]:
    """The entries of the account that a merge closed, up to there."""
    member = next(
        each.member
        for each in till.book.decided
        if each.decision.fact.name.id == event.id and each.decision.other is not None
    )
    before = []
    for entry in entries(till, member):
        if entry.id == event.id:
            break
        before.append(entry)
    return before


@lru_cache(maxsize=8)
def terms(document: str) -> Mapping[int, Terms]:
    """A document as the model reads it; read once for all members, which takes the longest."""
    return {1: terms_of(document)}


def of_model(model: Model, document: Mapping[str, Any]) -> Outcome:
    """What the model made of a member."""
    wallet = model.wallet
    return Outcome(
        model.tier,
        {
            asset: (
                wallet.held(asset), wallet.held(asset, "pending"), wallet.held(asset, "reserved"),
                wallet.debt.get(asset, 0),
            )
            for asset in document.get("assets", {})
        },
        {
            (lot.seq, lot.n): (
                lot.asset, lot.compartment, lot.expires_at, lot.earned_at, lot.amount,
                lot.remaining,
            )
            for lot in wallet.lots
        },
        {(g.seq, g.n): (g.reward, g.state) for g in model.cards.grants},
        {
            meter: sum(punch.left for punch in model.cards.punches.get(meter, ()))
            - model.cards.owed.get(meter, 0)
            for meter, settings in document.get("meters", {}).items()
            if settings.get("punches")
        },
        model.belongings,
    )  # fmt: skip


# Programs, as a marketer would write them.

calendar_windows = st.sampled_from(
    ["lifetime", "year", "half_year", "quarter", "month", "week", "day"]
)
stretches = st.sampled_from(
    [{"rolling": "P3D"}, {"rolling": "P1M"}, {"rolling": "PT50H"},
     {"from": "2025-03-01", "to": "2025-03-12"}]
)  # fmt: skip
windows = calendar_windows | st.just("anniversary") | stretches
line_matches = st.sampled_from([{}, {}, {"category": ["food"]}, {"kind": ["goods"]}])
whom = st.sampled_from(
    [{"tier": ["silver"]}, {"segment": ["away", "spender"]}, {"entitlement": ["lounge"]}]
)
matches = line_matches | whom
bases = st.sampled_from(
    [{}, {}, {"tax": True}, {"shipping": True}, {"gift_cards": True}, {"before_discounts": True},
     {"paid_by_points": True}, {"paid_by_promotion": True}]
)  # fmt: skip
caps = st.lists(
    st.fixed_dictionaries(
        {
            "window": st.sampled_from(["order", "day", "week", "month", "year", "lifetime"]),
            "amount": st.sampled_from([5, 30, 100]),
        }
    ),
    max_size=2,
    unique_by=lambda cap: cap["window"],
)
multipliers = st.sampled_from([{}, {"silver": "3/2"}, {"member": "1.25", "silver": "2"}])
rates = st.fixed_dictionaries(
    {
        "points": st.sampled_from(["1", "1.5", "2/7"]),
        "per": st.sampled_from(["1.00", "0.70"]),
        "rounding": st.sampled_from(["floor", "half_up", "half_even", "ceil"]),
        "by": st.sampled_from(["order", "line"]),
    }
)
steps = st.fixed_dictionaries(
    {
        "points": st.sampled_from([1, 10]),
        "step": st.sampled_from(["2.00", "7.77"]),
        "by": st.sampled_from(["order", "line"]),
    }
)


ages = st.sampled_from(
    [{"at_least": "P2D"}, {"below": "P2D"}, {"at_least": "PT5H", "below": "P3D"}]
)
amounts = st.sampled_from([{"at_least": "20.00"}, {"below": "60.00"}])
amounts_whole = st.sampled_from([{"at_least": "5"}, {"at_least": "1", "below": "50"}])
onces = st.sampled_from(["never", "ever"])
splits = st.sampled_from(
    [{"attribute": "channel", "values": ["app"]}, {"attribute": "stars", "values": ["2", "5"]}]
)
lives = st.fixed_dictionaries(
    {
        "after": st.sampled_from(["P3D", "P1M", "PT50H"]),
        "at_end_of": st.sampled_from(["exact", "day", "month", "year"]),
    }
)
yearly_ends = st.fixed_dictionaries(
    {"on": st.sampled_from(["03-31", "03-04", "02-29"])},
    optional={"earned_before": st.sampled_from(["01-01", "03-04", "02-29", "07-01"])},
)
idle_ends = st.fixed_dictionaries({"after_activity": st.sampled_from(["P3D", "P1M", "PT50H"])})
order_mechanics: Mapping[str, st.SearchStrategy[Any]] = {
    "per_amount": rates,
    "per_step": steps,
    "per_unit": st.just({"points": 3}),
    "round_up": st.sampled_from([{"to": "1.00"}, {"to": "5.00"}]),
}
durings = st.sampled_from(
    [
        None, None, None, {"weekdays": ["monday", "wednesday", "saturday"]},
        {"from": "2025-03-04"}, {"to": "2025-03-05"}, {"from": "2025-03-03", "to": "2025-03-10"},
    ]
)  # fmt: skip


def if_any(**fields: Any) -> dict[str, Any]:
    """Those fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


@st.composite
def multiplying(draw: st.DrawFn, rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """No rule, one or two that multiply others; some lines only where those allow it."""
    by_line = all(
        "round_up" not in rule and rule.get("per_step", {}).get("by") != "order" for rule in rules
    )
    return [
        {
            "rule": f"times-{place}",
            "multiply": {
                "by": draw(st.sampled_from(["2", "3/2", "1.1"])),
                "rules": [rule["rule"] for rule in rules],
            },
            "match": draw(matches)
            if by_line
            else draw(st.sampled_from([{}, {"tier": ["silver"]}])),
            **if_any(during=draw(durings), when=draw(order_expressions)),
        }
        for place in range(draw(st.integers(0, 2)))
    ]


@st.composite
def order_rules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A rule that pays for orders."""
    mechanic = draw(
        st.sampled_from(["per_amount", "per_amount", "per_step", "per_unit", "round_up"])
    )
    during = draw(durings)
    ceilings = draw(caps)
    if during is not None and draw(st.booleans()):
        ceilings = [*ceilings, {"window": "campaign", "amount": 40}]
    by_lines = {"match": draw(matches)} if mechanic != "round_up" else {}
    if mechanic in ("per_amount", "per_step"):
        by_lines["basis"] = draw(bases)
    return {
        "rule": name,
        "text": {"en": name},
        "earn": "points",
        mechanic: draw(order_mechanics[mechanic]),
        "by_tier": draw(multipliers),
        "caps": ceilings,
        **by_lines,
        **if_any(during=during, when=draw(order_expressions | member_expressions)),
    }


@st.composite
def grouped(draw: st.DrawFn, rules: list[dict[str, Any]]) -> dict[str, str]:
    """Put the rules into one group, or leave them to add up; the groups of the program."""
    pick = draw(st.sampled_from([None, "best_for_member", "priority"]))
    if pick is None:
        return {}
    for rule in rules:
        rule["group"] = "seasonal"
        if pick == "priority":
            rule["priority"] = draw(st.integers(0, 2))
    return {"seasonal": pick}


payings = st.sampled_from(
    [
        None,
        {"asset": "points", "block": 1, "worth": "0.10"},
        {"asset": "points", "block": 5, "worth": "1.00", "share_max": "1/2", "grace": "P2D"},
    ]
)
givings = st.sampled_from([None, None, {"expiry": "new"}])
member_caps = st.lists(
    st.fixed_dictionaries(
        {
            "asset": st.just("points"),
            "window": st.sampled_from(["order", "day", "month", "lifetime"]),
            "amount": st.sampled_from([15, 60, 200]),
        }
    ),
    max_size=2,
    unique_by=lambda cap: cap["window"],
)


# Prices decide what comes back where a refund says only how many units did.
special_prices = st.fixed_dictionaries(
    {"each": st.sampled_from(["0", "3.00", "9.99"])},
    optional={"rounding": st.sampled_from(["floor", "ceil"])},
).flatmap(
    lambda price: st.sampled_from([{}, {"sets_of": 2}, {"sets_of": 3}, {"from_units": 3}]).map(
        lambda group: price | group
    )
)
percents_off = st.fixed_dictionaries(
    {"by": st.sampled_from(["line", "order"])},
    optional={"rounding": st.sampled_from(["floor", "half_even", "ceil"])},
).flatmap(
    lambda percent: st.sampled_from(
        [
            {"percent": "12.5"}, {"percent": "5", "by_tier": {"silver": "10"}},
            {"meter": "spend", "steps": [{"from": "0", "percent": "3"},
                                         {"from": "20.00", "percent": "1/3"}]},
            {"meter": "orders", "steps": [{"from": "2", "percent": "7"}]},
        ]
    ).map(lambda how: percent | how)
)  # fmt: skip


@st.composite
def prices(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What is cheaper for members: nothing, in many programs."""
    return [
        {
            "price": f"price-{place}",
            **draw(
                st.fixed_dictionaries({"special_price": special_prices})
                | st.fixed_dictionaries({"percent_off": percents_off})
            ),
            "match": draw(matches),
            **if_any(during=draw(durings)),
        }
        for place in range(draw(st.integers(0, 3)))
    ]


# What members share: nothing, in half of the programs.
shared_rewards = (
    st.just({})
    | st.fixed_dictionaries(
        {"stock": st.integers(1, 2), "on_return": st.sampled_from(["free", "keep"])},
        optional={"per_member": st.integers(1, 2)},
    )
    | st.just({"value": "5.00", "budget": "7.50"})
    | st.just({"kind": "code", "codes": "loaded"})
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A program with every mechanic."""
    tier_window = draw(windows)
    helds: list[Any] = ["forever", {"for": "P3D"}, {"for": "P1M"}]
    downgrades = ["to_meter", "one_step", "never"]
    if isinstance(tier_window, dict):
        rolls = "rolling" in tier_window
        helds += ["rolling", "rolling"] if rolls else ["end_of_window"]
        downgrades.remove("one_step")
    elif tier_window != "lifetime":
        helds += ["end_of_window", "end_of_next_window"]
    held, downgrade = draw(st.sampled_from(helds)), draw(st.sampled_from(downgrades))
    tiers = {"held": held, "downgrade": downgrade}
    if held != "forever" and downgrade != "never" and draw(st.booleans()):
        tiers["grace"] = draw(st.sampled_from(["P1D", "P10D"]))
    ladder = [("member", "0"), ("silver", "20.00"), ("gold", "60.00")][: draw(st.integers(2, 3))]
    pending = draw(st.sampled_from([None, None, "P1D", "PT2H"]))
    asset: dict[str, Any] = {}
    if pending:
        asset["pending"] = pending
    if ends := draw(st.none() | lives | yearly_ends | idle_ends):
        asset["ends"] = ends
        if "on" in ends and ends.get("earned_before") not in ("01-01", "07-01"):
            asset.pop("pending", None)  # It might outlive its end.
        if draw(st.booleans()):
            asset["remind"] = draw(st.sampled_from(["P1D", "PT5H"]))
    review: dict[str, Any] = {
        "points": draw(st.sampled_from([7, 50])),
        "action": "review",
        "once": draw(st.sampled_from(["never", "subject", "ever"])),
    }
    if review["once"] != "never":
        review["once_for"] = draw(st.sampled_from(["member", "program"]))
    split = draw(splits)
    coffee: dict[str, Any] = {"kind": "free_product", "text": {"en": "A coffee"}}
    if draw(st.booleans()):
        coffee["costs"] = draw(st.sampled_from([{"points": 12}, {"points": 12}, {"stars": 7}]))
        coffee |= {"match": draw(st.just({}) | whom)}
    coffee["hold"] = draw(st.sampled_from(["PT1H", "P3D"]))
    coffee["on_refund"] = draw(st.sampled_from(["revoke", "keep"]))
    if draw(st.booleans()):
        coffee["lapses_after"] = draw(st.sampled_from(["P2D", "P1M"]))
    coffee |= draw(shared_rewards)
    cups: dict[str, Any] = {"counts": "units", "punches": True, "match": draw(line_matches)}
    if draw(st.booleans()):
        cups["lives"] = draw(st.sampled_from(["P2D", "P30D"]))
    cups |= if_any(when=draw(order_expressions))
    paying = [draw(order_rules("base")), draw(order_rules("more"))]
    groups = draw(grouped(paying))
    if not groups:
        paying[1]["earn"] = draw(st.sampled_from(["points", "points", "trees"]))
    if draw(st.booleans()):
        paying[0] |= {"budget": draw(st.sampled_from([20, 200]))}
        paying[0] |= draw(st.sampled_from([{}, {"on_return": "keep"}]))
    return {
        "format": 1,
        "program": "grocer",
        "zone": draw(st.sampled_from(["America/New_York", "Europe/Warsaw", "Pacific/Apia"])),
        "currency": "USD",
        "assets": {
            "points": asset,
            "trees": {"donation": True},
            "stars": {"split_by": split, "ends": {"after": "P10D"}},
        },
        "meters": {
            "spend": {
                "counts": "basis", "window": tier_window, "match": draw(line_matches),
                **if_any(when=draw(order_expressions)),
            },
            "orders": {"counts": "orders", "window": draw(windows)},
            "earned": {"counts": "points", "asset": "points", "window": draw(windows)},
            "starred": {
                "counts": "points", "window": draw(windows),
                "asset": draw(st.sampled_from(["stars", f"stars/{split['values'][0]}"])),
            },
            "reviews": {
                "counts": "events", "actions": ["review"], "window": draw(windows),
                **if_any(when=draw(event_expressions)),
            },
            "cups": cups,
            "reach": draw(reach_meters),
            "liked": {
                "counts": "level", "actions": ["review"], "ended_by": ["undone"], "match": {},
            },
        },
        "rules": [
            *paying,
            *draw(multiplying(paying)),
            {
                "rule": "review", "text": {"en": "review"}, "earn": "points", "per_event": review,
                "caps": [cap for cap in draw(caps) if cap["window"] != "order"],
                **if_any(when=draw(event_expressions | member_expressions)),
            },
            {
                "rule": "spring", "text": {"en": "spring"}, "earn": "points",
                "yearly": {"on": "03-05", "hour": draw(st.integers(0, 23)), "points": 20},
                "match": draw(st.just({}) | whom),
                "by_tier": draw(multipliers),
                "caps": [cap for cap in draw(caps) if cap["window"] != "order"],
            },
            {
                "rule": "daily", "text": {"en": "daily"}, "earn": "points",
                "streak": {"points": 5, "action": "review", "days": draw(st.integers(2, 3))},
                "by_tier": draw(multipliers),
            },
            {
                "rule": "reached", "text": {"en": "reached"}, "earn": "points",
                "reach": {"meter": "reach", "from": draw(st.sampled_from([2, 3])), "points": 40},
            },
            {
                "rule": "card", "text": {"en": "card"}, "unlock": "coffee",
                "every": {"meter": "cups", "count": draw(st.integers(1, 4))},
            },
            {
                "rule": "stars", "text": {"en": "stars"}, "earn": "stars",
                "per_event": {"points": 4, "action": "review"},
            },
            {
                "rule": "starred", "text": {"en": "starred"}, "earn": "stars",
                "per_amount": {"points": "1", "per": "3.00"}, "caps": draw(caps),
            },
            {
                "rule": "big", "text": {"en": "big"},
                "unlock": draw(st.sampled_from(["medal", "coffee"])),
                "entering": {"segment": "spender", "once": draw(onces)},
            },
            {
                "rule": "miss-you", "text": {"en": "miss-you"}, "unlock": "coupon",
                "entering": {
                    "segment": draw(st.sampled_from(["away", "quiet"])), "once": draw(onces),
                },
            },
        ],
        "tiers": {
            "meter": "spend",
            "ladder": [{"tier": tier, "from": threshold} for tier, threshold in ladder],
            **tiers,
            "on_refund": draw(st.sampled_from(["revoke", "keep"])),
        },
        "rewards": {
            "coffee": coffee,
            "medal": {"kind": "badge", "on_refund": draw(st.sampled_from(["revoke", "keep"]))},
            "coupon": {"kind": "amount_off", "lapses_after": "P2D"},
        },
        "segments": {
            "spender": {"meters": {"spend": draw(amounts), "reviews": draw(amounts_whole)}},
            "regular": {"meters": {"orders": draw(amounts_whole), "starred": {"at_least": "4"}}},
            "away": {"last_order": draw(ages)},
            "quiet": {"last_activity": draw(ages), "meters": {"earned": draw(amounts_whole)}},
            "both": {"segment": ["spender", "away"]},
        },
        "entitlements": {
            "lounge": {"while": {"tier": ["silver"]}, "grace": "P1D"},
            "early": {"while": {"segment": ["spender"], "joined": draw(ages)}},
        },
        "groups": groups,
        "prices": draw(prices()),
        **if_any(paying=draw(payings), transfers=draw(givings)),
        "refunds": draw(st.sampled_from(["restate", "restate", "item", "proportional"])),
        "caps": draw(member_caps),
        "debt": draw(st.sampled_from(["debt", "debt", "clamp", "pending_only"])),
    }  # fmt: skip
