"""The outbox: notices, and copies of dead letters, that are committed and not published yet."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from patron.store.pool import Connection, columns, sql

Place = tuple[str, int]  # topic, partition


class OwedNotice(NamedTuple):
    """A notice on its way into the outbox; its bytes never change again."""

    shard: int
    notice: UUID
    body: bytes
    is_letter: bool = False  # A dead letter's copy; its body is sealed.


class WaitingNotice(NamedTuple):
    """A notice that lies in the outbox; ids of one shard are in the member's order."""

    id: int
    notice: UUID
    body: bytes
    is_letter: bool


async def append(connection: Connection, notices: Sequence[OwedNotice]) -> None:
    """Owe notices to the world, in the transaction that caused them."""
    if notices:
        await connection.copy_records_to_table(
            "outbox", records=notices, columns=OwedNotice._fields
        )


async def oldest(
    connection: Connection, *, shard: int, notices_max: int, bytes_max: int
) -> list[WaitingNotice]:
    """The oldest notices of a shard, at most so many and so many bytes, at least one if any."""
    rows = await connection.fetch(sql("outbox", "oldest"), shard, notices_max)
    notices: list[WaitingNotice] = []
    size_bytes = 0
    for row in rows:
        size_bytes += len(row["body"])
        if notices and size_bytes > bytes_max:
            break
        notices.append(WaitingNotice(*row))
    return notices


async def delete(
    connection: Connection, *, shard: int, ids: Sequence[int], positions: Mapping[Place, int]
) -> None:
    """Notices that the world has, and up to where the output topic has been seen."""
    if ids:
        await connection.execute(sql("outbox", "delete"), shard, list(ids))
    if positions:
        rows = [(*place, offset) for place, offset in sorted(positions.items())]
        await connection.execute(sql("outbox", "move"), shard, *columns(rows, 3))


async def known(connection: Connection, *, shard: int, notices: Sequence[UUID]) -> dict[UUID, int]:
    """Those of these notices that still lie in the outbox, with their ids there."""
    rows = await connection.fetch(sql("outbox", "known"), shard, list(notices))
    return {UUID(bytes=row["notice"].bytes): row["id"] for row in rows}


async def ahead(connection: Connection, *, shard: int) -> set[UUID]:
    """Notices that the topic has, and that this database has not made yet."""
    rows = await connection.fetch(sql("outbox", "ahead"), shard)
    return {UUID(bytes=row["notice"].bytes) for row in rows}


async def put_ahead(connection: Connection, *, shard: int, notices: Sequence[UUID]) -> None:
    """Remember notices that the topic has, and that this database does not know."""
    await connection.execute(sql("outbox", "put_ahead"), shard, list(notices))


async def drop_ahead(connection: Connection, *, shard: int, notices: Sequence[UUID]) -> None:
    """Forget what was remembered so: these are known now."""
    await connection.execute(sql("outbox", "drop_ahead"), shard, list(notices))


async def notices(connection: Connection) -> set[UUID]:
    """Every notice that waits; copies of dead letters are none."""
    return {
        UUID(bytes=row["notice"].bytes) for row in await connection.fetch(sql("outbox", "notices"))
    }


async def positions(connection: Connection, *, shard: int) -> dict[Place, int]:
    """Up to where on each partition of the output topic everything is accounted for."""
    rows = await connection.fetch(sql("outbox", "positions"), shard)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def pending(connection: Connection, *, shard: int, counted_max: int = 100_000) -> int:
    """How many notices wait, counted up to a limit."""
    return int(await connection.fetchval(sql("outbox", "pending"), shard, counted_max))
