"""Partitions: no gap, no overlap, made once by many while others write."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from patron.errors import StoreUnavailable
from patron.store import ledger, partitions
from patron.store.migrate import migrate
from patron.store.partitions import of_entry, of_lot, of_week, week_of
from patron.store.pool import Pool, open_pool, session, transaction
from store.ground import DEADLINE_S, NEVER, NOW, entry, lot

QUARTER = datetime(2026, 4, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Sessions in a database that has its tables, and no partition yet."""
    await migrate(database)
    pool = await open_pool(database, size=12)
    yield pool
    pool.terminate()


def test_a_week_begins_on_monday_at_midnight_utc() -> None:
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    assert week_of(monday) == week_of(monday - MOMENT) + 1 == week_of(monday + timedelta(days=6))
    assert week_of(datetime(1970, 1, 5, tzinfo=UTC)) == 0
    assert week_of(datetime(1970, 1, 4, tzinfo=UTC)) == -1


def test_a_quarter_ends_where_the_next_begins() -> None:
    assert of_lot(QUARTER - MOMENT) == (
        "lot",
        "lot_2026q1",
        "FROM ('2026-01-01 00:00:00+00') TO ('2026-04-01 00:00:00+00')",
    )
    assert of_lot(QUARTER).name == "lot_2026q2"
    assert of_entry(datetime(2026, 12, 31, 23, tzinfo=UTC)) == (
        "entry",
        "entry_2026q4",
        "FROM ('2026-10-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')",
    )


def test_the_zone_of_an_instant_does_not_move_it_to_another_partition() -> None:
    ahead = datetime.fromisoformat("2026-04-01T01:00+02:00")
    assert of_lot(ahead) == of_lot(QUARTER - MOMENT)
    assert week_of(datetime.fromisoformat("2026-03-09T01:00+02:00")) == week_of(QUARTER) - 4


async def test_rows_at_every_edge_find_their_partition(pool: Pool) -> None:
    expiries = [
        datetime(1970, 1, 1, tzinfo=UTC),
        QUARTER - MOMENT,
        QUARTER,
        datetime(9998, 12, 31, 23, 59, tzinfo=UTC),
        NEVER,
    ]
    weeks = [-1, 0, 1]
    await partitions.ensure(pool, [*map(of_lot, expiries), of_entry(NOW), *map(of_week, weeks)])

    async with transaction(pool) as connection:
        lots = [lot(n, 1, expires_at=at) for n, at in enumerate(expiries)]
        await ledger.append(connection, entries=[entry(1, 1)], lots=lots, takes=[])
        for week in weeks:
            await connection.execute("INSERT INTO seen VALUES ($1, gen_random_uuid(), 1, 1)", week)
        where = await connection.fetch(
            "SELECT tableoid::regclass::text AS name FROM lot ORDER BY account"
        )
    assert [row["name"] for row in where] == [of_lot(at).name for at in expiries]


async def test_every_instant_of_the_next_weeks_has_its_partition(pool: Pool) -> None:
    await partitions.ensure(pool, partitions.ahead(QUARTER - timedelta(days=3)))
    async with session(pool) as connection:
        there = await partitions.known(connection)
    for days in range(14):
        at = QUARTER + timedelta(days=days - 3)
        assert {of_week(week_of(at)).name, of_entry(at).name} <= there


async def test_partitions_have_the_keys_and_checks_of_their_table(pool: Pool) -> None:
    await partitions.ensure(pool, [of_lot(NEVER)])
    async with session(pool) as connection:
        rows = await connection.fetch(
            "SELECT contype FROM pg_constraint "
            "WHERE conrelid = 'lot_never'::regclass AND contype IN ('p', 'c')"
        )
        strays = await connection.fetchval(
            "SELECT count(*) FROM pg_index WHERE indrelid = 'lot_never'::regclass"
        )
    assert sorted(row["contype"] for row in rows) == [b"c", b"c", b"c", b"p"]
    assert strays == 1


async def test_many_at_once_make_each_partition_once_while_others_write(pool: Pool) -> None:
    await partitions.ensure(pool, [of_lot(NEVER), of_entry(NOW)])
    wanted = [of_lot(QUARTER + timedelta(days=91 * n)) for n in range(8)]
    done = asyncio.Event()

    async def writing(account: int) -> int:
        seq = 0
        while not done.is_set() or seq == 0:
            seq += 1
            async with transaction(pool) as connection:
                await ledger.append(
                    connection, entries=[entry(account, seq)], lots=[lot(account, seq)], takes=[]
                )
        return seq

    writers = [asyncio.create_task(writing(account)) for account in range(4)]
    try:
        await asyncio.gather(*(partitions.ensure(pool, wanted[n % 3 :]) for n in range(6)))
    finally:
        done.set()
    written = await asyncio.gather(*writers)

    async with session(pool) as connection:
        assert {name for _, name, _ in wanted} <= await partitions.known(connection)
        assert await connection.fetchval("SELECT count(*) FROM lot") == sum(written)


async def test_who_finds_no_session_to_make_a_partition_is_told_so_and_does_not_hang(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A batch makes its partitions while its own session is in use.
    monkeypatch.setattr("patron.store.pool.ACQUIRE_S", 0.05)
    await migrate(database)
    pool = await open_pool(database, size=1)
    async with transaction(pool):
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(partitions.ensure(pool, [of_week(1)]), DEADLINE_S)
    await partitions.ensure(pool, [of_week(1)])
    await pool.close()


async def test_a_writer_with_an_open_batch_is_not_waited_for(pool: Pool) -> None:
    await partitions.ensure(pool, [of_lot(NEVER), of_entry(NOW), of_week(1)])
    async with transaction(pool) as batch:
        await ledger.append(batch, entries=[entry(1, 1)], lots=[lot(1, 1)], takes=[])
        await batch.execute("INSERT INTO seen VALUES (1, gen_random_uuid(), 1, 1)")
        # The batch finds that it needs these, and makes them on another session.
        async with asyncio.timeout(3):
            await partitions.ensure(pool, [of_lot(NOW), of_entry(QUARTER), of_week(2)])
        await ledger.append(batch, entries=[], lots=[lot(1, 2, expires_at=NOW)], takes=[])


async def test_weeks_that_nobody_may_ask_about_any_more_are_dropped(pool: Pool) -> None:
    week = week_of(NOW)
    await partitions.ensure(pool, [of_week(week + n) for n in (-9, -5, -1, 0)])
    gone = await partitions.drop_weeks(pool, before=NOW - timedelta(weeks=4))
    assert gone == [of_week(week - 9).name, of_week(week - 5).name]
    async with session(pool) as connection:
        left = await partitions.known(connection)
    assert left == {of_week(week - 1).name, of_week(week).name}
    assert await partitions.drop_weeks(pool, before=NOW - timedelta(weeks=4)) == []
