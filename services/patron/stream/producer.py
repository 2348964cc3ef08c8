"""Sending: a transactional publisher for the relay, and a fast one for everybody else.

`TransactionalPublisher` sends a batch in one Kafka transaction: readers with
read_committed see all of it or nothing. Starting one fences whoever held its
transactional id before. After any fault it is of no more use: whether the batch arrived
is unknown until a new one has been started and has read the topic back.

`EventProducer` sends each record once to its log, in order within a partition, but
without transactions.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from patron.errors import StreamUnavailable
from patron.runtime import failpoints
from patron.stream.connection import KafkaConnection, within
from patron.stream.records import Partition, Record
from patron.stream.tail import NOTICE_ID_HEADER, ReadBack, read_back

log = logging.getLogger(__name__)

# Below the brokers' usual limit of 1,048,588 bytes, which counts the batch around it too.
RECORD_BYTES_MAX = 1_000_000
BATCH_BYTES_MAX = 256 * 1024
# What a topic must take: a record alone in its batch, with all that is around it.
MESSAGE_BYTES_NEEDED = RECORD_BYTES_MAX + 1024
DISCARD_WAIT_S = 3.0


def too_large(records: Sequence[Record], *, bytes_max: int = RECORD_BYTES_MAX) -> list[int]:
    """The places of the records that Kafka would refuse. They must not be sent.

    One refused record makes a producer lose its count, and with it every later record of
    that partition; so sizes are judged before anything leaves.
    """
    return [place for place, each in enumerate(records) if size_bytes(each) > bytes_max]


def size_bytes(record: Record) -> int:
    """The most that the record takes in the log."""
    estimate = DefaultRecordBatchBuilder.estimate_size_in_bytes
    return int(estimate(record.key, record.value, list(record.headers)))


@lru_cache(maxsize=200_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as every Kafka client computes it (murmur2)."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class TransactionalPublisher:
    """One relay's way out: start it, publish until a fault, then build another."""

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        transactional_id: str,
        transaction_timeout_s: float = 15.0,
        record_bytes_max: int = RECORD_BYTES_MAX,
    ) -> None:
        self._connection = connection
        self._transactional_id = transactional_id
        # A dead relay holds readers back for this long, so it is short.
        self._transaction_timeout_s = transaction_timeout_s
        self._record_bytes_max = record_bytes_max
        self._producer: Any = None
        self._is_broken = False

    async def start(self, *, deadline_s: float = 30.0) -> None:
        """Take the transactional id over: what its last holder had open is aborted now."""
        assert self._producer is None, "A publisher is started once."
        self._producer = AIOKafkaProducer(
            **self._connection.arguments(),
            transactional_id=self._transactional_id,
            transaction_timeout_ms=int(self._transaction_timeout_s * 1000),
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=self._record_bytes_max,
            # A transaction often waits for the markers of the one before; by the client's
            # usual 100 ms it would cost twice as much.
            retry_backoff_ms=20,
        )
        try:
            await within(deadline_s, self._producer.start(), doing="Starting the publisher")
        except BaseException:
            await self.stop()
            raise

    async def publish(
        self, records: Sequence[Record], *, deadline_s: float
    ) -> dict[Partition, int]:
        """Send all in one transaction and return when Kafka has committed it.

        Returns the offset behind the last record of each partition. Raises ProducerFenced
        or StreamUnavailable; then discard this publisher, and let a new one read back
        before it sends anything again. ValueError, with nothing sent, for an oversize
        record: ask `too_large` first.
        """
        if self._is_broken:
            raise StreamUnavailable("This publisher had a fault before; build a new one.")
        oversize = too_large(records, bytes_max=self._record_bytes_max)
        if oversize:
            raise ValueError(f"records {oversize} are over {self._record_bytes_max} bytes")
        try:
            sent = await within(deadline_s, self._transaction(records), doing="Publishing")
        except BaseException:
            # Cancelled too: an outcome that nobody has seen is unknown.
            self._is_broken = True
            raise
        positions: dict[Partition, int] = {}
        for each in sent:
            place = Partition(each.topic, each.partition)
            positions[place] = max(positions.get(place, 0), each.offset + 1)
        return positions

    async def read_back(
        self,
        topic: str,
        positions: Mapping[int, int],
        *,
        named_by: str = NOTICE_ID_HEADER,
        deadline_s: float = 30.0,
    ) -> ReadBack:
        """The ids of the notices that are committed behind `positions` (by partition).

        A partition that is not named is read from its beginning. Call it between `start`
        and the first `publish`: starting has settled whatever a predecessor left, while a
        commit of our own is acknowledged a moment before readers can see it. Raises
        OffsetGone when a position lies behind the end: the topic was made anew.
        """
        return await read_back(
            self._connection, topic, positions, named_by=named_by, deadline_s=deadline_s
        )

    async def stop(self) -> None:
        """Let go of everything, within seconds even where the brokers do not answer."""
        producer, self._producer, self._is_broken = self._producer, None, True
        if producer is not None:
            await _discard(producer)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _transaction(self, records: Sequence[Record]) -> list[Any]:
        assert self._producer is not None, "start() comes first."
        await self._producer.begin_transaction()
        try:
            futures = [
                await self._producer.send(
                    each.topic,
                    value=each.value,
                    key=each.key,
                    headers=list(each.headers),
                    timestamp_ms=each.timestamp_ms,
                )
                for each in records
            ]
        finally:
            _hear_out(self._producer)
        # Every record must be in its log before we ask for the commit: a fault that comes
        # to light here leaves the transaction open, and its successor aborts it.
        sent = await asyncio.gather(*futures)
        failpoints.passed("relay.sent")
        await self._producer.commit_transaction()
        return sent


