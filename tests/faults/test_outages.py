"""Servers that are away, and networks that fail: work goes on as soon as they are back."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import fresh_database, silent
from faults.ground import FRAIL, ends_as_a_replay, open_shop
from faults.proxy import proxied
from journeys.world import start_all, world
from patron.local import servers, stack
from patron.stream.connection import KafkaConnection

EVENTS = 120


def through(dsn: str, port: int) -> str:
    """The same database by another port."""
    base, _, name = dsn.rpartition("/")
    return f"{base.rpartition(':')[0]}:{port}/{name}"


def port_of(dsn: str) -> int:
    return int(dsn.rpartition("/")[0].rpartition(":")[2])


async def test_cut_connections_to_postgres_lose_and_double_nothing(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with (
        proxied(port_of(database)) as proxy,
        world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found,
    ):
        history = await open_shop(found, seed=21, events=EVENTS)
        found.workers = type(found.workers)(
            found.environment | {"PATRON_DATABASE__DSN": through(database, proxy.port)}, tmp_path
        )
        start_all(found)
        for cut in range(1, 5):
            await found.until_applied(found.sent * cut // 8)
            proxy.cut()
        # From here on every connection ends in the middle of something, at a COMMIT too.
        proxy.bytes_max = 60_000
        await found.until_applied(found.sent * 3 // 4)
        proxy.bytes_max, proxy.delay_s = None, 0.02
        await ends_as_a_replay(found, history)
        print(f"{proxy.cuts} cuts")


@pytest.fixture
def own_servers() -> Iterator[Path]:
    """The folder of a Kafka and a Postgres that a test may end and start."""
    home = Path(tempfile.mkdtemp(prefix="patron-test-outage-"))
    try:
        with stack.running(home, say=silent, options=OPTIONS):
            yield home
    finally:
        shutil.rmtree(home)


OPTIONS = stack.StackOptions(fsync=False)


def end_and_start(home: Path, name: str, sign: signal.Signals) -> None:
    """End a server as a crash does; start it again, where it was."""
    known = stack.status(home)
    assert known is not None
    server = known.postgres if name == "postgres" else known.kafka
    assert server is not None
    servers.stop(server, gently=sign, hard=signal.SIGKILL, wait_s=20)
    stack.up(home, say=silent, options=OPTIONS)


@pytest.mark.timeout(400)
async def test_servers_that_crash_and_come_back_lose_and_double_nothing(
    own_servers: Path, tmp_path: Path
) -> None:
    known = stack.status(own_servers)
    assert known is not None
    kafka = KafkaConnection(bootstrap_servers=known.bootstrap)
    async for dsn in fresh_database(known.dsn):
        async with world(dsn=dsn, kafka=kafka, logs=tmp_path, **FRAIL) as found:
            history = await open_shop(found, seed=22, events=EVENTS)
            start_all(found)
            for number, (name, sign) in enumerate(
                [
                    ("postgres", signal.SIGQUIT),
                    ("kafka", signal.SIGKILL),
                    ("postgres", signal.SIGQUIT),
                ],
                start=1,
            ):
                await found.until_applied(found.sent * number // 5)
                await asyncio.to_thread(end_and_start, own_servers, name, sign)
            await ends_as_a_replay(found, history)
