"""Draws and share-outs: what is decided once, over all accounts of a program.

A closing is a request to the program itself, so its entry lies in an account of the
program's own, the house's. It is answered on one snapshot of all accounts, and what it
gives enters each of them as a fact that follows: `DrawWon`, `ShareGiven`.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from patron.core.account import Standing, Tally
from patron.core.decision import Refusal
from patron.core.draft import Draft
from patron.core.facts import (
    Closing,
    DrawClosed,
    DrawWon,
    EventName,
    Fact,
    ShareGiven,
    ShareOutClosed,
    Who,
    Winning,
)
from patron.core.money import spread
from patron.core.periods import EVER, day_start
from patron.core.program import Draw, Program
from patron.core.rewards import give

SHARED_OUT = "shared-out"  # Stands for a rule on lots that a share-out opened.
CLOSING_SOURCE = "patron:closing"

Meters = Mapping[str, Mapping[str, int]]  # An account's: meter → window → value.


def standing(program: Program, fact: Closing, meters: Meters) -> int:
    """What one account counts for in a closing; what is below zero counts for nothing."""
    if isinstance(fact, DrawClosed):
        # A draw's entries are counted by a meter of its name.
        meter, window = fact.draw, EVER
    else:
        spec = program.share_outs.get(fact.share_out)
        if spec is None:
            return 0
        meter, window = spec.meter, spec.window
    return max(0, meters.get(meter, {}).get(window, 0))


def tally(program: Program, fact: Closing, standings: Sequence[Standing]) -> Tally:
    """What the house's decision reads of all accounts."""
    winners: tuple[str, ...] = ()
    if isinstance(fact, DrawClosed) and fact.draw in program.draws:
        winners = _drawn(program.draws[fact.draw], fact.seed, standings)
    return Tally(len(standings), sum(value for _, value in standings), winners)


def _drawn(draw: Draw, seed: str, standings: Sequence[Standing]) -> tuple[str, ...]:
    """The winning entries, from the first prize on: those with the lowest hashes."""
    entries = (
        f"{member}#{number}" for member, count in standings for number in range(1, count + 1)
    )
    hashed = ((sha256(f"{seed}:{entry}".encode()).hexdigest(), entry) for entry in entries)
    return tuple(entry for _, entry in heapq.nsmallest(draw.winners, hashed))


def follow_ups(fact: Closing, counted: Tally, standings: Sequence[Standing]) -> Iterator[Fact]:
    """What a granted closing gives: one fact for each account that gets something."""
    if isinstance(fact, DrawClosed):
        won: dict[str, list[Winning]] = defaultdict(list)
        for place, entry in enumerate(counted.winners, start=1):
            member, _, number = entry.rpartition("#")
            won[member].append(Winning(place, int(number)))
        for member, entries in sorted(won.items()):
            name = _follows(fact, member)
            yield DrawWon(name, fact.at, Who("id", member), fact.draw, tuple(entries))
        return

    # Of equal remainders the first member by id gets the odd unit.
    ranked = sorted(standings)
    parts = spread(fact.amount, [value for _, value in ranked])
    for (member, _), part in zip(ranked, parts, strict=True):
        if part:
            name = _follows(fact, member)
            yield ShareGiven(name, fact.at, Who("id", member), fact.share_out, part)


def _follows(fact: Closing, member: str) -> EventName:
    """A name made of its cause, so that it is the same however often it is worked out."""
    tenant, source, identity = fact.name
    return EventName(tenant, f"{CLOSING_SOURCE}:{source}", f"{identity}/{member}")


def close_draw(draft: Draft, fact: DrawClosed) -> Mapping[str, Any] | Refusal:
    """Answer for the house: the seed must be the one whose hash was published before."""
    draw = draft.program.draws.get(fact.draw)
    if draw is None:
        return Refusal.CONDITION
    if draft.at < day_start(draw.to_day, draft.program.zone):
        return Refusal.NOT_OPEN
    if _is_closed(draft, f"draw/{fact.draw}"):
        return Refusal.CLOSED
    if sha256(fact.seed.encode()).hexdigest() != draw.seed_sha256:
        return Refusal.CONDITION

    counted = _counted(draft)
    _close(draft, f"draw/{fact.draw}")
    data: dict[str, Any] = {"draw": fact.draw, "seed": fact.seed, "seed_sha256": draw.seed_sha256}
    data |= {"members": counted.members, "entries": counted.total}
    draft.notice("draw.closed", data | {"winners": list(counted.winners)})
    return {}


def close_share_out(draft: Draft, fact: ShareOutClosed) -> Mapping[str, Any] | Refusal:
    """Answer for the house: somebody must have something on the meter."""
    spec = draft.program.share_outs.get(fact.share_out)
    if spec is None:
        return Refusal.CONDITION
    if spec.opens_at is not None and draft.at < spec.opens_at:
        return Refusal.NOT_OPEN
    if _is_closed(draft, f"share-out/{fact.share_out}"):
        return Refusal.CLOSED
    counted = _counted(draft)
    if not counted.total:
        return Refusal.CONDITION

    _close(draft, f"share-out/{fact.share_out}")
    data = {"share_out": fact.share_out, "asset": spec.asset, "amount": fact.amount}
    draft.notice("share_out.closed", data | {"members": counted.members, "total": counted.total})
    return {}


def _counted(draft: Draft) -> Tally:
    counted = draft.state.tally
    assert counted is not None, "a closing is decided with what it read of all accounts"
    return counted


def _is_closed(draft: Draft, name: str) -> bool:
    return name in draft.used


def _close(draft: Draft, name: str) -> None:
    # A cap of one closing in the house's lifetime.
    draft.used[name] = (EVER, 1)


def win(draft: Draft, fact: DrawWon) -> None:
    """A winner's entry: a notice for each entry that won, and its reward."""
    draw = draft.program.draws[fact.draw]
    for place, number in fact.won:
        entry = f"{draft.account.member}#{number}"
        draft.notice("draw.won", {"draw": fact.draw, "entry": entry, "place": place})
        if draw.reward:
            give(draft, draw.reward, order="")


def receive_share(draft: Draft, fact: ShareGiven) -> None:
    """A member's entry of a share-out: its part is credited."""
    asset = draft.program.share_outs[fact.share_out].asset
    draft.credit(asset, fact.amount, rule=SHARED_OUT)
    data = {"share_out": fact.share_out, "asset": asset, "amount": fact.amount}
    draft.notice("share.given", data)
