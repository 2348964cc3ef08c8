"""Plans: every statement fits the schema, and none on the way of an event reads a whole table."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from typing import Any

import pytest

from patron.store import partitions
from patron.store.migrate import migrate
from patron.store.pool import Connection, Pool, open_pool, session, sql
from plans.big import BIG_ROWS, FILL, HOT, PARTITIONS

SQL = resources.files("patron.store") / "sql"
STATEMENTS = sorted(
    (area.name, file.name.removesuffix(".sql")) for area in SQL.iterdir() for file in area.iterdir()
)
MODES = ["force_custom_plan", "force_generic_plan"]


def named(key: tuple[str, str]) -> str:
    return "/".join(key)


@pytest.fixture(scope="module")
async def pool(module_database: str) -> AsyncIterator[Pool]:
    """Sessions in a database of 200,000 accounts and what they did."""
    await migrate(module_database)
    pool = await open_pool(module_database)
    await partitions.ensure(pool, PARTITIONS)
    async with session(pool) as connection:
        await connection.execute("SET statement_timeout = 0; SET transaction_timeout = 0")
        await connection.execute(FILL, timeout=120)
        await connection.execute("VACUUM ANALYZE", timeout=120)
        await connection.reset()
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
async def big(pool: Pool) -> frozenset[str]:
    """Tables, and partitions of tables, that nobody should read from end to end."""
    async with session(pool) as connection:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1 "
            "AND relnamespace = 'public'::regnamespace",
            float(BIG_ROWS),
        )
    return frozenset(row["relname"] for row in rows)


@pytest.mark.parametrize("key", STATEMENTS, ids=named)
async def test_a_statement_fits_the_schema_and_says_what_its_parameters_are(
    pool: Pool, key: tuple[str, str]
) -> None:
    text = sql(*key)
    comment = "\n".join(line for line in text.splitlines() if line.startswith("--"))
    async with session(pool) as connection:
        prepared = await connection.prepare(text)
        count = len(prepared.get_parameters())
    assert {f"${n + 1}" for n in range(count)} == set(re.findall(r"\$\d+", comment))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", HOT, ids=named)
async def test_a_statement_on_the_way_of_an_event_reads_no_large_table_from_end_to_end(
    pool: Pool, big: frozenset[str], key: tuple[str, str], mode: str
) -> None:
    async with session(pool) as connection:
        plan = await planned(connection, key, mode)
    read = {step["Relation Name"] for step in steps(plan) if step["Node Type"] == "Seq Scan"}
    assert not read & big, json.dumps(plan, indent=1)


async def test_the_tables_that_grow_are_large_here(big: frozenset[str]) -> None:
    tables = {name.partition("_2")[0].removesuffix("_never") for name in big}
    expected = {"account", "entry", "lot", "orders", "seen", "once", "held", "take", "outbox"}
    assert expected <= tables


async def test_a_plan_that_reads_a_large_table_from_end_to_end_is_seen_as_such(
    pool: Pool, big: frozenset[str]
) -> None:
    async with session(pool) as connection:
        plan = await planned(connection, ("accounts", "by_tier"), MODES[0], ["1"])
    assert {step.get("Relation Name") for step in steps(plan)} & big == {"account"}


async def planned(
    connection: Connection, key: tuple[str, str], mode: str, arguments: list[str] | None = None
) -> dict[str, Any]:
    """The plan of a statement for its arguments, or for whatever arguments may come."""
    given = HOT[key] if arguments is None else arguments
    listed = f"({', '.join(given)})" if given else ""
    await connection.execute(f"SET plan_cache_mode = {mode}")
    await connection.execute(f"PREPARE asked AS {sql(*key)}")
    try:
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{listed}")
    finally:
        await connection.execute("DEALLOCATE asked")
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from steps(part)
