"""Processes that are frozen, succeeded and thawed: what a zombie still does changes nothing."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from faults.ground import FRAIL, all_applied, ends_as_a_replay, fail_at, open_shop
from journeys.world import World, start_all, world
from patron.demo.workers import Workers
from patron.store import outbox
from patron.store.pool import session
from patron.stream.connection import KafkaConnection

EVENTS = 60
EX_TEMPFAIL = 75


async def frozen(found: World, role: str, point: str, logs: Path) -> tuple[Workers, int]:
    """A process that has frozen itself at a point; the Workers that it belongs to, its pid."""
    workers = _workers(found, logs)
    fail_at = f"{point}:1:freeze"
    testing = {"PATRON_TESTING__FAILPOINTS": "true", "PATRON_TESTING__FAIL_AT": fail_at}
    pid = workers.start(role, testing)

    async def is_frozen() -> bool:
        workers.check()
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED

    await found.until(is_frozen)
    return workers, pid


def _workers(found: World, logs: Path) -> Workers:
    logs.mkdir()
    return Workers(found.environment, logs)


@pytest.mark.parametrize("point", ["intake.read", "engine.written"])
async def test_an_intake_that_thaws_after_its_successor_has_all_is_fenced(
    point: str, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=11, events=EVENTS)
        zombie, pid = await frozen(found, "intake", point, tmp_path / "zombie")
        try:
            start_all(found)
            # Whoever is frozen in a transaction is ended by the database after ten seconds.
            await all_applied(found)
            os.kill(pid, signal.SIGCONT)
            log = tmp_path / "zombie" / "intake.log"

            async def was_told() -> bool:
                return b"batch.put_off" in log.read_bytes()

            await found.until(was_told)
            await ends_as_a_replay(found, history)
        finally:
            os.kill(pid, signal.SIGCONT)
            zombie.stop()


@pytest.mark.parametrize("point", ["relay.chosen", "relay.sent"])
async def test_a_relay_that_thaws_after_its_successor_has_sent_ends_and_sends_nothing_twice(
    point: str, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=11, events=EVENTS)
        found.workers.start("intake")
        found.workers.start("jobs")
        await all_applied(found)
        zombie, pid = await frozen(found, "relay", point, tmp_path / "zombie")
        try:
            found.workers.start("relay")
            await found.settled()
            os.kill(pid, signal.SIGCONT)
            code = None

            async def has_ended() -> bool:
                nonlocal code
                code = zombie.ended("relay")
                return code is not None

            await found.until(has_ended)
            assert code == EX_TEMPFAIL
            await ends_as_a_replay(found, history)
        finally:
            if code is None:
                os.kill(pid, signal.SIGCONT)
            zombie.stop()


async def test_a_relay_that_thaws_between_its_two_commits_disturbs_nobody(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=12, events=EVENTS)
        assert await fail_at(found, "intake", "intake.committed", nth=6) == -signal.SIGKILL
        zombie, pid = await frozen(found, "relay", "relay.published", tmp_path / "zombie")
        found.workers.start("relay")

        async def is_sent() -> bool:
            async with session(found.pool) as connection:
                return await outbox.pending(connection, shard=0, counted_max=1) == 0

        await found.until(is_sent)
        os.kill(pid, signal.SIGCONT)
        try:
            # It learns of its successor when it next has something to send, not before.
            found.workers.start("intake")
            found.workers.start("jobs")
            await ends_as_a_replay(found, history)
        finally:
            zombie.stop()
