"""A record that kills whoever takes it holds nobody up for good."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import orjson
import pytest

from faults.ground import FRAIL, all_applied, open_shop, replayed
from journeys.world import World, start_all, world
from patron.store.pool import session
from patron.stream.connection import KafkaConnection
from simulation.histories import History

KILLED = -9
BLAMED = FRAIL | {"PATRON_INTAKE__CRASHES_MAX": "4"}
# Two in a batch that is counted, two alone; and each time that a small batch was committed
# before it, one that nobody counts, but the offset moves on.
DEATHS_MAX = 10


@pytest.mark.parametrize("step", ["reading", "deciding"])
async def test_a_record_that_kills_twice_in_a_batch_and_twice_alone_becomes_a_dead_letter(
    step: str, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **BLAMED) as found:
        history = await open_shop(found, seed=31, events=60)
        event = killer(history)
        deaths = 0
        while await died(found, step, event, tmp_path / "killed.log"):
            deaths += 1
            assert deaths <= DEATHS_MAX
        print(f"{deaths} deaths by {step} {event}")
        _, _, letters = replayed(history)
        assert await codes(found) == letters + Counter(crash_loop=1)

        start_all(found)
        [letter] = await crash_loops(found)
        mended = await found.patron("dlq", "replay", str(letter), "--json")
        assert (mended.code, orjson.loads(mended.out)["outcome"]) == (0, "applied")
        await found.settled()
        audited = await found.patron("audit", "--json")
        assert orjson.loads(audited.out)["differences"] == []


def killer(history: History) -> str:
    """A purchase in the middle that came once, in a record of its own."""
    events = [orjson.loads(line) for line in history.lines if line.endswith(b"}")]
    times = Counter(event["id"] for event in events)
    return next(
        str(event["id"])
        for event in events[len(events) // 2 :]
        if event["type"].endswith("completed.v1") and times[event["id"]] == 1
    )


async def died(found: World, step: str, event: str, log: Path) -> bool:
    """Run an intake until it dies of the event, or has applied all and is stopped in order."""
    with log.open("ab") as said:
        intake = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "faults.killed_by", step, event,
            env={**os.environ, **found.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=said, stderr=said,
        )  # fmt: skip
    all_done = asyncio.ensure_future(all_applied(found))
    ended = asyncio.ensure_future(intake.wait())
    try:
        await asyncio.wait({all_done, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await all_done
            intake.terminate()
        code = await ended
    finally:
        all_done.cancel()
        if intake.returncode is None:
            intake.kill()
            await ended
    assert code in (0, KILLED), f"see {log}"
    return code == KILLED


async def codes(found: World) -> Counter[str]:
    async with session(found.pool) as connection:
        rows = await connection.fetch("SELECT code, count(*) AS n FROM dead_letter GROUP BY code")
    return Counter({row["code"]: row["n"] for row in rows})


async def crash_loops(found: World) -> list[int]:
    async with session(found.pool) as connection:
        rows = await connection.fetch("SELECT id FROM dead_letter WHERE code = 'crash_loop'")
    return [row["id"] for row in rows]
