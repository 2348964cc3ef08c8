"""A slice of a grocer's year: the live path gives what replay gives, killed or not."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from journeys.world import Said, World, notices_and_members, start_all, world
from journeys.world import by_member as of_each
from patron.cli.programs import LONG_AGO
from patron.demo.baskets import Slice
from patron.demo.events import TENANT, Produced, Topics
from patron.demo.groceries import Groceries
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.store.pool import session
from patron.stream.connection import KafkaConnection
from patron.stream.records import Record
from patron.wire.documents import compile_document
from patron_schemas.ready import program_text

PART = Slice(households_max=25)
KILLS = 3
# Small batches, so that there is a middle to be killed in; a group that soon misses its dead.
FRAIL = {
    "PATRON_INTAKE__BATCH_RECORDS_MAX": "25",
    "PATRON_RELAY__NOTICES_MAX": "5",
    "PATRON_KAFKA__SESSION_TIMEOUT_S": "2",
}


class Expected(NamedTuple):
    """What a replay of the slice says."""

    notices: dict[str, list[Said]]
    members: dict[str, Said]
    codes: Counter[str]


@pytest.fixture(scope="module")
def expected() -> Expected:
    program = compile_document(program_text("grocer"), source="grocer.yaml")
    replay = Replay({program.name: Lineage([InForce(LONG_AGO, program)])})
    records = list(Groceries(PART))
    # A file has no keys: what lies under the wrong one is known by its topic alone.
    strayed = [record for record in records if has_strayed(record)]
    lines = [record.value for record in records if record not in strayed]
    until = datetime.fromtimestamp(max(r.timestamp_ms for r in records) / 1000, UTC)
    said = [*replay.events(lines), *replay.members(until=until)]
    codes = Counter(line["dead_letter"] for line in said if "dead_letter" in line)
    codes["key_mismatch"] += len(strayed)
    return Expected(*notices_and_members(said), codes)


def has_strayed(record: Produced) -> bool:
    try:
        event = orjson.loads(record.value)
    except orjson.JSONDecodeError:
        return False
    return bool(event["data"]["member"].encode() != record.key)


async def test_live_equals_replay_on_a_slice_of_the_grocers_year(
    expected: Expected, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    assert len(expected.members) == PART.households_max
    assert sum(map(len, expected.notices.values())) > PART.households_max

    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path) as found:
        await send_groceries(found)
        start_all(found)
        await found.settled()
        await check(found, expected)


async def test_killing_intake_thrice_and_the_relay_once_changes_nothing(
    expected: Expected, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, **FRAIL) as found:
        await send_groceries(found)
        start_all(found)
        for kill in range(1, KILLS + 1):
            await found.until_applied(found.sent * kill // (KILLS + 2))
            found.workers.kill("intake")
            assert await found.applied() < found.sent, "it was over before it was killed"
            if kill == 1:
                await some_published(found)
                found.workers.kill("relay")
                found.workers.start("relay")
            found.workers.start("intake")
        await found.settled()
        await check(found, expected)


async def send_groceries(found: World) -> None:
    """The tenant, its program and everything that the shop sends; nothing runs yet."""
    await found.add_tenant(TENANT)
    await found.publish(program_text("grocer"), tenant=TENANT)
    await found.send([Record(*each) for each in slice_to(found.topics)])


def slice_to(topics: Topics) -> Iterator[Produced]:
    return iter(Groceries(PART, to=topics))


async def some_published(found: World) -> None:
    async def is_published() -> bool:
        return await found.published() > 0

    await found.until(is_published)


async def check(found: World, expected: Expected) -> None:
    """Notices, members and dead letters are those of the replay, each notice once."""
    notices = await found.notices()
    assert of_each(notices) == expected.notices
    assert len({notice["id"] for notice in notices}) == len(notices)
    for name, member in expected.members.items():
        assert await found.member(name, tenant=TENANT) == member
    async with session(found.pool) as connection:
        rows = await connection.fetch("SELECT code, count(*) AS n FROM dead_letter GROUP BY code")
    assert {row["code"]: row["n"] for row in rows} == expected.codes
    audited = await found.patron("audit", "--json")
    assert (audited.code, orjson.loads(audited.out)["differences"]) == (0, [])
