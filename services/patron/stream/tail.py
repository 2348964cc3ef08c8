"""The end of a topic, as a read_committed reader sees it: what a relay asks after a fault.

What a crashed relay had committed to Kafka, but not yet deleted from the outbox, stands
here; who reads it first sends nothing twice. It belongs to no consumer group.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from patron.errors import OffsetGone, StreamUnavailable
from patron.stream.connection import KafkaConnection, ended, within
from patron.stream.records import Partition, RawRecord, raw_record

log = logging.getLogger(__name__)

NOTICE_ID_HEADER = "ce_id"
CLOSE_WAIT_S = 3.0


class ReadBack(NamedTuple):
    """What stands in a topic behind the positions that were asked about."""

    keys: Mapping[str, bytes]  # Of each notice's record, by its id.
    # Where to read on next time: the end of what is settled, by partition.
    positions: dict[Partition, int]

    @property
    def notice_ids(self) -> frozenset[str]:
        """The notices that the topic has."""
        return frozenset(self.keys)


async def end_offsets(
    connection: KafkaConnection, topic: str, *, deadline_s: float = 30.0
) -> dict[Partition, int]:
    """Where each partition of the topic ends for a read_committed reader."""
    found = await read_back(connection, topic, None, deadline_s=deadline_s)
    return found.positions


async def bounds(
    connection: KafkaConnection, topic: str, *, deadline_s: float = 30.0
) -> dict[Partition, tuple[int, int]]:
    """The oldest offset that each partition still holds, and the one behind its last record.

    Empty where there is no such topic.
    """
    consumer = AIOKafkaConsumer(**connection.arguments(), enable_auto_commit=False)
    try:
        found: dict[Partition, tuple[int, int]] = await within(
            deadline_s, _bounds(consumer, topic), doing=f"Looking at {topic}"
        )
        return found
    finally:
        await _close(consumer)


async def _bounds(consumer: Any, topic: str) -> dict[Partition, tuple[int, int]]:
    await consumer.start()
    if topic not in await consumer.topics():
        return {}
    await consumer._client._wait_on_metadata(topic)
    places = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic)]
    begins = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    return {Partition(*place): (int(begins[place]), int(ends[place])) for place in places}


async def read_back(
    connection: KafkaConnection,
    topic: str,
    positions: Mapping[int, int] | None,
    *,
    named_by: str = NOTICE_ID_HEADER,
    deadline_s: float,
) -> ReadBack:
    """See `TransactionalPublisher.read_back`. With None only the ends are looked up."""
    keys: dict[str, bytes] = {}

    def hear(record: Any) -> None:
        # What came round by a topic of ours before has an older id too; the last is its own.
        names = [value for name, value in record.headers if name == named_by and value]
        if names:
            keys[names[-1].decode("utf-8", "replace")] = record.key or b""

    ends = await _tail(connection, topic, positions, hear, deadline_s=deadline_s)
    return ReadBack(keys, ends)


async def read_all(
    connection: KafkaConnection, topic: str, *, deadline_s: float = 60.0
) -> list[RawRecord]:
    """Everything that a topic holds for a read_committed reader now, by partition."""
    found: list[RawRecord] = []
    await _tail(
        connection, topic, {}, lambda each: found.append(raw_record(each)), deadline_s=deadline_s
    )
    return found


async def notice_ids(
    connection: KafkaConnection, topic: str, *, deadline_s: float = 3600.0
) -> Counter[str]:
    """How often each notice stands in a topic, for a read_committed reader, by its id."""
    found: Counter[str] = Counter()

    def hear(record: Any) -> None:
        found.update(value.decode() for name, value in record.headers if name == NOTICE_ID_HEADER)

    await _tail(connection, topic, {}, hear, deadline_s=deadline_s)
    return found


async def _tail(
    connection: KafkaConnection,
    topic: str,
    positions: Mapping[int, int] | None,
    hear: Callable[[Any], None],
    *,
    deadline_s: float,
) -> dict[Partition, int]:
    """Let `hear` have every record behind `positions`; return the ends that were read to."""
    consumer = AIOKafkaConsumer(
        **connection.arguments(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
    )
    try:
        work = _read(consumer, topic, positions, hear)
        ends: dict[Partition, int] = await within(deadline_s, work, doing=f"Reading {topic} back")
        return ends
    finally:
        await _close(consumer)


async def _read(
    consumer: Any, topic: str, positions: Mapping[int, int] | None, hear: Callable[[Any], None]
) -> dict[Partition, int]:
    await consumer.start()
    await consumer._client._wait_on_metadata(topic)
    places = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    settled = {Partition(*place): int(end) for place, end in ends.items()}
    if positions is None:
        return settled

    begins = await consumer.beginning_offsets(places)
    unread = set()
    for place in places:
        start = max(positions.get(place.partition, 0), begins[place])
        if start > ends[place]:
            raise OffsetGone(
                topic=topic,
                partition=place.partition,
                reason=f"we have read up to {start}, but the log ends at {ends[place]}",
            )
        consumer.seek(place, start)
        if start < ends[place]:
            unread.add(place)
    consumer.pause(*(place for place in places if place not in unread))
    while unread:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                hear(record)
        for place in list(unread):
            # The position passes aborted records and markers too, which are never returned.
            if await consumer.position(place) >= ends[place]:
                unread.discard(place)
                consumer.pause(place)
    return settled


async def _close(consumer: Any) -> None:
    try:
        await ended(consumer.stop(), deadline_s=CLOSE_WAIT_S, doing="Closing a reader")
    except StreamUnavailable as fault:
        log.warning("A reader did not close in time and was dropped: %s", fault)
