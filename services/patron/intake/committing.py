"""A parcel becomes one transaction of the engine; what breaks it is found and set aside.

The claim rows move in the same commit. A record that the database, or a bug, refuses is
looked for by halves and becomes a dead letter, so that it holds nobody up.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from patron.engine.apply import Applied, Batch, Engine
from patron.engine.received import Received
from patron.errors import PatronError
from patron.intake.claiming import Claims, record_hash
from patron.intake.reading import Parcel, letter, partition_of
from patron.runtime import failpoints, metrics
from patron.runtime.process import in_hand
from patron.store.claims import Advance
from patron.store.dead_letters import DeadLetter
from patron.stream.records import Partition, RawRecord
from patron.wire.reasons import Reason

log = structlog.get_logger()

# A record has to be refused so often, alone, before it is set aside: a session that broke
# in an odd way must cost nobody an event.
TRIES = 3
# So many refused with none applied in between are no poison: something here is broken.
REFUSED_MAX = 100


class Committer:
    """Applies parcels, one at a time and in order."""

    def __init__(
        self, engine: Engine, claims: Claims, *, group: str, stopping: asyncio.Event
    ) -> None:
        self._engine = engine
        self._claims = claims
        self._group = group
        self._stopping = stopping
        self._tries = 0  # Of the record that is tried alone now.
        self._refused = 0

    async def commit(self, parcel: Parcel) -> None:
        """Apply a parcel whole. Raises the engine's errors of passing faults."""
        began = time.perf_counter()
        steps = self._steps(parcel)
        received = [each for each in parcel.meant if isinstance(each, Received)]
        unreadable = [each for each in parcel.meant if isinstance(each, DeadLetter)]
        batch = Batch(self._group, steps, received, unreadable)
        try:
            applied = await in_hand(self._engine.apply(batch), self._stopping)
        except PatronError:
            raise
        except Exception as error:
            await self._set_apart(parcel, error)
            return
        failpoints.passed("intake.committed")
        self._claims.advanced(steps)
        self._tries = self._refused = 0
        _count(applied, parcel.records, took_s=time.perf_counter() - began)

    async def _set_apart(self, parcel: Parcel, error: Exception) -> None:
        """One half at a time, down to the record that led to the error."""
        # The error's own text may hold what the event says.
        name, first = type(error).__name__, parcel.records[0]
        if len(parcel.records) > 1:
            log.warning("batch.halved", error=name, records=len(parcel.records))
            for half in parcel.halves():
                await self.commit(half)
            return
        self._tries += 1
        if self._tries < TRIES:
            await self.commit(parcel)
            return
        self._tries = 0
        self._refused += 1
        place = {"topic": first.topic, "partition": first.partition, "offset": first.offset}
        if isinstance(parcel.meant[0], DeadLetter) or self._refused > REFUSED_MAX:
            log.error("record.stuck", error=name, **place)
            raise error
        log.error("record.refused", error=name, error_code=Reason.TRANSACTION_FAILED, **place)
        refused = letter(first, Reason.TRANSACTION_FAILED)
        steps = self._steps(parcel)
        applied = await self._engine.apply(Batch(self._group, steps, (), (refused,)))
        self._claims.advanced(steps)
        _count(applied, parcel.records, took_s=0.0)

    def _steps(self, parcel: Parcel) -> list[Advance]:
        last: dict[Partition, RawRecord] = {}
        reached_ms: dict[Partition, int] = {}
        for record in parcel.records:
            partition = partition_of(record)
            last[partition] = record
            reached_ms[partition] = max(reached_ms.get(partition, 0), record.timestamp_ms)
        return [
            Advance(
                topic=partition.topic,
                partition=partition.partition,
                epoch=self._claims.held[partition].epoch,
                expected_offset=self._claims.next_offset(partition),
                next_offset=record.offset + 1,
                last_hash=record_hash(record),
                reached_at=datetime.fromtimestamp(reached_ms[partition] / 1000, UTC),
                lagging=partition in parcel.more,
            )
            for partition, record in sorted(last.items())
        ]


def _count(applied: Applied, records: Sequence[RawRecord], *, took_s: float) -> None:
    for outcome, count in applied.outcomes.items():
        metrics.child(metrics.EVENTS_PROCESSED, outcome).inc(count)
    for code, count in applied.dead_letters.items():
        metrics.child(metrics.DEAD_LETTERS, code).inc(count)
    metrics.count_business(applied.business)
    metrics.BATCH_SECONDS.observe(took_s)
    metrics.BATCH_EVENTS.observe(len(records))
    oldest_ms = min(record.timestamp_ms for record in records)
    metrics.END_TO_END_SECONDS.observe(max(0.0, time.time() - oldest_ms / 1000))
    metrics.LAST_PROCESSED.set_to_current_time()
