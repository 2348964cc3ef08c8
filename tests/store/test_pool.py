"""Sessions: what fails leaves nothing behind, and says what its catcher must do."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from patron.errors import OutcomeUnknown, Raced, StoreUnavailable, Transient
from patron.store.pool import Connection, open_pool, session, transaction, translated
from store.ground import Store, until, waits_for_a_lock

ADD = "INSERT INTO member (tenant, id) VALUES (1, 'ann')"
CUT = "SELECT pg_terminate_backend($1, 5000)"  # Waits until the session is gone.


async def members(store: Store) -> int:
    async with session(store.pool) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM member"))


async def fails(store: Store, body: Callable[[Connection], Awaitable[object]]) -> None:
    async with transaction(store.pool) as connection:
        await connection.execute(ADD)
        await body(connection)


async def cut(connection: Connection, store: Store) -> None:
    """End a session as a fail-over does: while nobody asks it anything."""
    async with store.pool.acquire() as other:
        assert await other.fetchval(CUT, connection.get_server_pid())


async def test_what_was_written_is_there_after_the_block(store: Store) -> None:
    async with transaction(store.pool) as connection:
        await connection.execute(ADD)
        assert await members(store) == 0
    assert await members(store) == 1


async def test_an_error_in_the_body_rolls_back_and_its_session_can_be_used_again(
    database: str,
) -> None:
    pool = await open_pool(database, size=1)
    async with session(pool) as connection:
        await connection.execute("CREATE TABLE kept (n int)")
        before = connection.get_server_pid()

    async def fail() -> None:
        async with transaction(pool) as connection:
            await connection.execute("INSERT INTO kept VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    async with session(pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        assert not connection.is_in_transaction()
        assert connection.get_server_pid() == before
    await pool.close()


async def test_a_statement_that_the_database_refuses_shows_as_it_is_and_rolls_back(
    store: Store,
) -> None:
    async def body(connection: Connection) -> None:
        await connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await fails(store, body)
    assert await members(store) == 0


async def test_a_cancelled_body_rolls_back(store: Store) -> None:
    reached = asyncio.Event()

    async def body(_: Connection) -> None:
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(fails(store, body))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await members(store) == 0


async def test_a_session_cut_in_the_body_is_a_passing_fault_and_leaves_nothing(
    store: Store,
) -> None:
    async def body(connection: Connection) -> None:
        await cut(connection, store)
        await connection.execute(ADD)

    with pytest.raises(StoreUnavailable) as caught:
        await fails(store, body)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert await members(store) == 0


async def test_a_session_cut_before_its_commit_leaves_the_outcome_unknown(store: Store) -> None:
    with pytest.raises(OutcomeUnknown):
        await fails(store, lambda connection: cut(connection, store))
    # The pool gives a session that answers to whoever reads what happened.
    assert await members(store) == 0


async def test_at_whatever_moment_a_session_is_cut_it_is_a_passing_fault(store: Store) -> None:
    async def body(connection: Connection) -> None:
        pid = connection.get_server_pid()
        async with store.pool.acquire() as other:
            # Not waited for: the news may come before, within or after the next statement.
            await other.fetchval("SELECT pg_terminate_backend($1)", pid)
            for _ in range(100):
                await connection.execute(ADD)

    for _ in range(100):
        with pytest.raises(StoreUnavailable):
            await fails(store, body)
    assert await members(store) == 0


async def test_a_check_that_waits_for_the_commit_shows_as_it_is(store: Store) -> None:
    async with transaction(store.pool) as connection:
        await connection.execute(
            "CREATE TABLE deferred (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
        )

    async def body(connection: Connection) -> None:
        await connection.execute("INSERT INTO deferred VALUES (1), (1)")

    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await fails(store, body)
    finally:
        async with transaction(store.pool) as connection:
            await connection.execute("DROP TABLE deferred")
    assert await members(store) == 0


async def test_two_that_lock_each_other_out_are_told_to_race_again(store: Store) -> None:
    both = asyncio.Barrier(2)
    await store.pool.execute(
        "INSERT INTO outbox (shard, notice, body) VALUES (1, $1, ''), (2, $1, '')", "0" * 32
    )

    async def lock(first: int, second: int) -> None:
        async with transaction(store.pool) as connection:
            await connection.execute("SET LOCAL deadlock_timeout = '10ms'")
            await connection.execute("SELECT FROM outbox WHERE shard = $1 FOR UPDATE", first)
            await both.wait()
            await connection.execute("SELECT FROM outbox WHERE shard = $1 FOR UPDATE", second)

    outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [Raced]


async def test_a_lock_that_is_not_given_in_time_is_a_passing_fault(store: Store) -> None:
    async def body(connection: Connection) -> None:
        await connection.execute("SET LOCAL lock_timeout = '20ms'")
        await connection.execute("LOCK TABLE tenant")

    async with transaction(store.pool) as holder:
        await holder.execute("LOCK TABLE tenant")
        with pytest.raises(StoreUnavailable):
            await fails(store, body)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(9)", id="statement"),
        pytest.param("SET TRANSACTION READ ONLY; CREATE TABLE nowhere ()", id="a-standby"),
        pytest.param("SELECT pg_cancel_backend(pg_backend_pid())", id="cancelled"),
    ],
)
async def test_what_an_operator_or_a_limit_ends_is_a_passing_fault(
    store: Store, fault: str
) -> None:
    with pytest.raises(StoreUnavailable):
        await fails(store, lambda connection: connection.execute(fault))
    assert await members(store) == 0


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        pytest.param("SELECT $1::int", 2**31, id="too-large"),
        pytest.param("SELECT $1::int", "one", id="of-another-type"),
        pytest.param("SELECT $1::text", "\ud800", id="half-a-character"),
        pytest.param("SELECT $1::text", "a\0b", id="a-zero-byte"),
    ],
)
async def test_a_value_that_can_never_be_written_is_not_a_passing_fault(
    store: Store, statement: str, value: object
) -> None:
    # Told to try again, a worker would try this for ever.
    with pytest.raises(Exception) as caught:  # noqa: PT011 The point is what it is not.
        await fails(store, lambda connection: connection.execute(statement, value))
    assert not isinstance(caught.value, Transient)


async def test_a_fault_of_something_else_in_the_body_is_not_laid_at_postgres_door(
    store: Store,
) -> None:
    async def body(_: Connection) -> None:
        raise FileNotFoundError("programs/club.yaml")

    with pytest.raises(FileNotFoundError):
        await fails(store, body)


async def test_who_waits_too_long_for_a_session_is_told_so(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patron.store.pool.ACQUIRE_S", 0.05)
    pool = await open_pool(database, size=1)

    async def ask() -> None:
        async with transaction(pool):
            pass

    async with transaction(pool):
        with pytest.raises(StoreUnavailable):
            await ask()
    await ask()
    await pool.close()


async def test_a_fault_that_says_nothing_is_told_by_its_name() -> None:
    with pytest.raises(StoreUnavailable, match=r"^Postgres: TimeoutError$"), translated():
        raise TimeoutError


async def test_a_server_that_is_not_there_is_a_passing_fault(unused_tcp_port: int) -> None:
    with pytest.raises(StoreUnavailable):
        await open_pool(f"postgresql://postgres@127.0.0.1:{unused_tcp_port}/postgres")


async def test_no_session_can_hang_for_ever(store: Store) -> None:
    names = (
        "idle_in_transaction_session_timeout",
        "transaction_timeout",
        "lock_timeout",
        "statement_timeout",
        "TimeZone",
    )
    async with session(store.pool) as connection:
        settings = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
    assert settings == ["10s", "30s", "5s", "15s", "UTC"]


async def test_a_session_that_is_left_open_lets_go_of_what_it_locked(store: Store) -> None:
    async def body(connection: Connection) -> None:
        await connection.execute("LOCK TABLE tenant")
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        async with store.pool.acquire() as waiting, store.pool.acquire() as watcher:
            lock = asyncio.create_task(waiting.execute("SELECT FROM tenant"))
            pid = waiting.get_server_pid()
            await until(lambda: gone_or_waiting(watcher, pid, lock))
            await lock
        await connection.execute(ADD)

    async def gone_or_waiting(watcher: Connection, pid: int, lock: asyncio.Task[object]) -> bool:
        return lock.done() or await waits_for_a_lock(watcher, pid)

    with pytest.raises(StoreUnavailable):
        await fails(store, body)
