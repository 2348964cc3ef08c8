"""Accounts: made once, locked without deadlock, written back whole, found when they are due."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import pytest

from patron.store import accounts
from patron.store.accounts import AccountRow
from patron.store.pool import transaction
from store.ground import NEVER, NOW, Store, saved, uid

TENANT = 1
PROGRAM = 1


async def opened(
    store: Store, members: Sequence[int], *, program: int = PROGRAM
) -> list[AccountRow]:
    async with transaction(store.pool) as connection:
        return await accounts.lock(connection, tenant=TENANT, program=program, members=members)


async def save(store: Store, *rows: accounts.SavedAccount) -> None:
    async with transaction(store.pool) as connection:
        await accounts.save(connection, rows)


async def read(store: Store, member: int) -> AccountRow | None:
    async with transaction(store.pool) as connection:
        return await accounts.read(connection, program=PROGRAM, member=member)


async def test_a_new_account_is_empty_and_never_due(store: Store) -> None:
    (row,) = await opened(store, [7])
    assert row[1:] == (7, None, 0, NEVER, 0, [], b"", bytes(16))


async def test_accounts_are_made_once_and_come_in_ascending_order(store: Store) -> None:
    first = await opened(store, [5, 3, 5])
    again = await opened(store, [1, 3, 5])

    assert [row.member for row in first] == [3, 5]
    assert [row.account for row in again] == sorted(row.account for row in again)
    assert first == again[:2]
    assert await opened(store, []) == []


async def test_a_member_has_an_account_in_each_program(store: Store) -> None:
    (one,) = await opened(store, [1])
    (two,) = await opened(store, [1], program=2)
    assert one.account != two.account


async def test_twenty_that_open_the_same_accounts_at_once_make_each_once_without_deadlock(
    store: Store,
) -> None:
    chance = random.Random(1)
    members = list(range(200))

    async def one(wanted: list[int]) -> list[AccountRow]:
        # Straight to the session: `transaction` would tell of a deadlock as of any race.
        async with store.pool.acquire() as connection, connection.transaction():
            return await accounts.lock(connection, tenant=TENANT, program=PROGRAM, members=wanted)

    for _ in range(10):
        batches = [chance.sample(members, 40) for _ in range(20)]
        for wanted, rows in zip(batches, await asyncio.gather(*map(one, batches)), strict=True):
            assert sorted(row.member for row in rows) == sorted(wanted)

    async with transaction(store.pool) as connection:
        made = await connection.fetchval("SELECT count(*) FROM account")
    assert made == len(await opened(store, members)) == 200


async def test_accounts_come_back_as_they_were_saved(store: Store) -> None:
    rows = await opened(store, [1, 2, 3])
    wanted = [
        saved(rows[0], balances=[1, 2, 3, 4], seq=9, due_at=NOW, tier=2, state=b"{}"),
        saved(rows[1], balances=[], chain=uid("chain")),
        saved(rows[2], balances=[2**62, 0, 0, 7, 5, 6, 7, 8], state=b"\x00\xff"),
    ]
    await save(store, *reversed(wanted))
    await save(store)

    assert [saved(row) for row in await opened(store, [1, 2, 3])] == wanted
    there = await read(store, 1)
    assert there is not None
    assert saved(there) == wanted[0]
    assert await read(store, 4) is None


async def test_an_account_that_is_not_there_stops_with_all_the_rest(store: Store) -> None:
    (row,) = await opened(store, [1])
    with pytest.raises(AssertionError, match="of 2 rows 1 were written"):
        await save(store, saved(row, seq=1), saved(row, account=row.account + 1))
    assert await opened(store, [1]) == [row]


@pytest.mark.parametrize("place", range(4))
async def test_a_balance_below_zero_is_refused(store: Store, place: int) -> None:
    (row,) = await opened(store, [1])
    balances = [0] * 4
    balances[place] = -1
    with pytest.raises(asyncpg.CheckViolationError, match="account_balances_not_negative"):
        await save(store, saved(row, balances=balances))


async def test_a_state_of_more_than_32_kilobytes_is_refused(store: Store) -> None:
    (row,) = await opened(store, [1])
    await save(store, saved(row, state=b"x" * 32768))
    with pytest.raises(asyncpg.CheckViolationError, match="account_state_is_small"):
        await save(store, saved(row, state=b"x" * 32769))


async def test_what_a_purchase_writes_to_an_account_touches_no_index(store: Store) -> None:
    await made_due(store, *[0] * 100)
    for seq in range(5):
        await purchases(store, seq, due_at=NOW)  # Until rows have found their size and room.

    before = await updates(store)
    await purchases(store, 6, due_at=NOW)
    after = await updates(store)
    assert (after.all - before.all, after.hot - before.hot) == (100, 100)

    await purchases(store, 7, due_at=NOW - timedelta(hours=1))
    assert (await updates(store)).hot == after.hot


async def purchases(store: Store, seq: int, *, due_at: datetime) -> None:
    """One purchase each of a hundred members."""
    state = b'{"meters":[1,2,3,4]}' * 5
    rows = await opened(store, range(100))
    balances = [100 * seq, 100, 0, 0]
    new = [saved(row, seq=seq, due_at=due_at, balances=balances, state=state) for row in rows]
    await save(store, *new)


class Updates(NamedTuple):
    """How many rows of accounts were updated, and how many of them without their indexes."""

    all: int
    hot: int


async def updates(store: Store) -> Updates:
    # Each session keeps its own counts until it flushes them.
    for connection in [await store.pool.acquire() for _ in range(store.pool.get_idle_size())]:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await store.pool.release(connection)
    async with store.pool.acquire() as connection:
        return Updates(
            *await connection.fetchrow(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'account'"
            )
        )


# What is due.


async def made_due(store: Store, *hours: int) -> list[AccountRow]:
    """Accounts of members 0, 1, ...: each due so many hours from now on."""
    rows = await opened(store, range(len(hours)))
    due = [
        saved(row, due_at=NOW + timedelta(hours=hour))
        for row, hour in zip(rows, hours, strict=True)
    ]
    await save(store, *due)
    return rows


async def test_what_is_due_longest_comes_first_and_what_is_not_due_does_not(store: Store) -> None:
    await made_due(store, 0, -2, 1, -1)
    await opened(store, [99])
    async with transaction(store.pool) as connection:
        due = await accounts.due(connection, program=PROGRAM, until=NOW, accounts_max=9)
        assert [row.member for row in due] == [1, 3, 0]
        few = await accounts.due(connection, program=PROGRAM, until=NOW, accounts_max=2)
        assert [row.member for row in few] == [1, 3]
        never = await accounts.due(connection, program=PROGRAM, until=NEVER, accounts_max=9)
        assert 99 not in [row.member for row in never]
        assert await accounts.due(connection, program=2, until=NOW, accounts_max=9) == []


async def test_whether_anything_is_due_is_known_at_once(store: Store) -> None:
    await made_due(store, 1)
    async with transaction(store.pool) as connection:
        assert not await accounts.any_due(connection, until=NOW)
        assert await accounts.any_due(connection, until=NOW + timedelta(hours=1))


async def test_what_is_due_and_busy_is_left_for_later(store: Store) -> None:
    await made_due(store, -1, -1, -1)
    async with transaction(store.pool) as busy:
        await accounts.lock(busy, tenant=TENANT, program=PROGRAM, members=[1])
        async with transaction(store.pool) as connection:
            due = await accounts.due(connection, program=PROGRAM, until=NOW, accounts_max=9)
            assert {row.member for row in due} == {0, 2}

    async with transaction(store.pool) as connection:
        assert len(await accounts.due(connection, program=PROGRAM, until=NOW, accounts_max=9)) == 3


async def test_tiers_are_counted(store: Store) -> None:
    rows = await opened(store, [1, 2, 3])
    await save(store, *(saved(row, tier=tier) for row, tier in zip(rows, (1, 2, 1), strict=True)))
    async with transaction(store.pool) as connection:
        assert await accounts.by_tier(connection, program=PROGRAM) == {1: 2, 2: 1}
