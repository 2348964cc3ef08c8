"""Whole accounts with all that was ever written about them, a page at a time.

For the audit, and for sums over a whole history. Nothing is written, and nothing is locked.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, cast

from patron.store.ledger import EntryRow, LotRow, TakeRow, entry_row
from patron.store.pool import Connection, Uuid, sql


class ProgramSize(NamedTuple):
    """A program, whose it is, and how many accounts it has."""

    program: int
    name: str
    tenant: str
    accounts: int


class AuditedAccount(NamedTuple):
    """What an account's row says. `member` is null once it is erased."""

    account: int
    member: str | None
    seq: int
    tier: int
    balances: Sequence[int]
    chain: bytes


class GrantState(NamedTuple):
    """A grant of an account, and what became of it."""

    account: int
    seq: int
    n: int
    reward: int
    state: int


class AuditPage(NamedTuple):
    """Some accounts, and every row of theirs, by account and in the order of writing."""

    accounts: Sequence[AuditedAccount]
    entries: Sequence[EntryRow]
    lots: Sequence[LotRow]
    takes: Sequence[TakeRow]
    grants: Sequence[GrantState]


class AccountEntries(NamedTuple):
    """An account, and its entries in order."""

    account: AuditedAccount
    entries: Sequence[EntryRow]


def snapshot(connection: Connection) -> AbstractAsyncContextManager[object]:
    """A transaction in which nothing that is read changes meanwhile."""
    begun = connection.transaction(isolation="repeatable_read", readonly=True)
    return cast("AbstractAsyncContextManager[object]", begun)


async def programs(connection: Connection, *, tenant: str | None) -> list[ProgramSize]:
    """Every program, or those of one tenant."""
    return [ProgramSize(*row) for row in await connection.fetch(sql("audit", "programs"), tenant)]


async def documents(connection: Connection, program: int) -> dict[int, str]:
    """The document of each version, by the version's number."""
    rows = await connection.fetch(sql("audit", "versions"), program)
    return {row["version"]: row["document"] for row in rows}


async def page(connection: Connection, *, program: int, after: int, accounts_max: int) -> AuditPage:
    """The accounts that follow account number `after`. Empty: there are no more."""
    rows = await connection.fetch(sql("audit", "accounts"), program, after, accounts_max)
    accounts = [AuditedAccount(*row)._replace(chain=row["chain"].bytes) for row in rows]
    numbers = [each.account for each in accounts]
    return AuditPage(
        accounts,
        [entry_row(row) for row in await connection.fetch(sql("audit", "entries"), numbers)],
        [LotRow(*row) for row in await connection.fetch(sql("audit", "lots"), numbers)],
        [TakeRow(*row) for row in await connection.fetch(sql("audit", "takes"), numbers)],
        [GrantState(*row) for row in await connection.fetch(sql("audit", "grants"), numbers)],
    )


async def entries_page(
    connection: Connection, *, program: int, after: int, accounts_max: int
) -> list[AccountEntries]:
    """The accounts that follow account number `after`, each with its entries."""
    rows = await connection.fetch(sql("audit", "accounts"), program, after, accounts_max)
    accounts = [AuditedAccount(*row)._replace(chain=row["chain"].bytes) for row in rows]
    written: dict[int, list[EntryRow]] = {each.account: [] for each in accounts}
    for row in await connection.fetch(sql("audit", "entries"), [*written]):
        entry = entry_row(row)
        written[entry.account].append(entry)
    return [AccountEntries(each, written[each.account]) for each in accounts]


async def entries_of(connection: Connection, accounts: Collection[int]) -> list[EntryRow]:
    """All entries of some accounts, in order."""
    rows = await connection.fetch(sql("audit", "entries"), sorted(accounts))
    return [entry_row(row) for row in rows]


async def accounts_of(
    connection: Connection, events: Collection[tuple[bytes, datetime]], *, kind: int
) -> set[tuple[bytes, int]]:
    """Of these events (name, recorded at), each account that has an entry of it."""
    if not events:
        return set()

    names = [Uuid(event) for event in sorted({event for event, _ in events})]
    recorded = sorted({recorded_at for _, recorded_at in events})
    rows = await connection.fetch(sql("audit", "accounts_of"), names, recorded, kind)
    return {(row["event"].bytes, row["account"]) for row in rows}


async def pools(connection: Connection, program: int) -> dict[str, int]:
    """What is taken for good of each pool of a program."""
    rows = await connection.fetch(sql("audit", "pools"), program)
    return {row["pool"]: row["used"] for row in rows}
