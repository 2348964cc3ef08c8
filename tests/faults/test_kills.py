"""SIGKILL at every failpoint, one after another, in one deployment: nothing lost or doubled."""

from pathlib import Path

import pytest

from faults.ground import FRAIL, all_applied, ends_as_a_replay, fail_at, open_shop
from journeys.world import start_all, world
from patron.runtime.failpoints import POINTS
from patron.stream.connection import KafkaConnection

KILLED = -9
AT_REST = "intake.caught_up"  # Reached once nothing is left: after it no batch would come.
BUSY = [
    point
    for point in POINTS
    if point.startswith(("intake.", "engine.", "store.")) and point != AT_REST
]
INTAKE = [*BUSY, AT_REST]
RELAY = [point for point in POINTS if point.startswith("relay.")]
JOBS = [point for point in POINTS if point.startswith("jobs.")]


@pytest.mark.timeout(400)
async def test_a_sigkill_at_each_point_changes_nothing(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        history = await open_shop(found, seed=7, events=120)
        for point in INTAKE:
            # Before a batch's transaction come that of the claims and that of the attempt.
            nth = 3 if point.startswith("store.") else 1
            assert await fail_at(found, "intake", point, nth=nth) == KILLED, point
        found.workers.start("intake")
        await all_applied(found)
        found.workers.kill("intake")
        for role, points in (("relay", RELAY), ("jobs", JOBS)):
            for point in points:
                assert await fail_at(found, role, point) == KILLED, point
        print(f"{len(INTAKE) + len(RELAY) + len(JOBS)} kills, each at a point of its own")
        start_all(found)
        await ends_as_a_replay(found, history)
