"""Entries, lots and takes: appended in batches, and never changed but for what a lot holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from patron.store.pool import Connection, Uuid, all_written, columns, sql


class EntryRow(NamedTuple):
    """All that one fact did to one account."""

    account: int
    seq: int
    at: datetime
    recorded_at: datetime
    event: bytes
    kind: int
    version: int
    body: bytes
    hash: bytes


class LotRow(NamedTuple):
    """Points with one expiry; the first seven columns are its key, in the order of spending."""

    account: int
    asset: int
    compartment: int
    expires_at: datetime
    earned_at: datetime
    seq: int
    n: int
    amount: int
    remaining: int
    rule: int
    origin: int
    activates_at: datetime | None = None


class TakeRow(NamedTuple):
    """What a debit took from a lot; without a lot, debt that grew."""

    account: int
    seq: int
    n: int
    asset: int
    compartment: int
    amount: int
    to_account: int
    lot_seq: int | None
    lot_n: int | None


async def append(
    connection: Connection,
    *,
    entries: Sequence[EntryRow],
    lots: Sequence[LotRow],
    takes: Sequence[TakeRow],
) -> None:
    """Add rows, each kind in one COPY: a sixth quicker than an INSERT that unnests arrays."""
    if entries:
        rows = [(*e[:4], Uuid(e.event), *e[5:8], Uuid(e.hash)) for e in entries]
        await _copy(connection, "entry", EntryRow, rows)
    if lots:
        await _copy(connection, "lot", LotRow, lots)
    if takes:
        await _copy(connection, "take", TakeRow, takes)


async def _copy(
    connection: Connection, table: str, kind: type[NamedTuple], rows: Sequence[tuple[Any, ...]]
) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=kind._fields)


async def reduce_lots(connection: Connection, *, taken: Sequence[tuple[LotRow, int]]) -> None:
    """Take from lots that were there before this transaction, each given once."""
    if taken:
        rows = sorted((*lot[:7], amount) for lot, amount in taken)
        status = await connection.execute(sql("ledger", "reduce"), *columns(rows, 8))
        all_written(status, rows)


async def open_lots(connection: Connection, accounts: Sequence[int]) -> list[LotRow]:
    """The lots of these accounts that hold something, in the order of spending."""
    rows = await connection.fetch(sql("ledger", "lots"), sorted(accounts))
    return [LotRow(*row) for row in rows]


async def bodies(
    connection: Connection, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The bodies of entries, by account and number."""
    if not places:
        return {}

    rows = await connection.fetch(sql("ledger", "bodies"), *columns(sorted(set(places)), 2))
    return {(row["account"], row["seq"]): row["body"] for row in rows}


async def entries(connection: Connection, account: int) -> list[EntryRow]:
    """All entries of an account, in order."""
    rows = await connection.fetch(sql("ledger", "entries"), account)
    return [entry_row(row) for row in rows]


def entry_row(row: Any) -> EntryRow:
    """An entry as its row is read."""
    account, seq, at, recorded_at, event, kind, version, body, digest = row
    return EntryRow(account, seq, at, recorded_at, event.bytes, kind, version, body, digest.bytes)
