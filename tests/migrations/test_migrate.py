"""Migrations: whoever starts them, each is applied once, and none that was applied changes."""

import asyncio

import asyncpg
import pytest

from patron.errors import Misconfigured
from patron.store import migrate as migrations
from patron.store.migrate import migrate, missing, shipped
from patron.store.pool import connect

ALL = [name for name, _ in shipped()]
# What the schema is made of, as the server describes it.
SCHEMA = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
ORDER BY 1
"""


async def on(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await connect(dsn)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def lacking(dsn: str) -> list[str]:
    connection = await connect(dsn)
    try:
        return await missing(connection)
    finally:
        await connection.close()


def test_their_order_is_that_of_their_names_and_no_number_is_used_twice() -> None:
    assert ALL
    numbers = [name.partition("_")[0] for name in ALL]
    assert numbers == [f"{n:04}" for n in range(1, len(ALL) + 1)]


async def test_an_empty_database_gets_all_and_a_second_start_adds_nothing(database: str) -> None:
    assert await lacking(database) == ALL
    assert await migrate(database) == ALL
    assert await lacking(database) == []
    assert await migrate(database) == []


async def test_many_that_start_together_all_succeed_and_each_migration_is_applied_once(
    database: str,
) -> None:
    applied = await asyncio.gather(*(migrate(database) for _ in range(5)))
    assert sorted(name for names in applied for name in names) == ALL
    rows = await on(database, "SELECT name FROM migration ORDER BY name")
    assert [row["name"] for row in rows] == ALL


async def test_a_migration_that_was_changed_after_it_was_applied_stops_the_start(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(database)
    before = await on(database, SCHEMA)
    changed = [(name, f"{text}\n-- One word more.") for name, text in shipped()]
    monkeypatch.setattr(migrations, "shipped", lambda: changed)

    with pytest.raises(Misconfigured, match=ALL[0]):
        await migrate(database)
    assert await on(database, SCHEMA) == before
    assert before


async def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = shipped()
    torn = ("9999_torn.sql", "CREATE TABLE half (n int); SELECT 1 / 0")
    monkeypatch.setattr(migrations, "shipped", lambda: [*ours, torn])
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database)

    assert await lacking(database) == [torn[0]]
    assert (await on(database, "SELECT to_regclass('half') AS half"))[0]["half"] is None
    mended = (torn[0], "CREATE TABLE half (n int)")
    monkeypatch.setattr(migrations, "shipped", lambda: [*ours, mended])
    assert await migrate(database) == [torn[0]]


async def test_whoever_migrates_next_need_not_wait_for_a_session_that_was_lost(
    database: str,
) -> None:
    connection = await connect(database)
    await connection.execute("SELECT pg_advisory_lock($1)", migrations.LOCK)
    waiting = asyncio.create_task(migrate(database))
    connection.terminate()
    assert await waiting == ALL


async def test_whoever_comes_second_waits_for_as_long_as_the_first_takes(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A large table's index takes longer than any statement of an event may.
    monkeypatch.setattr("patron.store.pool.COMMAND_S", 0.05)
    monkeypatch.setattr(migrations, "shipped", lambda: [("0001_slow.sql", "SELECT pg_sleep(0.3)")])
    applied = await asyncio.gather(migrate(database), migrate(database))
    assert sorted(applied) == [[], ["0001_slow.sql"]]
