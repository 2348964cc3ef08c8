"""What baskets cost by a program's prices, and what returned units are worth: unit by unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from patron.audit import together, worth
from patron.audit.facts import Event
from patron.audit.levels import Order
from patron.audit.programs import Terms, tier_matches
from patron_schemas.program import Price

Line = Mapping[str, Any]
UNPRICED = ("gift_card", "reward", "discount")


class Asks(NamedTuple):
    """What prices ask of whoever buys, and of the order."""

    tier: str
    day: date
    attributes: Sequence[Sequence[object]] = ()
    readings: Mapping[str, int] = {}  # What meters show before the basket.


@dataclass
class Piece:
    """One unit of a line, or the part of one that is left over."""

    line: int
    size: Fraction
    each: Fraction
    taken: bool = False


def holds(price: Price, asks: Asks) -> bool:
    """Whether a price holds for this buyer, day and order."""
    has = {str(name): str(value) for name, value in asks.attributes}
    asked = price.match.order_attributes or {}
    if any(has.get(name) not in values for name, values in asked.items()):
        return False
    return tier_matches(price.match, asks.tier) and together.on_day(price.during, asks.day)


def fits(price: Price, line: Line) -> bool:
    """Whether a price is for a line."""
    return line["kind"] not in UNPRICED and together.line_fits(price.match, line)


def pieces_of(lines: Sequence[Line], amount: str, gone: Mapping[str, int]) -> list[Piece]:
    """Every unit that is kept, at what it costs otherwise."""
    pieces = []
    for place, line in enumerate(lines):
        if not line["quantity_milli"]:
            continue
        each = Fraction(line[amount] * 1000, line["quantity_milli"])
        kept = Fraction(line["quantity_milli"] - gone.get(line["line"], 0), 1000)
        while kept > 0:
            pieces.append(Piece(place, min(kept, Fraction(1)), each))
            kept -= 1
    return pieces


def let_special_prices_act(
    terms: Terms, lines: Sequence[Line], pieces: list[Piece], asks: Asks
) -> dict[int, str]:
    """Make pieces cheaper; for each line that became so, how its total is rounded."""
    rounding: dict[int, str] = {}
    for price in terms.document.prices:
        special = price.special_price
        if special is None or not holds(price, asks):
            continue
        open_pieces = [p for p in pieces if not p.taken and fits(price, lines[p.line])]
        group = special.sets_of or special.from_units
        if group is not None:
            whole = sorted((p for p in open_pieces if p.size == 1), key=lambda p: -p.each)
            count = len(whole)
            if special.sets_of is not None:
                count -= count % special.sets_of
            elif count < group:
                count = 0
            open_pieces = whole[:count]
        for piece in open_pieces:
            piece.taken = True
            minor = Fraction(terms.minor(special.each))
            if piece.each > minor:
                piece.each = minor
                rounding[piece.line] = special.rounding
    return rounding


def costs(terms: Terms, lines: Sequence[Line], asks: Asks) -> list[int]:
    """What each line costs that costs what it says is paid otherwise."""
    pieces = pieces_of(lines, "paid_minor", {})
    rounding = let_special_prices_act(terms, lines, pieces, asks)
    cost = [line["paid_minor"] for line in lines]
    for place, how in rounding.items():
        total = sum((p.size * p.each for p in pieces if p.line == place), Fraction(0))
        cost[place] = worth.rounded(total, how)
    for by in ("line", "order"):
        for price in terms.document.prices:
            cut = price.percent_off
            if cut is None or cut.by != by or not holds(price, asks):
                continue
            places = [place for place, line in enumerate(lines) if fits(price, line)]
            percent = percent_of(terms, price, asks)
            if by == "line":
                parts = [worth.rounded(cost[p] * percent / 100, cut.rounding) for p in places]
            else:
                total_minor = sum(cost[place] for place in places)
                off = worth.rounded(total_minor * percent / 100, cut.rounding)
                parts = worth.spread(off, [cost[place] for place in places])
            for place, part in zip(places, parts, strict=True):
                cost[place] -= part
    return cost


def percent_of(terms: Terms, price: Price, asks: Asks) -> Fraction:
    """How many percent a price takes off for this buyer."""
    cut = price.percent_off
    assert cut is not None
    if cut.meter is None:
        return Fraction(cut.by_tier.get(asks.tier, cut.percent or "0"))

    in_money = terms.document.meters[cut.meter].counts == "basis"
    percent = Fraction(0)
    for step in cut.steps:
        start = terms.minor(step.from_) if in_money else int(step.from_)
        if asks.readings.get(cut.meter, 0) >= start:
            percent = Fraction(step.percent)
    return percent


# Returns.


def with_amounts(terms: Terms, order: Order, event: Event, *, tier: str) -> Event:
    """A refund whose lines all say how much came back, though it told only how many units."""
    parts = [(*part, False)[:4] for part in event.fields["lines"]]
    if not any(alone for *_, alone in parts):
        return event

    completed = [e for e in order.events if e.kind == "completed"]
    last = max(completed, key=lambda each: (each.told_at, each.seq))
    lines = last.fields["lines"]
    total_to_date = event.fields.get("cumulative", False)
    before = worth.come_back(order.events)
    after = worth.come_back([*order.events, event._replace(fields={
        **event.fields, "lines": [(name, minor, units) for name, minor, units, _ in parts],
    })])  # fmt: skip
    gone = {name: units for name, (_, units) in after.items() if units}
    asks = Asks(tier, order.first_at.astimezone(terms.zone).date(), last.fields["attributes"])
    worths = {
        line["line"]: line["paid_minor"] - kept
        for line, kept in zip(lines, _kept(terms, lines, gone, asks), strict=True)
    }
    due = max(0, sum(worths.values()) - sum(after[name][0] for name in gone))
    left = {
        line["line"]: max(0, line["paid_minor"] - after[line["line"]][0])
        for line in lines
        if line["line"] in gone
    }
    alone = list(dict.fromkeys(name for name, *_, is_alone in parts if is_alone))
    own = [max(0, worths[name] - after[name][0]) for name in alone]
    shares = worth.spread(due, own if sum(own) else [left[name] for name in alone])
    placed = {n: min(share, left[n]) for n, share in zip(alone, shares, strict=True)}
    others = [name for name in left if name not in placed]
    rest = min(due - sum(placed.values()), sum(left[name] for name in others))
    placed |= zip(others, worth.spread(rest, [left[name] for name in others]), strict=True)

    told = []
    for name, minor, units, is_alone in parts:
        told.append((name, placed.pop(name, 0) if is_alone else minor, units, is_alone))
    if total_to_date:
        told = [
            (name, minor + before.get(name, (0, 0))[0] if is_alone else minor, units, is_alone)
            for name, minor, units, is_alone in told
        ]
    told += [
        (name, minor + (after[name][0] if total_to_date else 0), 0, True)
        for name, minor in placed.items()
        if minor
    ]
    fields = {**event.fields, "lines": [part[:3] for part in told]}
    return event._replace(fields=fields)


def _kept(terms: Terms, lines: Sequence[Line], gone: Mapping[str, int], asks: Asks) -> list[int]:
    """What is kept of each line is worth of what was paid for it."""
    special = []
    for without in ({}, gone):
        pieces = pieces_of(lines, "list_minor", without)
        let_special_prices_act(terms, lines, pieces, asks)
        special.append(
            [
                sum((p.size * p.each for p in pieces if p.line == place), Fraction(0))
                for place in range(len(lines))
            ]
        )
    return [
        worth.rounded(after * line["paid_minor"] / before if before else after, "half_up")
        for line, before, after in zip(lines, *special, strict=True)
    ]