class EventProducer:
    """Sends many records fast: batches by partition, idempotent, keys by murmur2."""

    def __init__(
        self, connection: KafkaConnection, *, linger_ms: int = 5, compression: str | None = None
    ) -> None:
        self._connection = connection
        self._linger_ms = linger_ms
        self._compression = compression
        self._producer: Any = None

    async def start(self, *, deadline_s: float = 30.0) -> None:
        assert self._producer is None, "A producer is started once."
        self._producer = AIOKafkaProducer(
            **self._connection.arguments(),
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            compression_type=self._compression,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=RECORD_BYTES_MAX,
        )
        try:
            await within(deadline_s, self._producer.start(), doing="Starting the producer")
        except BaseException:
            await self.stop()
            raise

    async def send(self, records: Iterable[Record], *, deadline_s: float = 60.0) -> int:
        """Send all; return their number once Kafka has acknowledged every one.

        Records of one key keep their order. Raises StreamUnavailable; what had arrived by
        then stays. ValueError, with nothing sent, for an oversize record.
        """
        wanted = list(records)
        oversize = too_large(wanted)
        if oversize:
            raise ValueError(f"records {oversize} are over {RECORD_BYTES_MAX} bytes")
        await within(deadline_s, self._send(wanted), doing="Sending events")
        return len(wanted)

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _discard(producer)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _send(self, records: Sequence[Record]) -> None:
        assert self._producer is not None, "start() comes first."
        counts: dict[str, int] = {}
        open_batches: dict[Partition, Any] = {}
        acknowledged = []
        for each in records:
            if each.topic not in counts:
                counts[each.topic] = len(await self._producer.partitions_for(each.topic))
            # What has no key lies together: it has no order that partitions could break.
            place = Partition(each.topic, partition_of(each.key or b"", counts[each.topic]))
            batch = open_batches.get(place)
            if batch is None or not _append(batch, each):
                if batch is not None:
                    acknowledged.append(await self._submit(place, batch))
                batch = open_batches[place] = self._producer.create_batch()
                fits = _append(batch, each)
                assert fits, "A batch takes its first record whatever its size."
        for place, batch in open_batches.items():
            acknowledged.append(await self._submit(place, batch))
        _hear_out(self._producer)
        await asyncio.gather(*acknowledged)

    async def _submit(self, place: Partition, batch: Any) -> Any:
        batch.close()
        return await self._producer.send_batch(batch, place.topic, partition=place.partition)


def _append(batch: Any, record: Record) -> bool:
    return (
        batch.append(
            key=record.key,
            value=record.value,
            timestamp=record.timestamp_ms,
            headers=list(record.headers),
        )
        is not None
    )


def _hear_out(producer: Any, *, records_too: bool = False) -> None:
    """Take note of the errors that the client sets and never reads itself.

    We learn of each fault by another way; these would only be complained about, late and
    without a place, when the producer is collected.
    """
    accumulator, transaction = producer._message_accumulator, producer._txn_manager
    batches = [*chain.from_iterable(accumulator._batches.values()), *accumulator._pending_batches]
    futures = [waiter for each in batches for waiter in (each.future, each._drain_waiter)]
    if records_too:
        futures += [future for each in batches for future, _ in each._msg_futures]
    if transaction is not None and transaction._transaction_waiter is not None:
        futures.append(transaction._transaction_waiter)
    for future in futures:
        future.add_done_callback(_hear)


def _hear(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


async def _discard(producer: Any) -> None:
    """End a producer whatever state it is in; its own way out may wait without end."""
    _hear_out(producer, records_too=True)
    try:
        await asyncio.wait_for(producer.stop(), DISCARD_WAIT_S)
    except Exception as fault:  # Nothing that it says now can be acted on: it is being dropped.
        log.warning("A producer was dropped without a clean end: %r", fault)
        sender = producer._sender.sender_task
        if sender is not None:
            sender.cancel()
        try:
            await asyncio.wait_for(producer.client.close(), DISCARD_WAIT_S)
        except Exception as again:
            log.warning("Nor did its connections close in time: %r", again)
    _hear_out(producer, records_too=True)
