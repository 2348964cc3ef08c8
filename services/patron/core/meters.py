"""Meters: numbers that count a member's doings over a window.

Each order's share of a window is kept with the order, so that a refund takes out just
what the order put in, also of a window that has ended. Old windows are forgotten when
nothing can ask for them any more: the two latest stay, and those that a tier stands on.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache

from patron.core.account import Counted
from patron.core.basis import Basket
from patron.core.decision import Proof
from patron.core.draft import Draft
from patron.core.expressions import event_facts, meters_ask
from patron.core.facts import Engaged
from patron.core.matching import Selection, selection, total, units
from patron.core.program import Facts, Meter, Program
from patron.core.reaching import reached_windows
from patron.core.wallets import is_within
from patron.core.windows import ROLLING, part_of, without_old

WINDOWS_KEPT = 2
PUNCHES = "punches"  # The window under which an order keeps how many punches it gave.


@lru_cache(maxsize=256)
def order_meters(program: Program) -> tuple[tuple[Meter, Selection], ...]:
    """The meters that orders move; punches live by themselves, in `punches`."""
    of_events = ("events", "level")
    meters = (m for m in program.meters.values() if m.counts not in of_events and not m.punches)
    return tuple((meter, selection(meter.match)) for meter in meters)


def order_counts(
    draft: Draft,
    basket: Basket,
    facts: Facts | None,
    proofs: Iterable[Proof],
    *,
    first_at: datetime,
    day: date,
) -> list[Counted]:
    """What an order adds to each meter, as it now is: to the parts of its first completion."""
    zone, joined_at = draft.program.zone, draft.joined_at
    counts = []
    for meter, chosen in order_meters(draft.program):
        if not counts_when(meter, facts):
            continue
        amount = _amount(meter, chosen, basket, proofs)
        if amount:
            part = part_of(meter.window, first_at, day, joined_at=joined_at, zone=zone)
            if part:
                counts.append(Counted(meter.name, part, amount))
    return counts


def _amount(meter: Meter, chosen: Selection, basket: Basket, proofs: Iterable[Proof]) -> int:
    if meter.counts == "points":
        return _points(meter, proofs)
    if meter.counts == "units":
        return units(basket, chosen)

    minor = total(basket, meter.basis, chosen)
    if meter.counts == "basis":
        return minor

    assert meter.counts == "orders"
    # An order that was free counts by its units; one that was paid, while money is left.
    return 1 if minor or (basket.was_free and units(basket, chosen)) else 0


def event_counts(program: Program, fact: Engaged, proofs: Sequence[Proof]) -> dict[str, int]:
    """What an engagement adds to each meter: one event, one less, or what it earned."""
    facts = event_facts(fact) if meters_ask(program) else None
    counts = points_counts(program, proofs)
    for meter in program.meters.values():
        if meter.counts in ("events", "level"):
            if not counts_when(meter, facts):
                continue
            by = (fact.action in meter.actions) - (fact.action in meter.ended_by)
            if by and meter.match.attributes_of(fact.attributes):
                counts[meter.name] = by
    return counts


def counts_when(meter: Meter, facts: Facts | None) -> bool:
    """Whether a meter's own condition lets it count an order or event."""
    return meter.when is None or (facts is not None and meter.when.holds(facts))


def points_counts(program: Program, proofs: Sequence[Proof]) -> dict[str, int]:
    """What rules gave adds to the meters that count points."""
    counting = (meter for meter in program.meters.values() if meter.counts == "points")
    return {meter.name: given for meter in counting if (given := _points(meter, proofs))}


def _points(meter: Meter, proofs: Iterable[Proof]) -> int:
    return sum([proof.amount for proof in proofs if is_within(proof.asset, meter.asset)])


def count(draft: Draft, meter: Meter, amount: int, *, at: datetime, day: date) -> None:
    """Let a meter count what happened then, outside any order."""
    zone = draft.program.zone
    part = part_of(meter.window, at, day, joined_at=draft.joined_at, zone=zone)
    if part:
        move(draft, meter.name, part, amount)


def move(draft: Draft, meter: str, part: str, by: int) -> None:
    """Change one part of a meter, and forget those that nothing can ask for any more."""
    windows = dict(draft.meters.get(meter, {}))
    windows[part] = windows.get(part, 0) + by
    spec = draft.program.meters[meter]
    if spec.window.kind == ROLLING:
        # A refund may ask what it was when a tier that stands was reached.
        since = min([draft.at, *(held.reached_at for held in draft.qualifications)])
        windows = without_old(windows, spec, since=since, zone=draft.program.zone)
    elif len(windows) > WINDOWS_KEPT:
        needed = {held.window for held in draft.qualifications}
        needed.update(reached_windows(draft, meter))
        share_outs = draft.program.share_outs.values()
        needed.update(share_out.window for share_out in share_outs if share_out.meter == meter)
        needed.update(sorted(windows)[-WINDOWS_KEPT:])
        windows = {name: value for name, value in windows.items() if name in needed}
    draft.meters[meter] = windows


def move_to(draft: Draft, before: Iterable[Counted], now: Iterable[Counted]) -> None:
    """Replace what an order counted for by what it counts for now."""
    changes = {(counted.meter, counted.window): counted.amount for counted in now}
    for meter, window, amount in before:
        if window != PUNCHES:  # Those live by themselves.
            changes[meter, window] = changes.get((meter, window), 0) - amount
    for (meter, window), by in changes.items():
        if by:
            move(draft, meter, window, by)
