"""Publishing on a real Kafka: what a read_committed reader sees, and what it never sees."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from patron.errors import Misconfigured, OffsetGone, PatronError, ProducerFenced, StreamUnavailable
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import (
    EventProducer,
    TransactionalPublisher,
    partition_of,
    too_large,
)
from patron.stream.records import Partition, Record
from patron.stream.tail import end_offsets

PARTITIONS = 3


@pytest.fixture
async def topic(
    kafka_connection: KafkaConnection, topic_name: Callable[[str], str]
) -> AsyncIterator[str]:
    name = topic_name("notices")
    spec = topics.input_topic(name, partitions=PARTITIONS, replication_factor=1)
    await topics.ensure(kafka_connection, [spec])
    yield name
    await topics.delete(kafka_connection, [name])


def notice(topic: str, notice_id: str, *, key: str = "ann", value: bytes = b"{}") -> Record:
    return Record(topic, key.encode(), value, headers=(("ce_id", notice_id.encode()),))


def publisher(connection: KafkaConnection, name: str) -> TransactionalPublisher:
    return TransactionalPublisher(connection, transactional_id=name)


async def ids_in(connection: KafkaConnection, topic: str) -> set[str]:
    """What a successor finds. It ends the publisher that had the topic's name."""
    async with publisher(connection, topic) as reader:
        return set((await reader.read_back(topic, {})).notice_ids)


