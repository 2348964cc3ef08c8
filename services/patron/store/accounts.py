"""Accounts: locked in ascending order, read whole, written back whole."""

from collections.abc import AsyncIterator, Container, Sequence
from datetime import datetime
from itertools import accumulate, chain
from typing import Any, NamedTuple

from patron.store.pool import Connection, Uuid, all_written, columns, sql


class AccountRow(NamedTuple):
    """One member in one program. `balances` has four numbers an asset, by asset number."""

    account: int
    member: int
    merged_into: int | None
    seq: int
    due_at: datetime
    tier: int
    balances: Sequence[int]
    state: bytes
    chain: bytes


class SavedAccount(NamedTuple):
    """What changes of an account."""

    account: int
    seq: int
    due_at: datetime
    tier: int
    state: bytes
    chain: bytes
    balances: Sequence[int]


async def lock(
    connection: Connection,
    *,
    tenant: int,
    program: int,
    members: Sequence[int],
    met: Container[int] = (),
) -> list[AccountRow]:
    """The accounts of these members, made where they are missing, locked to the commit.

    `met` are members whose accounts are known to be there.
    """
    if not members:
        return []

    wanted = sorted(set(members))
    new = [member for member in wanted if member not in met]
    if new:
        # Before any lock: who made one while holding another would wait for who waits for it.
        await connection.execute(sql("accounts", "open"), tenant, program, new)
    rows = await connection.fetch(sql("accounts", "lock"), program, wanted)
    return [_account(row) for row in rows]


async def due(
    connection: Connection, *, program: int, until: datetime, accounts_max: int
) -> list[AccountRow]:
    """Accounts whose time has come, locked; those that are busy are left for later."""
    rows = await connection.fetch(sql("accounts", "due"), program, until, accounts_max)
    return [_account(row) for row in rows]


def _account(row: Any) -> AccountRow:
    account, member, merged_into, seq, due_at, tier, balances, state, chain_hash = row
    return AccountRow(
        account, member, merged_into, seq, due_at, tier, balances, state, chain_hash.bytes
    )


async def save(connection: Connection, accounts: Sequence[SavedAccount]) -> None:
    """Write back accounts that this transaction has locked, each given once."""
    if not accounts:
        return

    numbers = [len(account.balances) for account in accounts]
    firsts = [1, *(1 + end for end in accumulate(numbers))][:-1]
    balances = list(chain.from_iterable(account.balances for account in accounts))
    status = await connection.execute(
        sql("accounts", "save"),
        *columns([(*account[:5], Uuid(account.chain)) for account in accounts], 6),
        balances,
        firsts,
        numbers,
    )
    all_written(status, accounts)


async def close(connection: Connection, *, account: int, heir: int, shift: int) -> None:
    """Let a closed account, and all that were merged into it before, lead to its heir."""
    await connection.execute(sql("accounts", "close"), account, heir, shift)


async def read(connection: Connection, *, program: int, member: int) -> AccountRow | None:
    """A member's account as it stands; None if there is none."""
    row = await connection.fetchrow(sql("accounts", "read"), program, member)
    return None if row is None else _account(row)


async def by_tier(connection: Connection, *, program: int) -> dict[int, int]:
    """How many members are in each tier, by its number."""
    rows = await connection.fetch(sql("accounts", "by_tier"), program)
    return {row["tier"]: row["members"] for row in rows}


async def look_again(
    connection: Connection, *, version: int, since: datetime, after: int, accounts_max: int
) -> int | None:
    """Let a program's next accounts be due at `since` at the latest; return the last, or None."""
    return await connection.fetchval(  # type: ignore[no-any-return]
        sql("accounts", "look_again"), version, since, after, accounts_max
    )


async def any_due(connection: Connection, *, until: datetime) -> bool:
    """Whether any account's time has come."""
    return bool(await connection.fetchval(sql("accounts", "any_due"), until))


async def states(connection: Connection, *, program: int) -> AsyncIterator[tuple[str, bytes]]:
    """Every member of a program and the state of its account, all in one snapshot."""
    async for member, state in connection.cursor(sql("accounts", "states"), program, prefetch=1000):
        yield member, state
