"""A merge: one account is emptied for good, and its heir has all that it had.

Entries of the closed account count below all that the heir had, so that what it earned
can be told from what the heir earned, and is the older of two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from patron.audit.facts import Event
from patron.audit.ladder import Qualification
from patron.audit.paying import Part
from patron.audit.programs import Terms
from patron.audit.wallet import Lot, spending, take_from

if TYPE_CHECKING:
    from patron.audit.model import Model


def close(model: Model) -> None:
    """Nothing is left, but what was ever opened."""
    for lot in model.wallet.lots:
        lot.remaining = 0
    for grant in model.cards.grants:
        if grant.state in ("unlocked", "reserved"):
            grant.state = "merged"
    model.wallet.debt.clear()
    model.cards.punches.clear()
    model.cards.owed.clear()
    model.cards.lapsed.clear()
    model.entered.clear()
    model.streak_days.clear()
    model.idle_enterings.clear()
    model.used.clear()
    model.meters.moves.clear()
    model.qualifications.clear()
    model.tier = ""
    model.prepaid.clear()
    model.belongings.clear()


def take_over(model: Model, terms: Terms, event: Event, closed: Model) -> None:
    """All that `closed` had before the merge."""
    by = model.floor - 1 - closed.last
    model.floor = closed.floor + by
    model.had_late = model.had_late or closed.had_late
    model.frozen = model.frozen or closed.frozen
    model.active_at = max(model.active_at, closed.active_at)
    model.ordered_at = max(filter(None, (model.ordered_at, closed.ordered_at)), default=None)
    if event.seq == 1:
        model.meters.joined_at = closed.meters.joined_at
    _lots_and_grants(model, event, closed, by)
    _orders(model, closed, by)
    _counts(model, closed)
    model.qualifications = _better([*model.qualifications, *closed.qualifications])
    model.requalify(terms, of=event.at, at=event.at, revokes=False)
    _punches(model, closed)
    model.cards.unlock(terms, event.seq, at=event.at, order="")


def _lots_and_grants(model: Model, event: Event, closed: Model, by: int) -> None:
    held: dict[tuple[int, int], list[Lot]] = {}
    for lot in sorted((o for o in closed.wallet.lots if o.remaining), key=spending):
        mine = model.wallet.open(
            event.seq, asset=lot.asset, compartment=lot.compartment, expires_at=lot.expires_at,
            earned_at=lot.earned_at, amount=lot.remaining, rule=lot.rule, origin=lot.origin + by,
            activates_at=lot.activates_at,
        )  # fmt: skip
        held.setdefault(lot.held_by, []).append(mine)
    for asset, debt in closed.wallet.debt.items():
        debt += model.wallet.debt.get(asset, 0)
        paid = take_from(model.wallet.of(asset, "available"), debt)
        model.wallet.debt[asset] = debt - sum(part for _, part in paid)
    opened = [g for g in closed.cards.grants if g.state in ("unlocked", "reserved")]
    for grant in sorted(opened, key=lambda g: (g.unlocked_at, g.seq, g.n)):
        n = model.cards.next_n(event.seq)
        for mine in held.get((grant.seq, grant.n), ()):
            mine.held_by = (event.seq, n)
        model.cards.grants.append(replace(grant, seq=event.seq, n=n))
    model.cards.inherited += closed.cards.inherited
    model.cards.inherited.update(g.reward for g in closed.cards.grants if g.state == "claimed")


def _orders(model: Model, closed: Model, by: int) -> None:
    for order in closed.orders.values():
        order.events = [event._replace(seq=event.seq + by) for event in order.events]
        order.paid = _as_here(order.paid, by)
    for name, ahead in closed.prepaid.items():
        model.prepaid[name] = [*model.prepaid.get(name, []), *_as_here(ahead, by)]
    model.orders |= closed.orders
    model.order_of_entry |= {seq + by: order for seq, order in closed.order_of_entry.items()}


def _as_here(parts: list[Part], by: int) -> list[Part]:
    return [p if p.origin is None else p._replace(origin=p.origin + by) for p in parts]


def _counts(model: Model, closed: Model) -> None:
    model.meters.moves += closed.meters.moves
    for cap, amount in closed.used.items():
        model.used[cap] = model.used.get(cap, 0) + amount
    for each, given in closed.reached.items():
        model.reached[each] = model.reached.get(each, 0) + given
    model.once |= closed.once
    for rule, idle in closed.idle_enterings.items():
        model.idle_enterings[rule] = model.idle_enterings.get(rule, 0) + idle
    for draw, entries in closed.entered.items():
        model.entered[draw] = model.entered.get(draw, 0) + entries
    for rule, days in closed.streak_days.items():  # The one that goes on, of two the longer.
        mine = model.streak_days.get(rule)
        if mine is None or (mine.latest, len(mine.days)) < (days.latest, len(days.days)):
            model.streak_days[rule] = days
    model.awarded |= closed.awarded
    for name, end in closed.belongings.items():
        if name.startswith("entitlement/"):
            model.belongings[name] = max(end, model.belongings.get(name, end))
    model.birthday = model.birthday or closed.birthday
    model.zone = model.zone or closed.zone


def _better(qualifications: list[Qualification]) -> list[Qualification]:
    """Of two that name the same tier and window, the one that is held for longer."""
    best: dict[tuple[str, str], Qualification] = {}
    for held in sorted(qualifications, key=lambda q: q.held_until):
        best[held.tier, held.window] = held
    return list(best.values())


def _punches(model: Model, closed: Model) -> None:
    for meter, ended in closed.cards.lapsed.items():
        model.cards.lapsed.setdefault(meter, []).extend(ended)
    for meter in sorted(closed.cards.punches.keys() | closed.cards.owed.keys()):
        for punch in closed.cards.punches.get(meter, []):
            model.cards.add(meter, punch.left, lapses_at=punch.lapses_at, cause=punch.cause)
        model.cards.owe(meter, closed.cards.owed.get(meter, 0))
