"""From an event's sending to its notices, as a read_committed reader sees them."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import orjson

from patron.stream.connection import KafkaConnection
from patron.stream.consumer import RecordSource
from patron.stream.producer import EventProducer
from patron.stream.records import Record

CAUSE_HEADER = "ce_causationid"


class TimedProducer:
    """A producer that remembers when each event was handed to it."""

    def __init__(self, producer: EventProducer) -> None:
        self._producer = producer
        self.sent_at: dict[str, float] = {}

    async def send(self, records: Sequence[Record]) -> None:
        """As the producer does it."""
        now = time.perf_counter()
        for record in records:
            with suppress(orjson.JSONDecodeError, KeyError):  # Some are bad on purpose.
                self.sent_at.setdefault(orjson.loads(record.value)["id"], now)
        await self._producer.send(records)


class NoticeWatch:
    """Reads the notices topic from its end on, and remembers when each notice was there."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self._source = RecordSource(connection, topics=[topic], group=f"watch-{time.time_ns()}")
        self._reading: asyncio.Task[None] | None = None
        self._began = asyncio.Event()
        self._stopping = False
        self.seen_at: list[tuple[str, float]] = []  # By the event that caused it.

    async def __aenter__(self) -> Self:
        await self._source.start()
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait_for(self._began.wait(), 30)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._reading is not None
        self._stopping = True
        await self._reading
        await self._source.stop()

    async def _read(self) -> None:
        while not self._stopping:
            missing = self._source.assignment() - self._source.sought()
            if missing:
                for partition, offset in (await self._source.end_offsets(missing)).items():
                    self._source.seek(partition, offset)
                self._began.set()
            found = await self._source.poll(timeout_ms=20, records_max=5000)
            now = time.perf_counter()
            for records in found.values():
                for record in records:
                    cause = dict(record.headers).get(CAUSE_HEADER, b"").decode()
                    self.seen_at.append((cause, now))

    def latencies_ms(self, sent_at: dict[str, float]) -> list[float]:
        """Of the notices that an event caused; what time alone caused has no beginning."""
        return [(at - sent_at[cause]) * 1000 for cause, at in self.seen_at if cause in sent_at]
