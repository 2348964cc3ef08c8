"""A topic that was made anew stops its partitions; an operator says where they go on."""

from pathlib import Path
from typing import Any

import orjson

from journeys.world import PARTITIONS, World, start_all, world
from patron.store import interventions
from patron.store.pool import session
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from services.shop import PROGRAM, TENANT, bought


async def test_a_recreated_topic_is_seen_and_resumed_with_a_reason(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path) as found:
        await found.add_tenant(TENANT)
        await found.publish(PROGRAM, tenant=TENANT)
        await found.send_events(purchases(0, 40))
        start_all(found)
        await found.settled()
        shop = found.topics.orders
        refused = await found.patron("resume", shop, "0", "--at", "0", "--reason", "just so")
        assert refused.code
        assert "is not stopped" in refused.errors

        found.workers.kill("intake")
        spec = topics.input_topic(shop, partitions=PARTITIONS, replication_factor=1)
        await topics.delete(found.kafka, [shop])
        await topics.ensure(found.kafka, [spec])
        await found.send_events(purchases(30, 80))  # Ten of them are known already.
        found.workers.start("intake")
        await found.until(lambda: all_stopped(found, shop))
        for each in await listed(found, shop):
            assert each["stopped"] == "log_identity_changed"
            assert each["stopped_detail"]

        beyond = await found.patron("resume", shop, "0", "--at", "999", "--reason", "too far")
        assert beyond.code
        assert "ends at" in beyond.errors
        for number in range(PARTITIONS):
            said = await found.patron(
                "resume", shop, str(number), "--at", "0", "--reason", "made anew", "--json"
            )
            assert said.code == 0, said.errors
        await found.settled()
        for each in await listed(found, shop):
            assert (each["state"], each["stopped"]) == ("caught up", None)

        points = [(await found.member(f"m{n}", tenant=TENANT))["balances"] for n in range(20)]
        assert [each["bonus"]["available"] for each in points] == [4 * 200] * 20
        audited = await found.patron("audit", "--json")
        assert orjson.loads(audited.out)["differences"] == []
        async with session(found.pool) as connection:
            acts = [each.did for each in await interventions.latest(connection)]
        assert sorted(each.subject for each in acts) == [f"{shop}[{n}]" for n in range(PARTITIONS)]
        assert {(each.what, each.after, each.why) for each in acts} == {
            ("resume", "goes on at 0", "made anew")
        }
        assert all("log_identity_changed" in each.before and each.who for each in acts)


def purchases(first: int, end: int) -> list[bytes]:
    return [
        orjson.dumps(bought(f"o{number}", member=f"m{number % 20}", minute=number))
        for number in range(first, end)
    ]


async def listed(found: World, topic: str) -> list[dict[str, Any]]:
    said = await found.patron("partitions", "--json")
    assert said.code == 0, said.errors
    lines = [orjson.loads(line) for line in said.out.splitlines()]
    return [line for line in lines if line["topic"] == topic]


async def all_stopped(found: World, topic: str) -> bool:
    return {each["state"] for each in await listed(found, topic)} == {"stopped"}
