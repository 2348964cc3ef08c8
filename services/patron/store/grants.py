"""Rewards that members hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from patron.store.pool import Connection, columns, sql


class GrantRow(NamedTuple):
    """A reward of an account; (account, seq, n) is its name."""

    account: int
    seq: int
    n: int
    reward: int
    state: int  # 0 unlocked, 1 reserved, 2 claimed, 3 cancelled, 4 lapsed, 5 revoked.
    unlocked_at: datetime
    lapses_at: datetime
    ends_at: datetime
    detail: bytes


async def open_grants(connection: Connection, accounts: Sequence[int]) -> list[GrantRow]:
    """The grants of these accounts that are unlocked or reserved."""
    rows = await connection.fetch(sql("grants", "open"), sorted(accounts))
    return [GrantRow(*row) for row in rows]


async def save(connection: Connection, grants: Sequence[GrantRow]) -> None:
    """New grants, and the new state of those that are there."""
    if grants:
        await connection.execute(sql("grants", "save"), *columns(sorted(grants), 9))
