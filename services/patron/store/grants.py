"""Rewards that members hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from patron.store.pool import Connection, Uuid, columns, sql


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
    request: bytes | None = None  # A hash of its name: of what reserved or claimed it,
    used_on: bytes | None = None  # and of the order that it was claimed for.


async def open_grants(connection: Connection, accounts: Sequence[int]) -> list[GrantRow]:
    """The grants of these accounts that are unlocked or reserved."""
    rows = await connection.fetch(sql("grants", "open"), sorted(accounts))
    return [GrantRow(*row) for row in rows]


async def ended_grants(
    connection: Connection, accounts: Sequence[int], *, names: Sequence[bytes]
) -> list[GrantRow]:
    """The grants of these accounts that are over, of reservations and orders by name."""
    if not accounts or not names:
        return []

    keys = [Uuid(key) for key in sorted(set(names))]
    rows = await connection.fetch(sql("grants", "ended"), sorted(accounts), keys)
    return [GrantRow(*row) for row in rows]


async def save(connection: Connection, grants: Sequence[GrantRow]) -> None:
    """New grants, and the new state of those that are there."""
    if grants:
        rows = [(*g[:9], _uuid(g.request), _uuid(g.used_on)) for g in sorted(grants)]
        await connection.execute(sql("grants", "save"), *columns(rows, 11))


def _uuid(key: bytes | None) -> Uuid | None:
    return None if key is None else Uuid(key)
