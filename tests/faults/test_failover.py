"""A standby that lacks the last commits takes over: they are made again, and told once."""

from pathlib import Path

from conftest import on_server
from faults.ground import FRAIL, ends_as_a_replay, open_shop
from journeys.world import World, start_all, world
from patron.demo.workers import Workers
from patron.store.pool import open_pool
from patron.stream.connection import KafkaConnection

EVENTS = 120


async def test_a_database_that_lost_its_last_commits_makes_them_again_and_tells_nothing_twice(
    database: str, postgres_dsn: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=41, events=EVENTS)
        start_all(found)
        await found.until_applied(found.sent // 3)
        for role in ("intake", "relay", "jobs"):
            found.workers.kill(role)
        standby = f"{database}_standby"
        await copy(found, postgres_dsn, database, standby)
        try:
            start_all(found)
            await found.settled()
            told = len(await found.notices())
            lost = await found.applied()
            await promote(found, standby, tmp_path)
            lost -= await found.applied()
            assert lost > 0
            start_all(found)
            await ends_as_a_replay(found, history)
            print(f"{lost} records applied again, {told} notices told once")
        finally:
            found.workers.stop()
            found.pool.terminate()
            await on_server(postgres_dsn, f"DROP DATABASE {name_of(standby)} WITH (FORCE)")


def name_of(dsn: str) -> str:
    return dsn.rpartition("/")[2]


async def copy(found: World, server: str, database: str, standby: str) -> None:
    """The database as it is now; nobody may be connected meanwhile."""
    found.pool.terminate()
    await on_server(
        server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name_of(database)}'",
    )
    await on_server(server, f"CREATE DATABASE {name_of(standby)} TEMPLATE {name_of(database)}")
    found.pool = await open_pool(database)


async def promote(found: World, standby: str, logs: Path) -> None:
    """Everybody is sent to the standby; the primary is no more."""
    found.workers.stop()
    found.pool.terminate()
    found.environment["PATRON_DATABASE__DSN"] = standby
    found.workers = Workers(found.environment, logs)
    found.pool = await open_pool(standby)
