"""What a basket costs by a program's prices, and the arithmetic of each.

In this order: special prices, percentages by line, percentages by order; within each
stage as the program lists them, each on what the one before it left. A unit has one
special price, that of the first that takes it, and none ever makes it dearer. Gift cards,
rewards and discounts that a basket holds stay as they are.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from patron.core.account import Account
from patron.core.basis import OR_GIFT_CARDS
from patron.core.decision import Refusal
from patron.core.facts import Line
from patron.core.matching import selection, selects
from patron.core.mechanics.percent_off import PercentOff, off, percent_of
from patron.core.mechanics.special_price import MILLI, Open, SpecialPrice, taken
from patron.core.money import rounded, spread
from patron.core.periods import local_day
from patron.core.program import Price, Program
from patron.core.together import Circumstances, Failed, fails
from patron.core.windows import reading_at


class Buyer(NamedTuple):
    """What prices ask of a member: the tier, and the meters as they are before the basket."""

    place: int  # Of the tier, in the ladder.
    readings: Mapping[str, int]  # Meter → what it shows for the window around `day`.
    day: date
    held: frozenset[str] = frozenset()  # Segments and entitlements.


def buyer_of(program: Program, account: Account, at: datetime) -> Buyer:
    """What a member's account says to the prices at an instant that it has reached."""
    zone, joined_at = program.zone, account.joined_at
    readings = {
        name: reading_at(
            account.meters.get(name, {}), program.meters[name], at, joined_at=joined_at, zone=zone
        )
        for name in _meters(program)
    }
    held = frozenset(account.belongings)
    return Buyer(program.place(account.tier), readings, local_day(at, zone), held)


@lru_cache(maxsize=256)
def _meters(program: Program) -> frozenset[str]:
    percents = [p.mechanic for p in program.prices if isinstance(p.mechanic, PercentOff)]
    return frozenset(percent.meter for percent in percents if percent.meter)


class PriceProof(NamedTuple):
    """What one price took off one line, or off the order, or why it took nothing."""

    price: str
    line: str = ""  # "": of the order, or of no line at all.
    before_minor: int = 0  # What it was taken off.
    off_minor: int = 0
    units_milli: int = 0  # Of a special price: for how many units,
    each_minor: int = 0  # and what each of them costs.
    percent: str = ""  # Of a percentage: "5", "5/2".
    reading: int | None = None  # What its meter showed, where it asks one.
    why_not: str = ""  # A code of `Refusal` where it took nothing off.
    condition: str = ""  # What failed, as a program names it: "match.tier".


class PricedBasket(NamedTuple):
    """What each line costs, in the lines' order, and why."""

    lines_minor: tuple[int, ...]
    proofs: tuple[PriceProof, ...]


def priced(
    program: Program,
    lines: Sequence[Line],
    buyer: Buyer,
    attributes: tuple[tuple[str, str], ...] = (),
) -> PricedBasket:
    """What lines cost that cost `paid_minor` otherwise; `attributes` are the order's own."""
    pricing = _Pricing(lines, buyer)
    found = Circumstances(buyer.place, buyer.day, buyer.held, attributes)
    for price in by_stage(program):
        failed = fails(price, found)
        failed = failed or pricing.take(price)
        if failed is not None:
            proof = PriceProof(price.name, why_not=failed.code, condition=failed.condition)
            pricing.proofs.append(proof)
    return PricedBasket(tuple(pricing.costs), tuple(pricing.proofs))


def special_costs(
    program: Program,
    lines: Sequence[Line],
    buyer: Buyer,
    attributes: tuple[tuple[str, str], ...] = (),
    *,
    gone_milli: Mapping[str, int],
) -> list[Fraction]:
    """What the rest of each line costs by special prices alone, not rounded.

    From list prices, less the units that are gone, by line. Percentages take the same part of
    a line however much of it is left.
    """
    pricing = _Pricing([line._replace(paid_minor=line.list_minor) for line in lines], buyer)
    pricing.part_with(gone_milli)
    found = Circumstances(buyer.place, buyer.day, buyer.held, attributes)
    for price in by_stage(program):
        if isinstance(price.mechanic, SpecialPrice) and not fails(price, found):
            pricing.take(price)
    return [pricing.exact(place) for place in range(len(lines))]


