"""The relay on real servers: each notice once under read_committed, in its member's order."""

import asyncio
from collections.abc import Sequence
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

from patron.core.facts import EventName
from patron.engine.aside import Aside
from patron.errors import Misconfigured, ProducerFenced
from patron.store import dead_letters, outbox
from patron.store.dead_letters import DeadLetter, Original
from patron.store.outbox import OwedNotice
from patron.store.pool import session, transaction
from patron.stream import topics
from patron.stream.producer import TransactionalPublisher
from patron.stream.records import RawRecord, Record
from patron.stream.tail import read_all
from patron.stream.topics import TopicSpec
from patron.wire.outgoing import Published, pack, unpack
from services.shop import PARTITIONS, Shop, until

MEMBERS = ("ann", "ben", "cem", "dee")


def owed(number: int, *, size_bytes: int = 10) -> OwedNotice:
    """The n-th notice; members take turns, and each notice says its number."""
    member = MEMBERS[number % len(MEMBERS)]
    notice = uuid5(NAMESPACE_DNS, f"notice-{number}")
    body = pack(
        Published(
            notice,
            "io.patron.points.earned.v1",
            "grocer",
            member,
            "2025-03-03T12:00:00Z",
            number,
            EventName("grocer", "/shop", f"e{number}").id,
            f"o{number}",
            {"number": number, "text": "x" * size_bytes},
        )
    )
    return OwedNotice(0, notice, body)


async def owe(shop: Shop, notices: Sequence[OwedNotice]) -> None:
    async with transaction(shop.pool) as connection:
        await outbox.append(connection, notices)


async def on_topic(shop: Shop) -> list[RawRecord]:
    return await read_all(shop.kafka, shop.topics.notices)


def versions(records: Sequence[RawRecord]) -> list[int]:
    return [int(dict(record.headers)["ce_sequence"]) for record in records]


async def once_and_in_order(shop: Shop, count: int) -> None:
    """Every notice stands on the topic once, each member's ascending."""
    records = await on_topic(shop)
    assert sorted(versions(records)) == list(range(count))
    for member in MEMBERS:
        theirs = versions([each for each in records if each.key == member.encode()])
        assert theirs == sorted(theirs)


async def test_each_notice_is_published_once_and_owed_no_more(shop: Shop) -> None:
    await owe(shop, [owed(number) for number in range(7000)])
    async with shop.relay():
        await shop.published()
        await owe(shop, [owed(number) for number in range(7000, 7100)])
        await shop.published()

    await once_and_in_order(shop, 7100)


async def test_what_was_sent_and_not_deleted_is_not_sent_again(shop: Shop) -> None:
    notices = [owed(number) for number in range(100)]
    await owe(shop, notices)
    # A relay that dies between its two commits.
    async with TransactionalPublisher(
        shop.kafka, transactional_id=f"patron-relay-{shop.group}-0"
    ) as dying:
        records = [unpack(notice.body) for notice in notices[:60]]
        topic = shop.topics.notices
        await dying.publish(
            [Record(topic, key, value, tuple(headers)) for key, value, headers in records],
            deadline_s=10,
        )
    async with shop.relay():
        await shop.published()

    await once_and_in_order(shop, 100)


async def test_a_notice_that_is_too_large_is_parked_and_its_neighbours_go(shop: Shop) -> None:
    notices = [owed(0), owed(1, size_bytes=1_100_000), owed(2)]
    await owe(shop, notices)
    async with shop.relay():
        await shop.published()

    assert sorted(versions(await on_topic(shop))) == [0, 2]
    assert list((await shop.letters()).values()) == ["notice_too_large"]
    async with transaction(shop.pool) as connection:
        (listed,) = await dead_letters.open_letters(connection)
        parked = await dead_letters.get(connection, shop.sealer, listed.id)
    assert parked is not None
    assert parked[0].record.value == notices[1].body


async def copied_to(shop: Shop) -> list[RawRecord]:
    """What the topic of dead letters has."""
    assert shop.topics.dead_letters is not None
    return await read_all(shop.kafka, shop.topics.dead_letters)


async def test_a_notice_that_was_parked_is_told_of_on_the_topic_of_dead_letters(
    shop: Shop,
) -> None:
    async with shop.copying():
        await owe(shop, [owed(0, size_bytes=1_100_000), owed(1)])
        async with shop.relay():
            await shop.published()

        assert versions(await on_topic(shop)) == [1]
        [copy] = await copied_to(shop)
    said = dict(copy.headers)
    assert (said["dlq-code"], said["dlq-topic"]) == (
        b"notice_too_large",
        shop.topics.notices.encode(),
    )
    assert (copy.key, copy.value) == (None, b"")


async def test_copies_that_wait_when_they_are_switched_off_are_dropped_and_notices_go(
    shop: Shop,
) -> None:
    letter = DeadLetter(Original("in", 0, 7, 0, b"ann", b"{", ()), "malformed_json", "no JSON")
    aside = Aside(sealer=shop.sealer, group=shop.group, shards=1, copies=True)
    async with transaction(shop.pool) as connection:
        await aside.put(connection, [letter])
    await owe(shop, [owed(0)])
    async with shop.relay():
        await shop.published()

    assert versions(await on_topic(shop)) == [0]
    assert await shop.letters() == {7: "malformed_json"}


async def test_a_topic_that_takes_only_small_messages_stops_the_start_with_its_mend(
    shop: Shop,
) -> None:
    names = shop.topics.model_copy(update={"notices": f"{shop.topics.notices}.small"})
    small = TopicSpec(names.notices, PARTITIONS, 1, {"max.message.bytes": "2000"})
    await topics.ensure(shop.kafka, [small])
    kafka = shop.settings.kafka.model_copy(update={"topics": names})
    shop.settings = shop.settings.model_copy(update={"kafka": kafka})
    async with shop.relay() as worker:
        with pytest.raises(Misconfigured, match=r"--add-config max\.message\.bytes=1001024"):
            await worker.ended()
    await topics.delete(shop.kafka, [names.notices])


async def test_a_relay_that_has_a_successor_ends(shop: Shop) -> None:
    await owe(shop, [owed(number) for number in range(50)])
    async with shop.relay() as old:
        await shop.published()
        async with shop.relay():
            await owe(shop, [owed(number) for number in range(50, 100)])
            await shop.published()
            # Both look for notices all the time; the old one learns of it at the next.
            with pytest.raises(ProducerFenced, match="another relay sends shard 0"):
                await ended_while_more_comes(shop, old.task, first=100)

    records = await on_topic(shop)
    assert len(set(versions(records))) == len(records)
    assert {UUID(dict(each.headers)["ce_id"].decode()) for each in records} >= {
        owed(number).notice for number in range(100)
    }


async def test_cut_connections_to_postgres_double_nothing(shop: Shop) -> None:
    async with shop.relay():
        for first in range(0, 1000, 100):
            await owe(shop, [owed(number) for number in range(first, first + 100)])
            await shop.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await shop.published()

    await once_and_in_order(shop, 1000)


async def ended_while_more_comes(shop: Shop, task: "asyncio.Task[None]", *, first: int) -> None:
    number = first

    async def is_over() -> bool:
        nonlocal number
        await owe(shop, [owed(number)])
        number += 1
        return task.done()

    await until(is_over)
    async with session(shop.pool):
        task.result()
