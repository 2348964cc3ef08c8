"""Double entry: every move of an entry, as (asset, from, to, amount), and its chain.

Lots and takes are all that is stored; postings are read off them. Per asset everything
sums to zero, since each posting has two sides. The chain makes an entry depend on all
before it: change one, and every later hash is another.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

from patron.core.account import AVAILABLE, PENDING, RESERVED, Lot, Take
from patron.core.facts import EventName

GENESIS = bytes(16)

Posting = tuple[str, str, str, int]  # asset, from, to, amount

# Where a lot's points come from when a take of the same entry moved them there.
_MOVES = {AVAILABLE, PENDING, RESERVED}


def postings(opened: Iterable[Lot], takes: Iterable[Take], *, giver: str) -> list[Posting]:
    """The moves of one entry, credits first.

    `giver` is where new lots come from: the issuer, or a member who transfers. Points
    that only change compartment leave by a take `to` that compartment, and the lots that
    receive them are not credited twice.
    """
    takes = list(takes)
    moved: dict[tuple[str, str], int] = {}
    for take in takes:
        if take.to in _MOVES:
            place = (take.asset, take.to)
            moved[place] = moved.get(place, 0) + take.amount
    moves: list[Posting] = []
    for lot in opened:
        inside = min(lot.amount, moved.get((lot.asset, lot.compartment), 0))
        if inside:
            moved[lot.asset, lot.compartment] -= inside
        if lot.amount > inside:
            moves.append((lot.asset, giver, lot.compartment, lot.amount - inside))
    moves.extend((take.asset, take.compartment, take.to, take.amount) for take in takes)
    return moves


def link(
    previous: bytes,
    *,
    seq: int,
    at: datetime,
    name: EventName,
    body: bytes,
    moves: Iterable[Posting],
) -> bytes:
    """The hash of an entry: 16 bytes of BLAKE2b over all that it says and the one before.

    A body counts by its own hash, so that one that was erased still verifies.
    """
    # As json.dumps would: names of assets and compartments hold nothing to escape.
    parts = ",".join([f'["{asset}","{giver}","{to}",{n}]' for asset, giver, to, n in moves])
    text = "\0".join((at.isoformat(), *name, f"[{parts}]"))
    digest = blake2b(previous, digest_size=16)
    digest.update(seq.to_bytes(8, "big"))
    digest.update(blake2b(body, digest_size=16).digest())
    digest.update(text.encode())
    return digest.digest()
