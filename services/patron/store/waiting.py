"""Facts that came before what they are about, until it comes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from patron.store.pool import Connection, Uuid, columns, sql


class WaitingFact(NamedTuple):
    """A fact and what it waits for."""

    key: bytes
    event: bytes
    at: datetime
    kind: int
    fact: bytes


async def put(
    connection: Connection, *, tenant: int, program: int, facts: Sequence[WaitingFact]
) -> None:
    """Let facts wait."""
    if facts:
        await connection.execute(
            sql("waiting", "put"),
            tenant,
            program,
            *columns([(Uuid(f.key), Uuid(f.event), *f[2:]) for f in facts], 5),
        )


async def find(
    connection: Connection, *, tenant: int, program: int, keys: Sequence[bytes]
) -> list[WaitingFact]:
    """What waits for these keys, locked to the commit."""
    if not keys:
        return []

    rows = await connection.fetch(
        sql("waiting", "find"), tenant, program, [Uuid(key) for key in sorted(set(keys))]
    )
    return [_waiting(row) for row in rows]


async def take(
    connection: Connection,
    *,
    tenant: int,
    program: int,
    key: bytes,
    until: datetime | None,
    facts_max: int,
) -> list[WaitingFact]:
    """Take out some of what waits for a key, and is no later than `until`."""
    rows = await connection.fetch(
        sql("waiting", "take"), tenant, program, Uuid(key), until, facts_max
    )
    return [_waiting(row) for row in rows]


async def lapse(
    connection: Connection,
    *,
    tenant: int,
    program: int,
    until: datetime,
    but: Sequence[bytes],
    facts_max: int,
) -> list[WaitingFact]:
    """Take out some of what is earlier than `until`, and does not wait for one of `but`."""
    keys = [Uuid(key) for key in but]
    rows = await connection.fetch(sql("waiting", "lapse"), tenant, program, until, keys, facts_max)
    return [_waiting(row) for row in rows]


def _waiting(row: Any) -> WaitingFact:
    key, event, at, kind, fact = row
    return WaitingFact(key.bytes, event.bytes, at, kind, fact)


async def drop(connection: Connection, *, tenant: int, program: int, keys: Sequence[bytes]) -> None:
    """What waited for these keys waits no more."""
    if keys:
        await connection.execute(
            sql("waiting", "drop"), tenant, program, [Uuid(key) for key in sorted(set(keys))]
        )
