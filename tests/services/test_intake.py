"""Intake on real servers: whatever happens on the way, each event acts once."""

import asyncio
import time

import pytest

from patron.errors import StoreUnavailable
from patron.runtime import metrics
from patron.store import claims
from patron.store.pool import session, transaction
from patron.stream import topics
from patron.stream.producer import partition_of
from patron.stream.records import Partition, Record
from services.shop import PARTITIONS, Shop, bought, until

MEMBERS = [f"m{number}" for number in range(20)]
# One member in each partition.
ANN, BEN, CEM = (
    next(member for member in MEMBERS if partition_of(member.encode(), PARTITIONS) == number)
    for number in range(PARTITIONS)
)


def purchases(count: int, *, first: int = 0) -> list[dict[str, object]]:
    return [
        bought(f"o{number}", member=MEMBERS[number % len(MEMBERS)], minute=number)
        for number in range(first, first + count)
    ]


async def test_each_purchase_acts_once_over_duplicates_and_restarts(shop: Shop) -> None:
    events = purchases(1000)
    await shop.send([*events, *events[:100]])
    async with shop.intake():
        await shop.drained()
    await shop.send([*events[500:], *purchases(1000, first=1000)])
    async with shop.intake():
        await shop.drained()

    assert await shop.points() == dict.fromkeys(MEMBERS, 100 * 200)
    assert await shop.letters() == {}


async def test_poison_is_set_aside_and_its_neighbours_are_applied(shop: Shop) -> None:
    key, headers = ANN.encode(), (("content-type", b"application/cloudevents+json"),)
    topic = shop.topics.orders
    await shop.send([bought("o1", member=ANN)])
    await shop.send_raw(
        [
            Record(topic, key, b'{"a": NaN}', headers, 1),
            Record(topic, key, b"\xff\xfe", headers, 1),
            Record(topic, key, b"", headers, 1),
            Record(topic, key, b"[" * 5000, headers, 1),
            Record(topic, key, b"{}", headers, -(10**15)),
        ]
    )
    await shop.send([bought("o2", member=ANN, minute=1)])
    async with shop.intake():
        await shop.drained()

    assert await shop.points() == {ANN: 400}
    letters = await shop.letters()
    assert list(letters) == [1, 2, 3, 4, 5]
    assert letters[2] == "malformed_json"
    assert letters[3] == "empty_value"
    assert "transaction_failed" not in letters.values()


async def test_a_record_that_the_database_refuses_is_found_and_set_aside(shop: Shop) -> None:
    async with session(shop.pool) as connection:
        await connection.execute(
            "ALTER TABLE orders ADD CONSTRAINT unlucky CHECK (order_id NOT IN ('o13', 'o77'))"
        )
    await shop.send(purchases(100))
    async with shop.intake():
        await shop.drained()

    letters = await shop.letters()
    assert list(letters.values()) == ["transaction_failed"] * 2
    assert sum((await shop.points()).values()) == 98 * 200


async def test_a_recreated_log_stops_its_partitions_and_no_other(shop: Shop) -> None:
    await shop.send(purchases(60))
    await shop.send([bought("x1", member=ANN)], topic=shop.topics.engagement)
    async with shop.intake():
        await shop.drained()
    before = await shop.points()

    spec = topics.input_topic(shop.topics.orders, partitions=PARTITIONS, replication_factor=1)
    await topics.delete(shop.kafka, [shop.topics.orders])
    await topics.ensure(shop.kafka, [spec])
    await shop.send(purchases(200, first=1000))
    await shop.send([bought("x2", member=ANN)], topic=shop.topics.engagement)
    async with shop.intake():
        await until(lambda: stands_at(shop, Partition(shop.topics.engagement, 0), 2))
        stopped = metrics.PARTITIONS_STOPPED.labels("log_identity_changed")._value.get()

    assert stopped == PARTITIONS
    assert await shop.points() == before | {ANN: before[ANN] + 200}


async def test_what_the_log_lost_unread_stops_the_partition(shop: Shop) -> None:
    await shop.send([bought("o1", member=ANN), bought("o2", member=BEN)])
    async with shop.intake():
        await shop.drained()
    await shop.send([bought("o3", member=ANN), bought("o4", member=ANN)])
    await shop.send([bought("o5", member=BEN)])
    await forget_records(shop, Partition(shop.topics.orders, 0), before=2)
    async with shop.intake():
        await until(lambda: stands_at(shop, Partition(shop.topics.orders, 1), 2))

    assert await shop.points() == {ANN: 200, BEN: 400}
    assert await stands_at(shop, Partition(shop.topics.orders, 0), 1)


