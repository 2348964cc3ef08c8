"""Names of events, each once for ever: what makes a redelivery change nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from patron.store.pool import Connection, Uuid, columns, sql

FRESH, DUPLICATE, REUSED = range(3)


class Name(NamedTuple):
    """An event's name, the hash of what it says, and the weeks in which it may have come."""

    week: int  # Of receipt.
    event: bytes
    content: int
    member: int | None
    first_week: int  # Of its own time: it can't have been received before it happened.


async def claim(connection: Connection, names: Sequence[Name]) -> list[int]:
    """Claim names that differ from each other; say of each whether it was fresh.

    Looks where a name may already be before it claims: in every week from its own time.
    """
    before = await _earlier(connection, names)
    new = [name for name in names if name.event not in before]
    new.sort()
    rows = await connection.fetch(
        sql("seen", "claim"),
        *columns([(n.week, Uuid(n.event), n.content, n.member) for n in new], 4),
    )
    fresh = {row["event"].bytes for row in rows}
    if len(fresh) < len(new):
        there = [name for name in new if name.event not in fresh]
        before |= await _found(connection, there, {name.week for name in there})
    return [
        FRESH
        if name.event in fresh
        else DUPLICATE
        if before[name.event] == name.content
        else REUSED
        for name in names
    ]


async def _earlier(connection: Connection, names: Sequence[Name]) -> dict[bytes, int]:
    """What is known of names whose weeks before that of receipt must be looked in too."""
    late = [name for name in names if name.first_week < name.week]
    weeks = {week for name in late for week in range(name.first_week, name.week)}
    return await _found(connection, late, weeks)


async def _found(
    connection: Connection, names: Sequence[Name], weeks: set[int]
) -> dict[bytes, int]:
    if not names:
        return {}

    events = [Uuid(name.event) for name in names]
    rows = await connection.fetch(sql("seen", "find"), sorted(weeks), events)
    return {row["event"].bytes: row["content"] for row in rows}


async def forget(connection: Connection, names: Sequence[Name]) -> None:
    """Give back names that were claimed in this transaction."""
    await connection.execute(
        sql("seen", "forget"), *columns([(name.week, Uuid(name.event)) for name in names], 2)
    )


async def member_of(connection: Connection, event: bytes) -> int | None:
    """The member of an event; None if it was never applied."""
    member: int | None = await connection.fetchval(sql("seen", "member"), Uuid(event))
    return member
