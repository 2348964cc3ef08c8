"""Servers that are away, and networks that fail: work goes on as soon as they are back."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import fresh_database, silent
from faults.ground import FRAIL, ends_as_a_replay, open_shop
from faults.proxy import proxied
from journeys.world import ROLES, World, start_all, world
from patron.local import servers, stack
from patron.stream.connection import KafkaConnection

EVENTS = 120


def through(dsn: str, port: int) -> str:
    """The same database by another port."""
    base, _, name = dsn.rpartition("/")
    return f"{base.rpartition(':')[0]}:{port}/{name}"


def port_of(dsn: str) -> int:
    return int(dsn.rpartition("/")[0].rpartition(":")[2])


async def supervised(found: World, *, until: int) -> None:
    """Wait until so many records are committed; who gave up as it started is started again."""

    async def are_applied() -> bool:
        for role in ROLES:
            if found.workers.ended(role) is not None:
                found.workers.start(role)
        return await found.applied() >= until

    await found.until_of_its_own(are_applied)


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
            await supervised(found, until=found.sent * cut // 8)
            proxy.cut()
        # From here on every connection ends in the middle of something, at a COMMIT too.
        proxy.bytes_max = 60_000
        await supervised(found, until=found.sent * 3 // 4)
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


async def test_a_kafka_that_freezes_holds_work_up_and_loses_nothing(
    own_servers: Path, tmp_path: Path
) -> None:
    known = stack.status(own_servers)
    assert known is not None
    assert known.kafka is not None
    kafka = KafkaConnection(bootstrap_servers=known.bootstrap)
    hasty = FRAIL | {"PATRON_RELAY__DEADLINE_S": "2"}
    async for dsn in fresh_database(known.dsn):
        async with world(dsn=dsn, kafka=kafka, logs=tmp_path, **hasty) as found:
            history = await open_shop(found, seed=23, events=EVENTS)
            start_all(found)
            await found.until_applied(found.sent // 4)
            os.kill(known.kafka.pid, signal.SIGSTOP)
            try:
                # A send has no deadline of its own in the client: it is the relay's that shows.
                await one_more(found, tmp_path / "relay.log", b"round.put_off")
            finally:
                os.kill(known.kafka.pid, signal.SIGCONT)
            await ends_as_a_replay(found, history)


async def one_more(found: World, log: Path, said: bytes) -> None:
    """Wait until a process says something once more."""
    before = times_said(log, said)

    async def is_said() -> bool:
        return times_said(log, said) > before

    await found.until(is_said)


def times_said(log: Path, said: bytes) -> int:
    return log.read_bytes().count(said)


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
