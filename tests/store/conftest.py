"""A migrated database with its partitions: made once, and emptied after each test."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from patron.store import partitions
from patron.store.migrate import migrate
from patron.store.pool import open_pool
from patron.store.sealing import KEY_BYTES, Sealer
from store.ground import PARTITIONS, Store

SESSIONS = 24

# A DELETE of a few rows is far quicker than a TRUNCATE, or than a database each test.
EMPTY = """
SET session_replication_role = replica;  -- No foreign key asks for an order of tables.
DO $$
DECLARE
    tables regclass[] := array(
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition AND relname <> 'migration'
    );
    each regclass;
BEGIN
    FOREACH each IN ARRAY tables LOOP
        EXECUTE format('DELETE FROM %s', each);
    END LOOP;
END $$;
"""


@pytest.fixture(scope="session")
async def migrated(postgres_dsn: str) -> AsyncIterator[str]:
    """The DSN of a database that the tests of the store share."""
    name = f"patron_store_{uuid4().hex[:12]}"
    base, slash, rest = postgres_dsn.rpartition("/")
    _, mark, options = rest.partition("?")
    await on_server(postgres_dsn, f"CREATE DATABASE {name}")
    dsn = f"{base}{slash}{name}{mark}{options}"
    await migrate(dsn)
    pool = await open_pool(dsn)
    await partitions.ensure(pool, PARTITIONS)
    await pool.close()
    yield dsn
    await on_server(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def store(migrated: str) -> AsyncIterator[Store]:
    pool = await open_pool(migrated, size=SESSIONS)
    yield Store(migrated, pool)
    # Not `close`, which would wait for a session that a failed test left in use.
    pool.terminate()
    await on_server(migrated, EMPTY)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(bytes(range(KEY_BYTES)))


async def on_server(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
