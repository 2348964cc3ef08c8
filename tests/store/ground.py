"""What tests of the store stand on: instants, and rows that differ only where it matters."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from patron.store.accounts import AccountRow, SavedAccount
from patron.store.ledger import EntryRow, LotRow, TakeRow
from patron.store.partitions import Partition, of_entry, of_lot, of_week, week_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEEK = week_of(NOW)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
PENDING = 1  # A compartment whose points say when they become available.
PARTITIONS: list[Partition] = [
    *(of_week(week) for week in range(WEEK - 2, WEEK + 2)),
    of_entry(NOW),
    of_lot(NOW),
    of_lot(NOW + timedelta(days=60)),
    of_lot(NEVER),
]
DEADLINE_S = 10.0


class Store(NamedTuple):
    """A migrated database with its partitions, and sessions in it."""

    dsn: str
    pool: Any


def uid(name: str) -> bytes:
    """The hash of a name, as keys of rows are."""
    return uuid5(UUID(int=0), name).bytes


def saved(row: AccountRow, **changes: Any) -> SavedAccount:
    """An account to write back, as it was read but for `changes`."""
    kept = SavedAccount(
        row.account, row.seq, row.due_at, row.tier, row.state, row.chain, row.balances
    )
    return kept._replace(**changes)


def entry(account: int, seq: int) -> EntryRow:
    body = f"{account}/{seq}".encode()
    event = uid(f"event {account}/{seq}")
    return EntryRow(account, seq, NOW, NOW, event, 1, 1, body, uid(f"hash {account}/{seq}"))


def lot(account: int, seq: int, **changes: Any) -> LotRow:
    row = LotRow(account, 1, 0, NEVER, NOW, seq, 1, amount=100, remaining=100, rule=1, origin=seq)
    if changes.get("compartment") == PENDING:
        row = row._replace(activates_at=NOW)
    return row._replace(**changes)


def take(account: int, seq: int, **changes: Any) -> TakeRow:
    return TakeRow(account, seq, 1, 1, 0, 40, 1, lot_seq=1, lot_n=1)._replace(**changes)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; fail where it does not come true in time."""
    deadline = monotonic() + DEADLINE_S
    while not await holds():
        assert monotonic() < deadline, "The condition did not come true in time."
        await asyncio.sleep(0.01)


async def waits_for_a_lock(connection: Any, pid: int) -> bool:
    """Whether that session stands behind a lock of another."""
    return bool(await connection.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid))
