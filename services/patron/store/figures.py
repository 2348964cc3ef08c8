"""Sums over a whole program, for reports. They read every row: not for the hot path."""

from typing import NamedTuple

from patron.store.pool import Connection, sql

SIDES = 4  # Numbers of an asset in an account's balances.


class PointsSum(NamedTuple):
    """What happened to one asset, over all members of a program."""

    issued: int
    taken_back: int
    spent: int
    expired: int


class BalanceSum(NamedTuple):
    """What members have of one asset."""

    members: int
    available: int
    pending: int
    debt: int


class RewardSum(NamedTuple):
    """What became of the grants of one reward, by its number."""

    reward: int
    granted: int
    claimed: int
    lapsed: int


async def points(connection: Connection, *, program: int, asset: int) -> PointsSum:
    """What happened to an asset."""
    return PointsSum(*await connection.fetchrow(sql("figures", "points"), program, asset))


async def balances(connection: Connection, *, program: int, asset: int) -> BalanceSum:
    """What members have of an asset."""
    first = (asset - 1) * SIDES + 1
    return BalanceSum(*await connection.fetchrow(sql("figures", "balances"), program, first))


async def rewards(connection: Connection, *, program: int) -> list[RewardSum]:
    """What became of a program's grants."""
    rows = await connection.fetch(sql("figures", "rewards"), program)
    return [RewardSum(*row) for row in rows]


async def busiest(connection: Connection, *, program: int) -> tuple[int, str] | None:
    """Number and id of the member with the most entries."""
    row = await connection.fetchrow(sql("figures", "busiest"), program)
    return None if row is None else (row["member"], row["id"])