@lru_cache(maxsize=256)
def by_stage(program: Program) -> tuple[Price, ...]:
    """The prices of a program in the order in which they act."""
    return tuple(sorted(program.prices, key=_stage))


def _stage(price: Price) -> int:
    if isinstance(price.mechanic, SpecialPrice):
        return 0

    return 1 if price.mechanic.by == "line" else 2


class _Pricing:
    """A basket while its prices are worked out, one price at a time."""

    def __init__(self, lines: Sequence[Line], buyer: Buyer) -> None:
        self._lines = lines
        self._buyer = buyer
        self.costs = [line.paid_minor for line in lines]
        self.proofs: list[PriceProof] = []
        # What special prices have left open of each line, and what those make that they took.
        self._open_milli = [line.quantity_milli for line in lines]
        self._taken_minor = [Fraction(0)] * len(lines)
        self._unit_minor = [
            Fraction(line.paid_minor * MILLI, line.quantity_milli or MILLI) for line in lines
        ]

    def part_with(self, gone_milli: Mapping[str, int]) -> None:
        """Leave units out, by line, before any price acts."""
        for place, line in enumerate(self._lines):
            self._open_milli[place] -= gone_milli.get(line.line, 0)

    def exact(self, place: int) -> Fraction:
        """What a line costs by special prices, before it is rounded."""
        rest = self._unit_minor[place] * self._open_milli[place] / MILLI
        return self._taken_minor[place] + rest

    def take(self, price: Price) -> Failed | None:
        """Let one price act; say why it did nothing."""
        chosen = selection(price.match)
        places = [
            place
            for place, line in enumerate(self._lines)
            if line.kind not in OR_GIFT_CARDS and selects(chosen, line)
        ]
        if not places:
            return Failed(Refusal.CONDITION, "match")
        if isinstance(price.mechanic, SpecialPrice):
            return self._special(price, price.mechanic, places)

        return self._percent(price, price.mechanic, places)

    def _special(self, price: Price, special: SpecialPrice, places: list[int]) -> Failed | None:
        open_units = [
            Open(place, self._open_milli[place], self._unit_minor[place])
            for place in places
            if self._open_milli[place]
        ]
        takes = taken(special, open_units)
        if special.is_by_group and not takes:
            by = "sets_of" if special.sets_of is not None else "from_units"
            return Failed(Refusal.CONDITION, f"special_price.{by}")

        cheaper = [self._take_units(price, special, place, takes[place]) for place in sorted(takes)]
        return None if any(cheaper) else Failed(Refusal.CONDITION, "special_price.each")

    def _take_units(self, price: Price, special: SpecialPrice, place: int, milli: int) -> bool:
        """Let units of one line have the price; whether that makes them cheaper."""
        before, unit_minor = self.costs[place], self._unit_minor[place]
        self._open_milli[place] -= milli
        self._taken_minor[place] += min(unit_minor, Fraction(special.each_minor)) * milli / MILLI
        exact = self.exact(place)
        cost = rounded(exact.numerator, exact.denominator, special.rounding)
        if unit_minor <= special.each_minor:
            return False

        self.costs[place] = cost
        proof = PriceProof(
            price.name,
            self._lines[place].line,
            before,
            before - cost,
            units_milli=milli,
            each_minor=special.each_minor,
        )
        self.proofs.append(proof)
        return True

    def _percent(self, price: Price, cut: PercentOff, places: list[int]) -> Failed | None:
        reading = self._buyer.readings.get(cut.meter, 0) if cut.meter else None
        percent = percent_of(cut, place=self._buyer.place, reading=reading or 0)
        if not percent:
            if cut.meter:
                return Failed(Refusal.CONDITION, "percent_off.steps")
            return Failed(Refusal.TIER, "percent_off.by_tier")

        costs = [self.costs[place] for place in places]
        named = PriceProof(price.name, percent=str(percent), reading=reading)
        if cut.by == "line":
            parts = [off(cut, cost, percent) for cost in costs]
            for place, cost, part in zip(places, costs, parts, strict=True):
                line = self._lines[place].line
                self.proofs.append(named._replace(line=line, before_minor=cost, off_minor=part))
        else:
            parts = spread(off(cut, sum(costs), percent), costs)
            self.proofs.append(named._replace(before_minor=sum(costs), off_minor=sum(parts)))
        for place, part in zip(places, parts, strict=True):
            self.costs[place] -= part
        return None