async def test_a_transaction_is_seen_whole_and_where_it_was_said_to_be(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    wanted = {f"n-{number}" for number in range(2000)}
    async with publisher(kafka_connection, topic) as relay:
        positions = await relay.publish(
            [notice(topic, each, key=each) for each in sorted(wanted)], deadline_s=10
        )
    async with publisher(kafka_connection, topic) as successor:
        behind = await successor.read_back(topic, {})

    assert behind.notice_ids == wanted
    assert len(positions) == PARTITIONS
    # One marker stands behind the records of each partition.
    assert behind.positions == {place: at + 1 for place, at in positions.items()}
    assert await end_offsets(kafka_connection, topic) == behind.positions


async def test_reading_back_from_a_position_finds_only_what_came_after_it(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    async with publisher(kafka_connection, topic) as relay:
        stored = await relay.publish([notice(topic, "before")], deadline_s=10)
        await relay.publish([notice(topic, "after")], deadline_s=10)

    async with publisher(kafka_connection, topic) as successor:
        behind = await successor.read_back(
            topic, {each.partition: at for each, at in stored.items()}
        )

    assert behind.notice_ids == {"after"}


async def test_reading_back_from_behind_the_end_says_that_the_topic_was_made_anew(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    async with publisher(kafka_connection, topic) as relay:
        with pytest.raises(OffsetGone, match=r"up to 7, but the log ends at 0"):
            await relay.read_back(topic, {0: 7})


async def test_a_zombie_with_the_same_transactional_id_is_fenced(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    zombie = publisher(kafka_connection, topic)
    await zombie.start()
    await zombie.publish([notice(topic, "first")], deadline_s=10)
    async with publisher(kafka_connection, topic) as successor:
        await successor.publish([notice(topic, "second")], deadline_s=10)

        with pytest.raises(ProducerFenced):
            await zombie.publish([notice(topic, "second")], deadline_s=10)
        with pytest.raises(StreamUnavailable, match="build a new one"):
            await zombie.publish([notice(topic, "second")], deadline_s=10)
        await zombie.stop()

        # The successor is not disturbed by what the zombie tried.
        await successor.publish([notice(topic, "third")], deadline_s=10)
    assert await ids_in(kafka_connection, topic) == {"first", "second", "third"}


async def test_a_successor_aborts_what_its_predecessor_had_open(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    dying = publisher(kafka_connection, topic)
    await dying.start()
    producer = dying._producer
    await producer.begin_transaction()
    await (await producer.send(topic, key=b"ann", value=b"{}", headers=[("ce_id", b"lost")]))
    # It goes no further: to a reader it has died between its send and its commit.

    async with publisher(kafka_connection, topic) as successor:
        assert (await successor.read_back(topic, {})).notice_ids == frozenset()
        await successor.publish([notice(topic, "kept")], deadline_s=10)
    await dying.stop()
    assert await ids_in(kafka_connection, topic) == {"kept"}


async def test_an_oversize_record_is_refused_before_anything_is_sent(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    batch = [
        notice(topic, "small-1"),
        notice(topic, "huge", value=b"x" * 1_100_000),
        notice(topic, "small-2"),
    ]
    async with publisher(kafka_connection, topic) as relay:
        with pytest.raises(ValueError, match=r"records \[1\] are over"):
            await relay.publish(batch, deadline_s=10)
        assert set((await end_offsets(kafka_connection, topic)).values()) == {0}

        # Its neighbours go through the very same publisher.
        assert too_large(batch) == [1]
        await relay.publish([batch[0], batch[2]], deadline_s=10)
    assert await ids_in(kafka_connection, topic) == {"small-1", "small-2"}


async def test_the_largest_allowed_record_is_taken_by_the_broker(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    largest = notice(topic, "largest", value=b"x" * 999_800)
    assert too_large([largest]) == []
    async with publisher(kafka_connection, topic) as relay:
        await relay.publish([largest], deadline_s=10)
    assert await ids_in(kafka_connection, topic) == {"largest"}


async def test_an_outcome_that_nobody_saw_breaks_the_publisher(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    async with publisher(kafka_connection, topic) as relay:
        with pytest.raises(StreamUnavailable, match="no answer within"):
            await relay.publish([notice(topic, "late")], deadline_s=0.0001)
        with pytest.raises(StreamUnavailable, match="build a new one"):
            await relay.publish([notice(topic, "late")], deadline_s=10)


async def test_events_arrive_once_in_the_order_of_their_key_and_with_their_own_time(
    kafka_connection: KafkaConnection, topic: str
) -> None:
    before = time.monotonic()
    events = [
        notice(topic, f"e-{number}", key=f"member-{number % 97}")._replace(timestamp_ms=number)
        for number in range(20_000)
    ]
    async with EventProducer(kafka_connection) as producer:
        assert await producer.send(events) == len(events)
    took_s = time.monotonic() - before

    found = await end_offsets(kafka_connection, topic)
    assert sum(found.values()) == len(events)
    assert len(await ids_in(kafka_connection, topic)) == len(events)
    expected = dict.fromkeys(found, 0)
    for each in events:
        expected[Partition(topic, partition_of(each.key, PARTITIONS))] += 1
    assert found == expected
    assert took_s < 10


def test_a_key_has_the_partition_that_the_java_client_gives_it() -> None:
    # From the tests of Kafka's own Utils.murmur2: the hash of "21" is -973932308.
    assert partition_of(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000


async def test_a_kafka_that_is_not_there_is_a_passing_fault_and_leaves_nothing_open() -> None:
    nobody = KafkaConnection(bootstrap_servers="127.0.0.1:1", request_timeout_s=1)
    for start in (publisher(nobody, "x").start, EventProducer(nobody).start):
        with pytest.raises(StreamUnavailable):
            await start()
    assert not [task for task in asyncio.all_tasks() if "aiokafka" in repr(task)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"bootstrap_servers": " "}, "No Kafka server", id="no server"),
        pytest.param(
            {"bootstrap_servers": "k:9092", "security_protocol": "SASL_SSL"},
            "user name and password",
            id="no password",
        ),
    ],
)
def test_a_connection_that_can_never_work_is_refused_with_its_reason(
    arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        KafkaConnection(**arguments)  # type: ignore[arg-type]


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    connection = KafkaConnection(
        bootstrap_servers="k:9093", security_protocol="SSL", ssl_cafile="/nowhere/ca.pem"
    )
    with pytest.raises(Misconfigured, match="certificate files"):
        connection.arguments()


def test_a_password_is_never_shown() -> None:
    connection = KafkaConnection(
        bootstrap_servers="k:9093",
        security_protocol="SASL_SSL",
        sasl_username="patron",
        sasl_password="hunter2",
    )
    assert "hunter2" not in repr(connection)
    assert connection.arguments()["sasl_plain_password"] == "hunter2"


def test_every_fault_of_this_room_belongs_to_a_family() -> None:
    assert issubclass(ProducerFenced, PatronError)
