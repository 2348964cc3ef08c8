"""Servers that are away, and networks that fail: work goes on as soon as they are back."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
    with servers_of_our_own(OPTIONS) as running:
        yield running.home


@contextmanager
def servers_of_our_own(options: stack.StackOptions) -> Iterator[stack.Stack]:
    """A Kafka and a Postgres in a folder that goes with them."""
    home = Path(tempfile.mkdtemp(prefix="patron-test-outage-"))
    try:
        with stack.running(home, say=silent, options=options) as running:
            yield running
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


# Of each answer. The group misses who says nothing for 1 s, and wants a word each third of it.
SLOWER_THAN_A_HEARTBEAT_S = 0.4
SLOWER_THAN_A_SESSION_S = 1.5
SLOW_S = 0.1


@pytest.mark.timeout(400)
async def test_a_kafka_that_is_slow_at_everything_loses_and_doubles_nothing(tmp_path: Path) -> None:
    # The broker names the proxy as its own address, or clients would go round it.
    [port] = servers.free_ports(1)
    advertised = {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"}
    options = replace(OPTIONS, kafka_settings=advertised)
    # Rounds that are large enough to end one day, and a deadline that the slowest miss.
    slow = FRAIL | {"PATRON_RELAY__DEADLINE_S": "3", "PATRON_RELAY__NOTICES_MAX": "20"}
    kafka = KafkaConnection(bootstrap_servers=f"127.0.0.1:{port}")
    with servers_of_our_own(options) as known:
        direct = int(known.bootstrap.rpartition(":")[2])
        async for dsn in fresh_database(known.dsn):
            async with (
                proxied(direct, port=port) as proxy,
                world(dsn=dsn, kafka=kafka, logs=tmp_path, **slow) as found,
            ):
                history = await open_shop(found, seed=24, events=EVENTS)
                proxy.delay_s = SLOWER_THAN_A_HEARTBEAT_S
                start_all(found)
                await supervised(found, until=found.sent // 4)
                claims = said_again(tmp_path / "intake.log", b"claims.taken")
                proxy.delay_s = SLOWER_THAN_A_SESSION_S
                # The relay gives its round up, and the group its intake, which joins again.
                await one_more(found, tmp_path / "relay.log", b"round.put_off")
                proxy.delay_s = SLOW_S
                await found.until(claims)
                await ends_as_a_replay(found, history)


async def one_more(found: World, log: Path, said: bytes) -> None:
    """Wait until a process says something once more."""
    await found.until(said_again(log, said))


def said_again(log: Path, said: bytes) -> Callable[[], Awaitable[bool]]:
    """Whether a process has said something since now."""
    before = times_said(log, said)

    async def is_said() -> bool:
        return times_said(log, said) > before

    return is_said


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
