"""patron reconcile: the world has every notice once; where it has not, the notice is named."""

from pathlib import Path
from typing import Any

import orjson

from journeys.world import World, start_all, world
from patron.store.pool import session
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron.stream.records import Record
from patron.stream.tail import read_all
from services.shop import PROGRAM, TENANT, bought


async def test_what_waits_is_missing_or_is_there_twice_is_told_by_its_id(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path) as found:
        await found.add_tenant(TENANT)
        await found.publish(PROGRAM, tenant=TENANT)
        await found.send_events(purchases(0, 30))
        start_all(found)
        await found.settled()
        assert await reconciled(found) == (0, told(owed=30, published=30))

        found.workers.kill("relay")
        await found.send_events(purchases(30, 40))
        await found.until_applied(40)
        assert await reconciled(found) == (0, told(owed=40, published=30, waiting=10))

        async with session(found.pool) as connection:
            lost = await connection.fetchval(
                "DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox) RETURNING notice"
            )
        again, *_ = await read_all(found.kafka, found.settings.kafka.topics.notices)
        async with EventProducer(found.kafka) as producer:
            await producer.send(
                [
                    Record(again.topic, again.key or b"", again.value or b"", again.headers),
                    Record(again.topic, b"k", b"{}", (("ce_id", b"somebody else's"),)),
                ]
            )
        twice = dict(again.headers)["ce_id"].decode()
        assert await reconciled(found) == (
            1,
            told(
                owed=40,
                published=30,
                waiting=9,
                missing=[str(lost)],
                twice=[twice],
                foreign=1,
            ),
        )
        in_words = await found.patron("reconcile")
        assert f"missing: {lost}" in in_words.out
        assert f"twice: {twice}" in in_words.out


def purchases(first: int, end: int) -> list[bytes]:
    return [
        orjson.dumps(bought(f"o{number}", member=f"m{number % 5}", minute=number))
        for number in range(first, end)
    ]


async def reconciled(found: World) -> tuple[int, dict[str, Any]]:
    said = await found.patron("reconcile", "--json")
    assert said.out, said.errors
    return said.code, orjson.loads(said.out)


def told(**figures: Any) -> dict[str, Any]:
    none = {"waiting": 0, "parked": 0, "missing": [], "twice": [], "foreign": 0, "forgotten": 0}
    all_told = none | figures
    return all_told | {"holds": not all_told["missing"] and not all_told["twice"]}
