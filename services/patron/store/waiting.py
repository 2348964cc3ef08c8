"""Facts that came before what they are about, until it comes."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from patron.store.pool import Connection, columns, sql


class WaitingFact(NamedTuple):
    """A fact and what it waits for."""

    key: UUID
    event: UUID
    at: datetime
    kind: int
    fact: bytes


async def put(
    connection: Connection, *, tenant: int, program: int, facts: Sequence[WaitingFact]
) -> None:
    """Let facts wait."""
    if facts:
        await connection.execute(sql("waiting", "put"), tenant, program, *columns(list(facts), 5))


async def find(
    connection: Connection, *, tenant: int, program: int, keys: Sequence[UUID]
) -> list[WaitingFact]:
    """What waits for these keys, locked to the commit."""
    if not keys:
        return []

    rows = await connection.fetch(sql("waiting", "find"), tenant, program, sorted(set(keys)))
    return [WaitingFact(*row) for row in rows]


async def drop(connection: Connection, *, tenant: int, program: int, keys: Sequence[UUID]) -> None:
    """What waited for these keys waits no more."""
    if keys:
        await connection.execute(sql("waiting", "drop"), tenant, program, sorted(set(keys)))
