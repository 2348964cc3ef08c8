"""Connections, transactions, and Postgres' errors in the engine's own words."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from importlib import resources
from typing import Any

import asyncpg

from patron.errors import OutcomeUnknown, Raced, StoreUnavailable
from patron.runtime import failpoints

Uuid = asyncpg.pgproto.pgproto.UUID  # The driver's own: a fifth of the standard one's time.

Connection = Any  # asyncpg ships no types: a connection, or a pool's proxy of one.
Pool = Any

ACQUIRE_S = 2.0
COMMAND_S = 30.0

# A server kills what a frozen or cut-off client left open, so that nobody waits for ever.
SESSION = {
    "application_name": "patron",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "30s",
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    "jit": "off",
    "random_page_cost": "1.1",  # The hot pages are in memory: a batch of ids is an index's work.
}

PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # Its state where a session is cut between two messages.
    asyncpg.OperatorInterventionError,  # Shut down, cancelled, starting up.
    asyncpg.InsufficientResourcesError,  # Disk or connections ran out.
    asyncpg.ReadOnlySQLTransactionError,  # A standby, until the new primary answers.
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.TransactionTimeoutError,
    ConnectionError,
    TimeoutError,
)

RACES = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreUnavailable` for what passes, `Raced` for what a second try mends."""
    try:
        yield
    except RACES as error:
        raise Raced(f"another transaction was in the way ({type(error).__name__})") from error
    except PASSING as error:
        raise StoreUnavailable(f"Postgres: {str(error) or type(error).__name__}") from error


@contextmanager
def _connecting() -> Iterator[None]:
    """Until there is a session, what the operating system says is about Postgres too."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"Postgres: {str(error) or type(error).__name__}") from error


@asynccontextmanager
async def _acquired(pool: Pool) -> AsyncIterator[Connection]:
    with _connecting():
        connection = await pool.acquire(timeout=ACQUIRE_S)
    try:
        yield connection
    finally:
        await pool.release(connection)


async def open_pool(dsn: str, *, size: int = 4, statement_cache_size: int = 200) -> Pool:
    """A pool of sessions with timeouts. Raises `StoreUnavailable`."""
    with _connecting(), translated():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            command_timeout=COMMAND_S,
            statement_cache_size=statement_cache_size,
            server_settings=SESSION,
        )


async def connect(dsn: str, *, patient: bool = False) -> Connection:
    """One session of its own, outside any pool; a patient one waits as long as it takes."""
    with _connecting(), translated():
        return await asyncpg.connect(
            dsn,
            command_timeout=None if patient else COMMAND_S,
            server_settings={"timezone": "UTC"},
        )


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction on a session of its own, committed on leaving without an error.

    Raises `OutcomeUnknown` where the commit itself fails: only the claim rows can tell,
    read on another session, whether it happened.
    """
    with translated():
        async with _acquired(pool) as connection:
            under_way = connection.transaction()
            await under_way.start()
            try:
                yield connection
            except BaseException:
                await _roll_back(connection, under_way)
                raise
            try:
                failpoints.passed("store.committing")
                await under_way.commit()
                failpoints.passed("store.committed")
            except (*PASSING, asyncio.CancelledError) as error:
                raise OutcomeUnknown("Postgres did not say whether it committed") from error


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction that sees one instant of the tables, and can write nothing."""
    with translated():
        async with (
            _acquired(pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection


async def unhurried(connection: Connection) -> None:
    """Lift the limits on this transaction's time: it reads a whole table, a few times a year."""
    await connection.execute(sql("pool", "no_hurry"))


async def _roll_back(connection: Connection, under_way: Any) -> None:
    try:
        await under_way.rollback()
    except PASSING:
        # The session is gone and its transaction with it; the first error is the one to show.
        connection.terminate()


async def close(pool: Pool, *, deadline_s: float = 3.0) -> None:
    """Close a pool; sessions that do not end in time are cut."""
    try:
        await asyncio.wait_for(pool.close(), deadline_s)
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def session(pool: Pool) -> AsyncIterator[Connection]:
    """A session without a transaction, for reading."""
    with translated():
        async with _acquired(pool) as connection:
            yield connection


@cache
def sql(area: str, verb: str) -> str:
    """The text of one statement: sql/<area>/<verb>.sql."""
    return (resources.files(__package__) / "sql" / area / f"{verb}.sql").read_text("utf-8")


def written(status: str) -> int:
    """How many rows a statement wrote, from what the server says of it: "INSERT 0 5"."""
    return int(status.rpartition(" ")[2])


def all_written(status: str, rows: Sequence[object]) -> None:
    """Stop where a row to change was not there, or was given twice: points would be lost."""
    if written(status) != len(rows):
        # Not an `assert`, which Python can be told to leave out.
        raise AssertionError(f"of {len(rows)} rows {written(status)} were written: {status}")


def columns(rows: list[Any], count: int) -> list[Any]:
    """Rows turned on their side, for a statement that unnests one array a column."""
    return list(zip(*rows, strict=True)) if rows else [()] * count
