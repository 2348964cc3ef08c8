"""The chain of an account's entries, and the moves that it holds.

Each hash is made of the one before, the entry's number, the hash of its body, when it
counts, what its fact is called, and its moves. A changed row breaks it from there on.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from hashlib import blake2b

from patron.audit.facts import Event
from patron.store.ledger import EntryRow, LotRow, TakeRow

NOTHING = bytes(16)  # What the first entry follows.

# The meaning of the numbers in rows, written down a second time on purpose.
SIDES = ("available", "pending", "reserved", "debt")  # Of a balance, in this order.
COMPARTMENTS = (*SIDES, "issuer", "redeemed", "expired", "transferred")
DESTINATIONS = (
    "issuer", "redeemed", "expired", "available", "pending", "reserved", "debt", "transferred",
)  # fmt: skip
GRANT_STATES = ("unlocked", "reserved", "claimed", "cancelled", "lapsed", "revoked", "merged")
INSIDE = COMPARTMENTS[:3]

Move = tuple[str, str, str, int]  # Asset, from, to, amount.


def moves(
    lots: Sequence[LotRow], takes: Sequence[TakeRow], *, assets: Mapping[int, str], giver: str
) -> list[Move]:
    """What one entry moved: credits first, then each take.

    A lot that was filled from another lot of the account is no credit: the take says it.
    """
    inside: Counter[tuple[int, str]] = Counter()
    for take in takes:
        to = DESTINATIONS[take.to_account]
        if to in INSIDE:
            inside[take.asset, to] += take.amount
    moved: list[Move] = []
    for lot in lots:
        compartment = COMPARTMENTS[lot.compartment]
        covered = min(lot.amount, inside[lot.asset, compartment])
        inside[lot.asset, compartment] -= covered
        if lot.amount > covered:
            moved.append((assets[lot.asset], giver, compartment, lot.amount - covered))
    moved.extend(
        (
            assets[take.asset],
            COMPARTMENTS[take.compartment],
            DESTINATIONS[take.to_account],
            take.amount,
        )
        for take in takes
    )
    return moved


def balances(moved: Sequence[Move]) -> Counter[tuple[str, str]]:
    """What moves add up to, by asset and place. What is owed counts as debt above zero."""
    sums: Counter[tuple[str, str]] = Counter()
    for asset, giver, taker, amount in moved:
        for place, change in ((giver, -amount), (taker, amount)):
            sums[asset, place] += -change if place == "debt" else change
    return sums


def link(before: bytes, entry: EntryRow, event: Event, moved: Sequence[Move]) -> bytes:
    """The hash of an entry that follows the one with the hash `before`."""
    at = entry.at.astimezone(UTC).isoformat()
    shown = json.dumps([list(move) for move in moved], separators=(",", ":"))
    digest = blake2b(before, digest_size=16)
    digest.update(entry.seq.to_bytes(8, "big"))
    digest.update(blake2b(entry.body, digest_size=16).digest())
    digest.update("\0".join((at, event.tenant, event.source, event.id, shown)).encode())
    return digest.digest()