async def test_who_lost_its_claim_applies_nothing_until_it_has_claimed_again(shop: Shop) -> None:
    await shop.send(purchases(50))
    async with shop.intake():
        await shop.drained()
        async with transaction(shop.pool) as connection:
            places = [Partition(shop.topics.orders, number) for number in range(PARTITIONS)]
            await claims.claim(connection, group=shop.group, partitions=places, owner="another")
        await shop.send(purchases(50, first=50))
        await shop.drained()

    assert sum((await shop.points()).values()) == 100 * 200


async def test_cut_connections_lose_and_double_nothing(shop: Shop) -> None:
    few = shop.settings.model_copy(
        update={"intake": shop.settings.intake.model_copy(update={"batch_records_max": 20})}
    )
    await shop.send(purchases(600))
    async with shop.intake(few):
        for cuts in range(1, 9):
            await until(lambda cuts=cuts: has_applied(shop, cuts * 50))
            await shop.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await shop.drained()

    assert sum((await shop.points()).values()) == 600 * 200
    assert await shop.letters() == {}


async def test_a_second_worker_takes_its_share_and_gives_it_back(shop: Shop) -> None:
    await shop.send(purchases(200))
    async with shop.intake():
        await until(lambda: owners_are(shop, 1))
        async with shop.intake():
            await shop.send(purchases(200, first=200))
            await until(lambda: is_shared(shop))
            await shop.send(purchases(200, first=400))
            await shop.drained()
        await shop.send(purchases(200, first=600))
        await shop.drained()

    assert sum((await shop.points()).values()) == 800 * 200


async def test_lag_without_progress_ends_the_worker(shop: Shop) -> None:
    hasty = shop.settings.model_copy(
        update={"intake": shop.settings.intake.model_copy(update={"stall_s": 1.0})}
    )
    async with shop.intake(hasty) as worker:
        await until(lambda: owners_are(shop, 1))
        async with transaction(shop.pool) as connection:
            await connection.execute("LOCK TABLE entry IN SHARE MODE")
            await shop.send(purchases(1))
            with pytest.raises(StoreUnavailable, match="nothing was committed"):
                await worker.ended()

    assert await shop.points() == {}


async def test_a_stop_in_the_middle_of_a_backlog_is_quick_and_loses_nothing(shop: Shop) -> None:
    await shop.send(purchases(3000))
    async with shop.intake():
        await until(lambda: has_applied(shop, 1))
        began = time.monotonic()
    assert time.monotonic() - began < 8
    async with shop.intake():
        await shop.drained()

    assert sum((await shop.points()).values()) == 3000 * 200


async def test_time_is_not_held_back_once_all_is_read(shop: Shop) -> None:
    await shop.send(purchases(10))
    async with shop.intake():
        await shop.drained()
        await until(lambda: nothing_lags(shop))


async def stands_at(shop: Shop, place: Partition, offset: int) -> bool:
    async with session(shop.pool) as connection:
        there = await claims.read(connection, group=shop.group)
    return place in there and there[place].next_offset == offset


async def nothing_lags(shop: Shop) -> bool:
    return (await shop.rows("SELECT bool_or(lagging) AS lags FROM claim"))[0]["lags"] is False


async def has_applied(shop: Shop, count: int) -> bool:
    return (await shop.rows("SELECT count(*) AS entries FROM entry"))[0]["entries"] >= count


async def owners_are(shop: Shop, epoch: int) -> bool:
    rows = await shop.rows("SELECT 1 FROM claim WHERE epoch >= $1", epoch)
    return len(rows) == 3 * PARTITIONS


async def is_shared(shop: Shop) -> bool:
    return await owners_are(shop, 2) and await shop.is_drained()


async def forget_records(shop: Shop, place: Partition, *, before: int) -> None:
    from aiokafka import TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.records_to_delete import RecordsToDelete

    admin = AIOKafkaAdminClient(**shop.kafka.arguments())
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(*place): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()
    await asyncio.sleep(0)
