"""Draws and share-outs over all members of a program, and what each member gets of them.

`winners` and `shares` are for whoever has all members' models at hand; an audit of one
account takes what its entries say that it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING

from patron.audit import calendar
from patron.audit.calendar import NEVER
from patron.audit.cards import Grant
from patron.audit.facts import Event
from patron.audit.programs import Terms

if TYPE_CHECKING:
    from patron.audit.model import Model

SHARED_OUT = "shared-out"


def winners(entered: Mapping[str, int], *, seed: str, count: int) -> list[tuple[str, int]]:
    """The entries (member, number) that win, from the first prize on."""
    entries = [(member, k + 1) for member, held in entered.items() for k in range(held)]

    def digest(entry: tuple[str, int]) -> str:
        member, number = entry
        return sha256(f"{seed}:{member}#{number}".encode()).hexdigest()

    return sorted(entries, key=digest)[:count]


def shares(meters: Mapping[str, int], *, amount: int) -> dict[str, int]:
    """What each member gets of an amount; who gets nothing is left out."""
    worth = {member: value for member, value in meters.items() if value > 0}
    total = sum(worth.values())
    exact = {member: Fraction(amount * value, total) for member, value in worth.items()}
    gets = {member: int(part) for member, part in exact.items()}
    by_remainder = sorted(exact, key=lambda member: (-(exact[member] - gets[member]), member))
    for member in by_remainder[: amount - sum(gets.values())]:
        gets[member] += 1
    return {member: part for member, part in gets.items() if part}


def give(model: Model, terms: Terms, event: Event) -> None:
    """Enter what a closing gave to one member."""
    if event.kind == "share_given":
        asset = terms.document.share_outs[event.fields["share_out"]].asset
        amount = event.fields["amount"]
        model.credit(terms, event.seq, asset, amount, SHARED_OUT, model.at)
        return

    reward = terms.document.draws[event.fields["draw"]].reward
    for _ in event.fields["won"] if reward is not None else ():
        assert reward is not None
        after = terms.document.rewards[reward].lapses_after
        lapses_at = NEVER if after is None else calendar.plus(model.at, after, terms.zone)
        n = model.cards.next_n(event.seq)
        model.cards.grants.append(
            Grant(reward, event.seq, n, "unlocked", model.at, lapses_at, was_unlocked=True)
        )
