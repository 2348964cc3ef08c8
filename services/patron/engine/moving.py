"""Facts after which names lead elsewhere, or nowhere: two members became one, one was erased.

Such a fact stands alone in a batch: who comes after it is looked up anew.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from patron.core.facts import MemberErased, MemberMerged
from patron.engine.reading import Meant
from patron.store import members
from patron.store.pool import Connection
from patron.wire.incoming import Arrived

MOVES_NAMES = (MemberMerged, MemberErased)


class Brought(Protocol):
    """What brought a fact."""

    @property
    def arrived(self) -> Arrived:
        """The fact."""


B = TypeVar("B", bound=Brought)


def apart(received: Sequence[B]) -> list[list[B]]:
    """A batch in parts, in its order: each fact that moves names is one of its own."""
    parts: list[list[B]] = [[]]
    moved = False
    for each in received:
        moves = isinstance(each.arrived.fact, MOVES_NAMES)
        if parts[-1] and (moves or moved):
            parts.append([])
        parts[-1].append(each)
        moved = moves
    return parts


async def move_names(
    connection: Connection, tenant: int, meant: Sequence[Meant], numbers: Mapping[str, int]
) -> None:
    """Let names lead where they lead after these facts."""
    for fact, member, heir in meant:
        if member is None:
            continue
        if isinstance(fact, MemberErased):
            await members.erase(connection, tenant, member=numbers[member])
        elif isinstance(fact, MemberMerged) and heir and member != heir:
            await members.lead(connection, tenant, member=numbers[member], heir=numbers[heir])
