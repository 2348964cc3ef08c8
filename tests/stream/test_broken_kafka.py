"""A broker of our own that is frozen, killed and damaged: what is said, and what is lost."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patron.errors import CorruptRecord, StreamUnavailable
from patron.local import stack
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.consumer import RecordSource
from patron.stream.producer import EventProducer, TransactionalPublisher, partition_of
from patron.stream.records import Partition, Record

DEADLINE_S = 20.0


def silent(_: str) -> None:
    """Nobody to tell."""


@pytest.fixture(scope="module")
def broker() -> Iterator[stack.Stack]:
    home = Path(tempfile.mkdtemp(prefix="patron-test-broken-"))
    options = stack.StackOptions(servers=("kafka",))
    try:
        with stack.running(home, say=silent, options=options) as running:
            yield running
    finally:
        shutil.rmtree(home)


@pytest.fixture
def connection(broker: stack.Stack) -> KafkaConnection:
    return KafkaConnection(bootstrap_servers=broker.bootstrap, request_timeout_s=3)


async def create(connection: KafkaConnection, name: str, *, partitions: int) -> None:
    spec = topics.input_topic(name, partitions=partitions, replication_factor=1)
    await topics.ensure(connection, [spec])


def key_of(partition: int) -> bytes:
    """Some key that goes to this one of two partitions."""
    return next(key for key in map(str.encode, "abcdefgh") if partition_of(key, 2) == partition)


def flip_a_bit(home: Path, place: Partition) -> None:
    """Damage the last record as a failing disk does: Kafka hands it out as it is."""
    segment = home / "kafka" / "data" / f"{place.topic}-{place.partition}" / f"{0:020}.log"
    with segment.open("r+b") as file:
        file.seek(-5, os.SEEK_END)
        [byte] = file.read(1)
        file.seek(-5, os.SEEK_END)
        file.write(bytes([byte ^ 1]))


async def test_a_flipped_bit_is_named_and_its_neighbour_loses_nothing(
    broker: stack.Stack, connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    topic = topic_name("damaged")
    await create(connection, topic, partitions=2)
    async with EventProducer(connection) as producer:
        await producer.send(
            Record(topic, key_of(partition), str(number).encode())
            for number in range(1000)
            for partition in (0, 1)
        )
    healthy, damaged = Partition(topic, 0), Partition(topic, 1)
    flip_a_bit(broker.home, damaged)

    async with RecordSource(connection, topics=[topic], group=topic) as source:
        found: list[int] = []
        held: set[Partition] = set()
        faults: list[CorruptRecord] = []
        deadline = time.monotonic() + DEADLINE_S
        while len(found) < 1000:
            assert time.monotonic() < deadline
            # As the intake does: seek whatever is not sought, at what was done so far.
            for place in source.assignment() - source.sought():
                source.seek(place, len(found) if place == healthy else 0)
            try:
                records = await source.poll(
                    timeout_ms=100, records_max=300, partitions=source.sought() - held
                )
            except CorruptRecord as fault:
                faults.append(fault)
                held.add(Partition(fault.topic, fault.partition))
                continue
            found += [each.offset for each in records.get(healthy, [])]

    assert found == list(range(1000))
    assert held == {damaged}
    assert len(faults) == 1


async def test_a_frozen_broker_costs_a_deadline_and_nothing_is_sent_twice(
    broker: stack.Stack, connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    topic = topic_name("frozen")
    await create(connection, topic, partitions=1)
    batch = [Record(topic, b"ann", b"{}", headers=(("ce_id", b"owed"),))]
    relay = TransactionalPublisher(connection, transactional_id=topic)
    await relay.start()
    assert broker.kafka is not None
    os.kill(broker.kafka.pid, signal.SIGSTOP)
    try:
        started_at = time.monotonic()
        with pytest.raises(StreamUnavailable, match="no answer within 1 s"):
            await relay.publish(batch, deadline_s=1)
        await relay.stop()
        assert time.monotonic() - started_at < 10
    finally:
        os.kill(broker.kafka.pid, signal.SIGCONT)

    # Whatever became of it, the successor knows, and what is owed is sent exactly once.
    async with TransactionalPublisher(connection, transactional_id=topic) as successor:
        if "owed" not in (await successor.read_back(topic, {})).notice_ids:
            await successor.publish(batch, deadline_s=10)
    async with RecordSource(connection, topics=[topic], group=topic) as source:
        ids = []
        deadline = time.monotonic() + DEADLINE_S
        place = Partition(topic, 0)
        while not ids or (await source.positions()) != await source.end_offsets([place]):
            assert time.monotonic() < deadline
            for each in source.assignment() - source.sought():
                source.seek(each, 0)
            for records in (await source.poll(timeout_ms=100, records_max=10)).values():
                ids += [dict(record.headers)["ce_id"] for record in records]
    assert ids == [b"owed"]


async def test_a_killed_broker_is_a_passing_fault_for_reader_and_writer(
    broker: stack.Stack, connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    topic = topic_name("killed")
    await create(connection, topic, partitions=1)
    place = Partition(topic, 0)
    relay = TransactionalPublisher(connection, transactional_id=topic)
    await relay.start()
    source = RecordSource(connection, topics=[topic], group=topic, call_deadline_s=2)
    await source.start()
    assert broker.kafka is not None
    os.kill(broker.kafka.pid, signal.SIGKILL)

    with pytest.raises(StreamUnavailable):
        await relay.publish([Record(topic, b"ann", b"{}")], deadline_s=1)
    with pytest.raises(StreamUnavailable):
        await source.end_offsets([place])
    with pytest.raises(StreamUnavailable):
        await topics.partition_counts(connection, [topic])
    await relay.stop()
    started_at = time.monotonic()
    await source.stop(deadline_s=2)
    assert time.monotonic() - started_at < 5
