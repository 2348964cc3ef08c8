"""Reading from a real Kafka: nothing comes before its claim, and no rebalance goes unseen."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from patron.errors import Misconfigured, NotClaimed, OffsetGone, Transient
from patron.stream import consumer, topics
from patron.stream.connection import KafkaConnection
from patron.stream.consumer import RecordSource
from patron.stream.producer import EventProducer, TransactionalPublisher, partition_of
from patron.stream.records import Partition, RawRecord, Record

DEADLINE_S = 20.0
# One key in each of two partitions.
KEYS = (b"a", b"d")
assert [partition_of(key, 2) for key in KEYS] == [0, 1]


@pytest.fixture
async def topic(
    kafka_connection: KafkaConnection, topic_name: Callable[[str], str]
) -> AsyncIterator[str]:
    name = topic_name("orders")
    spec = topics.input_topic(name, partitions=2, replication_factor=1)
    await topics.ensure(kafka_connection, [spec])
    yield name
    await topics.delete(kafka_connection, [name])


@pytest.fixture
async def source(kafka_connection: KafkaConnection, topic: str) -> AsyncIterator[RecordSource]:
    async with member_of(kafka_connection, topic) as member:
        await until(lambda: assigned(member, 2))
        yield member


def member_of(connection: KafkaConnection, topic: str) -> RecordSource:
    return RecordSource(connection, topics=[topic], group=f"{topic}-group", session_timeout_s=6)


async def fill(connection: KafkaConnection, topic: str, *, each: int) -> None:
    """The same number of records in both partitions."""
    async with EventProducer(connection) as producer:
        await producer.send(
            Record(topic, key, str(number).encode(), timestamp_ms=1000 + number)
            for number in range(each)
            for key in KEYS
        )


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not await holds():
        assert time.monotonic() < deadline, "The condition did not come true in time."


async def assigned(source: RecordSource, count: int) -> bool:
    await source.poll(timeout_ms=50, records_max=1)
    return len(source.assignment()) == count


async def read(source: RecordSource, *, count: int) -> dict[Partition, list[RawRecord]]:
    """Poll until so many records have come."""
    found: dict[Partition, list[RawRecord]] = {}

    async def enough() -> bool:
        for place, records in (await source.poll(timeout_ms=100, records_max=500)).items():
            found.setdefault(place, []).extend(records)
        return sum(len(records) for records in found.values()) >= count

    await until(enough)
    return found


async def test_nothing_is_handed_out_before_its_partition_was_sought(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=10)
    assert await source.poll(timeout_ms=1500, records_max=100) == {}

    source.seek(Partition(topic, 0), 4)
    found = await read(source, count=6)

    assert [each.offset for each in found[Partition(topic, 0)]] == [4, 5, 6, 7, 8, 9]
    assert list(found) == [Partition(topic, 0)]
    first = found[Partition(topic, 0)][0]
    assert first == RawRecord(topic, 0, 4, 1004, b"a", b"4", ())


async def test_the_offset_kept_by_kafka_never_decides_where_we_read(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=10)
    place = Partition(topic, 0)
    assert await source.commit_for_display({place: 7})
    await source.stop()

    async with member_of(kafka_connection, topic) as successor:
        await until(lambda: assigned(successor, 2))
        # The client has a position now, by itself; its records must not reach us.
        assert await successor.poll(timeout_ms=1500, records_max=100) == {}
        successor.seek(place, 2)
        found = await read(successor, count=8)
    assert [each.offset for each in found[place]] == list(range(2, 10))


async def test_a_partition_that_was_not_sought_cannot_be_asked_for(
    topic: str, source: RecordSource
) -> None:
    with pytest.raises(NotClaimed, match="was not sought") as caught:
        await source.poll(timeout_ms=10, records_max=1, partitions=[Partition(topic, 1)])
    assert (caught.value.topic, caught.value.partition) == (topic, 1)
    with pytest.raises(NotClaimed, match="not ours"):
        source.seek(Partition("somebody.else", 0), 0)


async def test_a_position_that_the_log_does_not_hold_is_named_and_all_must_be_sought_again(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=5)
    source.seek(Partition(topic, 0), 0)
    source.seek(Partition(topic, 1), 99)

    with pytest.raises(OffsetGone, match="offset 99") as caught:
        await until(lambda: nothing_found(source))
    assert caught.value.partition == 1
    assert source.sought() == frozenset()

    # The healthy one loses nothing, whatever the client had dropped.
    source.seek(Partition(topic, 0), 0)
    found = await read(source, count=5)
    assert [each.offset for each in found[Partition(topic, 0)]] == [0, 1, 2, 3, 4]


async def nothing_found(source: RecordSource) -> bool:
    await source.poll(timeout_ms=100, records_max=100)
    return False


async def test_a_rebalance_is_seen_and_voids_every_claim(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=5)
    for number in (0, 1):
        source.seek(Partition(topic, number), 0)
    await read(source, count=10)
    before = source.generation

    async with member_of(kafka_connection, topic) as second:
        joining = asyncio.create_task(keep_polling(second))

        async def shared() -> bool:
            # A join may take the group through more than one round: only a settled one counts.
            await source.poll(timeout_ms=50, records_max=100)
            return not source.is_rebalancing and (
                len(source.assignment()) == 1 and len(second.assignment()) == 1
            )

        await until(shared)
        held = source.assignment(), second.assignment()
        generation, sought = source.generation, source.sought()
        joining.cancel()
        with suppress(asyncio.CancelledError):
            await joining

    assert generation > before
    assert sought == frozenset()
    assert held[0] | held[1] == {Partition(topic, 0), Partition(topic, 1)}


async def keep_polling(source: RecordSource) -> None:
    while True:
        await source.poll(timeout_ms=50, records_max=1)


async def test_what_was_aborted_is_never_read_and_does_not_count_as_lag(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    dying = TransactionalPublisher(kafka_connection, transactional_id=topic)
    await dying.start()
    await dying._producer.begin_transaction()
    await (await dying._producer.send(topic, key=b"a", value=b"aborted"))
    async with TransactionalPublisher(kafka_connection, transactional_id=topic) as successor:
        await successor.publish([Record(topic, b"a", b"committed")], deadline_s=10)
    await dying.stop()

    place = Partition(topic, 0)
    source.seek(place, 0)
    found = await read(source, count=1)
    assert [each.value for each in found[place]] == [b"committed"]

    ends = await source.end_offsets([place])

    async def at_the_end() -> bool:
        await source.poll(timeout_ms=50, records_max=10)
        return await source.positions() == ends

    await until(at_the_end)
    assert await source.lag() == {place: 0}


async def test_bounds_times_and_lag_are_those_of_the_log(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=10)
    places = [Partition(topic, 0), Partition(topic, 1)]

    assert await source.begin_offsets(places) == dict.fromkeys(places, 0)
    assert await source.end_offsets(places) == dict.fromkeys(places, 10)
    assert await source.offsets_at(places[:1], timestamp_ms=1006) == {places[0]: 6}
    assert await source.offsets_at(places[:1], timestamp_ms=9999) == {places[0]: None}

    source.seek(places[0], 3)
    await until(lambda: something_found(source))
    lag = await source.lag()
    assert lag == {places[0]: 10 - (await source.positions())[places[0]]}


async def something_found(source: RecordSource) -> bool:
    return bool(await source.poll(timeout_ms=100, records_max=2))


async def test_a_paused_partition_rests_until_it_is_resumed(
    kafka_connection: KafkaConnection, topic: str, source: RecordSource
) -> None:
    await fill(kafka_connection, topic, each=5)
    zero, one = Partition(topic, 0), Partition(topic, 1)
    for place in (zero, one):
        source.seek(place, 0)
    source.pause([zero])
    found = await read(source, count=5)
    assert list(found) == [one]

    source.resume([zero])
    found = await read(source, count=5)
    assert [each.offset for each in found[zero]] == [0, 1, 2, 3, 4]


async def test_a_commit_for_display_that_fails_is_told_and_harms_nobody(
    topic: str, source: RecordSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Partition(topic, 0)
    # What is not ours is not told at all.
    assert await source.commit_for_display({Partition("somebody.else", 0): 3})

    failed_before = consumer.DISPLAY_COMMITS_FAILED._value.get()
    monkeypatch.setattr(consumer, "DISPLAY_COMMIT_WAIT_S", 0)
    assert not await source.commit_for_display({place: 3})
    assert consumer.DISPLAY_COMMITS_FAILED._value.get() == failed_before + 1

    monkeypatch.undo()
    assert await source.commit_for_display({place: 3})


async def test_a_topic_that_does_not_exist_is_named_with_what_to_do(
    kafka_connection: KafkaConnection,
) -> None:
    with pytest.raises(Misconfigured, match=r"no topic test\.nowhere.*patron topics ensure"):
        await member_of(kafka_connection, "test.nowhere").start()


def test_every_partition_fault_can_be_tried_again() -> None:
    assert issubclass(NotClaimed, Transient)
    assert issubclass(OffsetGone, Transient)
