"""Orders: one row each, made by one transaction and locked by the next."""

import asyncio

import pytest

from patron.errors import Raced
from patron.store import accounts, orders
from patron.store.orders import LockedOrder, OrderRow
from patron.store.pool import transaction
from store.ground import Store, until, waits_for_a_lock

KEY = {"tenant": 1, "program": 1}


def order(order_id: str, account: int | None = None, *, seq: int = 1) -> OrderRow:
    return OrderRow(order_id, account, seq, version=1, tier=2, state=order_id.encode())


async def inserted(store: Store, *rows: OrderRow) -> None:
    async with transaction(store.pool) as connection:
        await orders.insert(connection, **KEY, orders=rows)


async def locked(store: Store, *order_ids: str) -> list[LockedOrder]:
    async with transaction(store.pool) as connection:
        return await orders.lock(connection, **KEY, order_ids=order_ids)


async def test_ids_are_ordered_by_their_bytes_whatever_the_language_of_the_database(
    store: Store,
) -> None:
    async with transaction(store.pool) as connection:
        collation = await connection.fetchval(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_name = 'orders' AND column_name = 'order_id'"
        )
    assert collation == "C"


async def test_orders_come_back_as_they_were_written_in_order_of_id(store: Store) -> None:
    await inserted(store, order("a"), order("Z"), order("é"))
    rows = [row.row for row in await locked(store, "é", "a", "none", "Z", "a")]
    assert rows == [order("Z"), order("a"), order("é")]
    assert await locked(store) == []


async def test_an_order_says_whose_it_is_once_it_is_somebodys(store: Store) -> None:
    async with transaction(store.pool) as connection:
        (ann,) = await accounts.lock(connection, **KEY, members=[77])
    await inserted(store, order("early"), order("paid", ann.account))
    assert [row.member for row in await locked(store, "early", "paid")] == [None, 77]

    async with transaction(store.pool) as connection:
        await orders.update(connection, **KEY, orders=[order("early", ann.account, seq=5)])
    assert await locked(store, "early", "paid") == [
        LockedOrder(order("early", ann.account, seq=5), 77),
        LockedOrder(order("paid", ann.account), 77),
    ]


async def test_the_same_id_in_another_program_is_another_order(store: Store) -> None:
    await inserted(store, order("a"))
    async with transaction(store.pool) as connection:
        await orders.insert(connection, tenant=1, program=2, orders=[order("a", seq=9)])
        await orders.insert(connection, tenant=2, program=1, orders=[order("a", seq=7)])
        await orders.update(connection, tenant=2, program=1, orders=[order("a", seq=8)])
    assert [row.row for row in await locked(store, "a")] == [order("a")]


async def test_an_order_that_is_not_there_cannot_be_changed(store: Store) -> None:
    await inserted(store, order("a"))
    with pytest.raises(AssertionError, match="of 2 rows 1 were written"):
        async with transaction(store.pool) as connection:
            await orders.update(connection, **KEY, orders=[order("a", seq=2), order("b")])
    assert [row.row for row in await locked(store, "a", "b")] == [order("a")]


async def test_an_order_that_is_there_already_is_raced_for(store: Store) -> None:
    await inserted(store, order("a", seq=1))
    with pytest.raises(Raced):
        await inserted(store, order("b"), order("a", seq=2))
    assert [row.row for row in await locked(store, "a", "b")] == [order("a", seq=1)]


async def test_of_ten_that_write_the_same_orders_at_once_exactly_one_does(store: Store) -> None:
    ids = [str(number) for number in range(30)]

    async def one(turn: int) -> bool:
        try:
            await inserted(store, *map(order, ids[turn:] + ids[:turn]))
        except Raced:
            return False
        return True

    assert sorted(await asyncio.gather(*map(one, range(10)))) == [False] * 9 + [True]


async def test_who_locks_an_order_that_is_locked_waits_and_sees_what_was_written(
    store: Store,
) -> None:
    await inserted(store, order("a"))
    async with store.pool.acquire() as second, store.pool.acquire() as watcher:
        pid = second.get_server_pid()
        async with transaction(store.pool) as first:
            await orders.lock(first, **KEY, order_ids=["a"])
            waiting = asyncio.create_task(orders.lock(second, **KEY, order_ids=["a"]))
            await until(lambda: waits_for_a_lock(watcher, pid))
            await orders.update(first, **KEY, orders=[order("a", seq=2)])
        assert [row.row.seq for row in await waiting] == [2]
