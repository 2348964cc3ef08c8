"""What members share: how much of each pool is taken, and the reservations that hold it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from patron.store.members import stand_in
from patron.store.pool import Connection, all_written, columns, sql


class PoolRow(NamedTuple):
    """A pool, and what is taken of it for good."""

    pool: str
    used: int
    loaded: int  # Codes.


class HoldRow(NamedTuple):
    """What one member's reservation holds of a pool."""

    pool: str
    account: int
    member: str
    request: str
    amount: int
    until: datetime


class NewHold(NamedTuple):
    """A reservation of a pool, by its account."""

    pool: str
    account: int
    request: str
    amount: int
    until: datetime


class HoldName(NamedTuple):
    """Names a reservation of a pool."""

    pool: str
    account: int
    request: str


class PoolFigures(NamedTuple):
    """A pool as a report shows it."""

    pool: str
    used: int
    held: int
    loaded: int


async def make(connection: Connection, *, tenant: int, program: int, pools: Iterable[str]) -> None:
    """Make the pools that a program names, where they are not there yet."""
    names = sorted(set(pools))
    if names:
        await connection.execute(sql("pools", "make"), tenant, program, names)


async def lock(
    connection: Connection, *, tenant: int, program: int, pools: Iterable[str]
) -> tuple[list[PoolRow], list[HoldRow]]:
    """Lock pools, in order of their names, and read what is taken of them."""
    names = sorted(set(pools))
    if not names:
        return [], []

    rows = await connection.fetch(sql("pools", "lock"), tenant, program, names)
    all_written(f"SELECT {len(rows)}", names)
    holds = await connection.fetch(sql("pools", "holds"), tenant, program, names)
    return [PoolRow(*row) for row in rows], [_hold(row) for row in holds]


async def read(
    connection: Connection, *, tenant: int, program: int
) -> tuple[list[PoolRow], list[HoldRow]]:
    """What is taken of every pool of a program, without a lock."""
    rows = [
        PoolRow(row.pool, row.used, row.loaded)
        for row in await listed(connection, tenant=tenant, program=program)
    ]
    names = [row.pool for row in rows]
    holds = await connection.fetch(sql("pools", "holds"), tenant, program, names) if rows else []
    return rows, [_hold(row) for row in holds]


def _hold(row: Any) -> HoldRow:
    pool, account, number, member, *held = row
    return HoldRow(pool, account, member or stand_in(number), *held)


async def save(
    connection: Connection,
    *,
    tenant: int,
    program: int,
    used: Sequence[tuple[str, int]],
    released: Sequence[HoldName],
    held: Sequence[NewHold],
) -> None:
    """What a transaction that has locked these pools took of them, and gave back."""
    place = tenant, program
    if used:
        status = await connection.execute(sql("pools", "save"), *place, *columns(sorted(used), 2))
        all_written(status, used)
    if released:
        await connection.execute(sql("pools", "release"), *place, *columns(sorted(released), 3))
    if held:
        await connection.execute(sql("pools", "hold"), *place, *columns(sorted(held), 5))


async def listed(connection: Connection, *, tenant: int, program: int) -> list[PoolFigures]:
    """Every pool of a program."""
    rows = await connection.fetch(sql("pools", "list"), tenant, program)
    return [PoolFigures(*row) for row in rows]


async def inherit(
    connection: Connection, *, tenant: int, program: int, account: int, heir: int
) -> None:
    """Let the reservations of a closed account be its heir's."""
    await connection.execute(sql("pools", "inherit"), tenant, program, account, heir)
