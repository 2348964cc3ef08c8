"""The ledger: rows come back as they were, lots in the order of spending, none over-used."""

import random
from datetime import timedelta

import asyncpg
import pytest

from patron.store import ledger
from patron.store.ledger import LotRow
from patron.store.pool import transaction
from store.ground import NEVER, NOW, Store, entry, lot, take

SOON = NOW + timedelta(days=60)
# In the order of spending: what ends first, then what was earned first.
LOTS = [
    lot(1, 3, expires_at=NOW),
    lot(1, 2, expires_at=SOON, earned_at=NOW - timedelta(days=2)),
    lot(1, 1, expires_at=SOON),
    lot(1, 4, expires_at=SOON),
    lot(1, 4, expires_at=SOON, n=2),
    lot(1, 5),
    lot(1, 1, compartment=1, expires_at=NOW, n=2),
    lot(1, 6, asset=2, expires_at=NOW),
    lot(2, 1),
]


async def append(store: Store, *lots: LotRow) -> None:
    async with transaction(store.pool) as connection:
        await ledger.append(connection, entries=[], lots=lots, takes=[])


async def reduce(store: Store, *taken: tuple[LotRow, int]) -> None:
    async with transaction(store.pool) as connection:
        await ledger.reduce_lots(connection, taken=taken)


async def open_lots(store: Store, *accounts: int) -> list[LotRow]:
    async with transaction(store.pool) as connection:
        return await ledger.open_lots(connection, accounts)


async def test_entries_come_back_as_they_were_in_order(store: Store) -> None:
    rows = [entry(1, 1), entry(1, 2), entry(2, 1)]
    async with transaction(store.pool) as connection:
        await ledger.append(connection, entries=rows[::-1], lots=[], takes=[take(1, 2)])
        assert await ledger.entries(connection, 1) == rows[:2]
        wanted = [(2, 1), (1, 2), (1, 2), (9, 9)]
        assert await ledger.bodies(connection, wanted) == {(1, 2): b"1/2", (2, 1): b"2/1"}
        assert await ledger.bodies(connection, []) == {}
        assert tuple(await connection.fetchrow("TABLE take")) == take(1, 2)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({"entries": [entry(1, 1)]}, id="entry"),
        pytest.param({"lots": [lot(1, 1)]}, id="lot"),
        pytest.param({"takes": [take(1, 1)]}, id="take"),
    ],
)
async def test_no_row_is_written_twice(store: Store, rows: dict[str, list[tuple[int]]]) -> None:
    async def write() -> None:
        async with transaction(store.pool) as connection:
            await ledger.append(connection, **{"entries": [], "lots": [], "takes": []} | rows)

    await write()
    with pytest.raises(asyncpg.UniqueViolationError):
        await write()


async def test_open_lots_come_in_the_order_of_spending(store: Store) -> None:
    mixed = LOTS.copy()
    random.Random(1).shuffle(mixed)
    await append(store, *mixed)
    assert await open_lots(store, 2, 1) == LOTS
    assert await open_lots(store, 3) == []


async def test_lots_are_reduced_each_by_its_own_and_an_empty_one_is_no_longer_open(
    store: Store,
) -> None:
    await append(store, *LOTS)
    await reduce(store, (LOTS[8], 100), (LOTS[0], 30), (LOTS[4], 99))
    await reduce(store)

    left = [row.remaining for row in await open_lots(store, 1, 2)]
    assert left == [70, 100, 100, 100, 1, 100, 100, 100]


@pytest.mark.parametrize(
    "amount", [pytest.param(101, id="more-than-all"), pytest.param(-1, id="giving")]
)
async def test_a_lot_that_would_be_over_used_is_refused_with_all_the_rest(
    store: Store, amount: int
) -> None:
    await append(store, *LOTS)
    with pytest.raises(asyncpg.CheckViolationError, match="lot_never_over_used"):
        await reduce(store, (LOTS[0], 1), (LOTS[1], amount))
    assert await open_lots(store, 1, 2) == LOTS


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param([(LOTS[0], 10), (lot(1, 77), 20)], id="not-there"),
        pytest.param([(LOTS[0], 10), (LOTS[0], 20)], id="given-twice"),
    ],
)
async def test_a_take_that_reaches_no_lot_of_its_own_stops_with_all_the_rest(
    store: Store, taken: list[tuple[LotRow, int]]
) -> None:
    await append(store, *LOTS)
    with pytest.raises(AssertionError, match="of 2 rows 1 were written"):
        await reduce(store, *taken)
    assert await open_lots(store, 1, 2) == LOTS


async def test_a_lot_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="lot_holds_something"):
        await append(store, lot(1, 1, amount=0, remaining=0))


async def test_a_row_whose_partition_is_not_there_is_refused_and_not_put_elsewhere(
    store: Store,
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
        await append(store, lot(1, 1, expires_at=NEVER - timedelta(days=1)))
