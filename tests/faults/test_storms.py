"""Workers that come and go, in order and without a word, under load and with duplicates.

`CHAOS_KILLS=200` makes it the long run of `make chaos`; the usual one is short.
"""

import os
import random
from pathlib import Path

import pytest

from faults.ground import FRAIL, ends_as_a_replay, open_shop
from journeys.world import ROLES, World, start_all, world
from patron.demo.workers import Workers
from patron.store import claims
from patron.store.pool import session
from patron.stream.connection import KafkaConnection

KILLS = int(os.environ.get("CHAOS_KILLS", "10"))
JOINS = max(3, KILLS // 4)


async def epochs(found: World) -> int:
    """How often partitions were claimed so far."""
    async with session(found.pool) as connection:
        return int(await connection.fetchval("SELECT coalesce(sum(epoch), 0) FROM claim"))


async def holds_some(found: World, pid: int, *, is_held: bool = True) -> None:
    """Wait until this process has claimed a partition, or until others have claimed all of its."""

    async def is_so() -> bool:
        async with session(found.pool) as connection:
            listed = await claims.listed(connection, group=found.settings.kafka.group_id)
        return any(each.owner.endswith(f":{pid}") for each in listed) == is_held

    await found.until(is_so)


@pytest.mark.timeout(120 + 30 * JOINS)
async def test_a_storm_of_rebalances_loses_and_doubles_nothing(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=51, events=200)
        start_all(found)
        logs = tmp_path / "second"
        logs.mkdir()
        second = Workers(found.environment, logs)
        try:
            for join in range(JOINS):
                pid = second.start("intake")
                await holds_some(found, pid)
                if join % 2:
                    second.kill("intake")
                else:
                    assert second.stop() == {"intake": 0}
                await holds_some(found, pid, is_held=False)
        finally:
            second.stop()
        await ends_as_a_replay(found, history)
        print(f"{2 * JOINS} rebalances, {await epochs(found)} claims")


@pytest.mark.timeout(120 + 30 * KILLS)
async def test_random_kills_of_every_role_change_nothing(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    choose = random.Random(KILLS)
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=52, events=20 * KILLS)
        start_all(found)
        for kill in range(1, KILLS + 1):
            # At a random place of the work, not of the clock: so a slow machine kills alike.
            await found.until_applied(choose.randrange(found.sent * kill // (KILLS + 1)) + 1)
            role = choose.choice(ROLES)
            found.workers.kill(role)
            found.workers.start(role)
        await ends_as_a_replay(found, history)
        print(f"{KILLS} kills over {found.sent} records")
