"""The intake: records become batches, and each batch one transaction of the engine.

Nothing is lost: a partition goes on where its claim row stands, which moves in the very
commit that applied its records; after any error every partition is put back there. A
record that can never succeed is set aside in the same commit and holds nobody up.
"""

import asyncio
import gc
import os
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from patron.engine.apply import Batch, Engine, Received
from patron.errors import Fenced, OutcomeUnknown, PartitionFault, StoreUnavailable, Transient
from patron.intake.claiming import Claims, record_hash
from patron.intake.merging import take
from patron.runtime import metrics
from patron.runtime.health import Health
from patron.runtime.settings import Settings
from patron.store import claims as claim_rows
from patron.store.claims import Advance
from patron.store.dead_letters import DeadLetter, Original
from patron.store.pool import Pool, transaction
from patron.stream.consumer import RecordSource
from patron.stream.records import Partition, RawRecord
from patron.wire.incoming import Binding, read
from patron.wire.reasons import MEANING, Reason, Unreadable

log = structlog.get_logger()

BACKOFF_S, BACKOFF_S_MAX = 0.2, 5.0
DISPLAY_COMMIT_S = 2.0
BUFFERED_BATCHES = 2  # So many batches may lie read and not applied: memory stays bounded.


@dataclass(slots=True)
class Intake:
    """One worker: a member of the consumer group."""

    settings: Settings
    source: RecordSource
    engine: Engine
    claims: Claims
    bindings: Mapping[str, Binding]
    _buffered: dict[Partition, list[RawRecord]]
    _generation: int = -1
    _progress_at: float = 0.0
    _told_at: float = 0.0
    _fault: str | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Take batches until told to stop; the one in hand is always finished."""
        backoff_s = BACKOFF_S
        self._progress_at = time.monotonic()
        while not stopping.is_set():
            try:
                await self._turn()
                backoff_s, self._fault = BACKOFF_S, None
            except Fenced as fenced:
                log.warning("batch.fenced", error=str(fenced))
                self.claims.drop(fenced.partitions)
                self._rewind()
            except Transient as fault:
                self._fault = str(fault)
                log.warning("batch.put_off", error=str(fault), again_in_s=round(backoff_s, 1))
                await self._recover(fault)
                await self._wait(stopping, backoff_s * random.uniform(0.5, 1.0))
                backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)

    async def _wait(self, stopping: asyncio.Event, wait_s: float) -> None:
        """Wait, and go on polling nothing, so that the group keeps us."""
        until = time.monotonic() + wait_s
        while not stopping.is_set() and (left_s := until - time.monotonic()) > 0:
            await self.source.poll(
                timeout_ms=int(min(left_s, 1.0) * 1000) + 1, records_max=1, partitions=[]
            )

    async def _recover(self, fault: Transient) -> None:
        """Put every partition back to where its claim row stands."""
        try:
            if isinstance(fault, OutcomeUnknown):
                await self.claims.read_back()
            if isinstance(fault, PartitionFault):
                self._generation = -1  # Claim anew: bounds and identity are looked at again.
            self._rewind()
        except Transient as again:
            log.warning("recovery.put_off", error=str(again))
            self._generation = -1

    def _rewind(self) -> None:
        self._buffered.clear()
        self.claims.seek_all()

    async def _turn(self) -> None:
        """Read what came, apply one batch of it."""
        if self.source.generation != self._generation:
            self._buffered.clear()
            generation = self.source.generation
            await self.claims.take_over()
            self._generation = generation
        await self._fill()
        lags = await self.source.lag()
        self._show_lag(lags)
        settings = self.settings.intake
        taken = take(
            self._buffered,
            lagging=[partition for partition, lag in lags.items() if lag],
            records_max=settings.batch_records_max,
            bytes_max=settings.batch_bytes_max,
        )
        if taken.now:
            await self._apply(taken.now, lags)
            self._buffered = taken.later
            gc.collect(0)
        elif not any(lags.values()):
            self._progress_at = time.monotonic()
            await self._tell_caught_up()
        await self._tell_kafka()

    async def _fill(self) -> None:
        """Poll; without waiting where there is work to do already."""
        settings = self.settings.intake
        have = sum(len(records) for records in self._buffered.values())
        room = BUFFERED_BATCHES * settings.batch_records_max - have
        wanted = [p for p in self.source.sought() if p not in self._buffered or room > 0]
        found = await self.source.poll(
            timeout_ms=0 if have else int(settings.poll_wait_s * 1000),
            records_max=max(room, 1),
            partitions=wanted,
        )
        for partition, records in found.items():
            metrics.child(metrics.EVENTS_RECEIVED, partition.topic).inc(len(records))
            self._buffered.setdefault(partition, []).extend(records)

    async def _apply(self, records: list[RawRecord], lags: Mapping[Partition, int]) -> None:
        began = time.perf_counter()
        steps = self._steps(records, lags)
        received, unreadable = self._read(records)
        batch = Batch(self.settings.kafka.group_id, steps, received, unreadable)
        try:
            applied = await self.engine.apply(batch)
        except Transient:
            raise
        except Exception as error:
            # The database refused something that some record led to. Find it.
            if len(records) == 1:
                log.error("record.refused", error=type(error).__name__, offset=records[0].offset)
                letter = _letter(records[0], Reason.TRANSACTION_FAILED)
                await self.engine.apply(Batch(batch.group, steps, (), (letter,)))
                self.claims.advanced(steps)
                return
            log.warning("batch.bisected", error=type(error).__name__, records=len(records))
            half = len(records) // 2
            await self._apply(records[:half], lags)
            await self._apply(records[half:], lags)
            return
        self.claims.advanced(steps)
        self._progress_at = time.monotonic()
        for outcome, count in applied.outcomes.items():
            metrics.child(metrics.EVENTS_PROCESSED, outcome).inc(count)
        for code, count in applied.dead_letters.items():
            metrics.child(metrics.DEAD_LETTERS, code).inc(count)
        for name, amount in applied.business.items():
            metrics.count_business(name, amount)
        metrics.BATCH_SECONDS.observe(time.perf_counter() - began)
        metrics.BATCH_EVENTS.observe(len(records))
        oldest_ms = min(record.timestamp_ms for record in records)
        metrics.END_TO_END_SECONDS.observe(max(0.0, time.time() - oldest_ms / 1000))
        metrics.LAST_PROCESSED.set_to_current_time()

    def _read(self, records: list[RawRecord]) -> tuple[list[Received], list[DeadLetter]]:
        received, unreadable = [], []
        senders = self.engine.catalogue.senders
        for record in records:
            original = _original(record)
            try:
                arrived = read(record, self.bindings[record.topic], senders)
                received.append(Received(arrived, original))
            except Unreadable as why:
                unreadable.append(DeadLetter(original, why.reason, why.detail))
        return received, unreadable

    def _steps(self, records: list[RawRecord], lags: Mapping[Partition, int]) -> list[Advance]:
        last: dict[Partition, RawRecord] = {}
        reached: dict[Partition, int] = {}
        for record in records:
            partition = Partition(record.topic, record.partition)
            last[partition] = record
            reached[partition] = max(reached.get(partition, 0), record.timestamp_ms)
        steps = []
        for partition, record in sorted(last.items()):
            claim = self.claims.held[partition]
            buffered = self._buffered.get(partition, [])
            more = bool(lags.get(partition)) or (
                bool(buffered) and buffered[-1].offset > record.offset
            )
            steps.append(
                Advance(
                    partition.topic,
                    partition.partition,
                    claim.epoch,
                    claim.next_offset or 0,
                    record.offset + 1,
                    record_hash(record),
                    datetime.fromtimestamp(reached[partition] / 1000, UTC),
                    more,
                )
            )
        return steps

    async def _tell_caught_up(self) -> None:
        """Say that nothing lags, so that time may go on; written only where it is news."""
        rows: dict[claim_rows.Place, tuple[int, bool]] = {
            partition: (claim.epoch, False)
            for partition, claim in self.claims.held.items()
            if partition not in self.claims.stopped
        }
        if rows and self._told_at + DISPLAY_COMMIT_S < time.monotonic():
            async with transaction(self.engine.pool) as connection:
                await claim_rows.tell_lag(
                    connection, group=self.settings.kafka.group_id, lagging=rows
                )

    async def _tell_kafka(self) -> None:
        """Kafka's own commit shows lag in its tools. Nothing depends on it."""
        now = time.monotonic()
        if self._told_at + DISPLAY_COMMIT_S < now:
            self._told_at = now
            await self.source.commit_for_display(
                {p: claim.next_offset or 0 for p, claim in self.claims.held.items()}
            )

    def _show_lag(self, lags: Mapping[Partition, int]) -> None:
        for partition, lag in lags.items():
            buffered = len(self._buffered.get(partition, ()))
            name = str(partition.partition)
            metrics.child(metrics.LAG, partition.topic, name).set(lag + buffered)

    def stalled(self) -> str | None:
        """What is wrong when there is lag and no progress; for /livez."""
        idle_s = time.monotonic() - self._progress_at
        if idle_s > self.settings.intake.stall_s:
            return f"no progress for {idle_s:.0f} s"
        return None

    def unready(self) -> str | None:
        """Why no batch can be applied now; for /readyz."""
        return self._fault


def _letter(record: RawRecord, reason: Reason) -> DeadLetter:
    return DeadLetter(_original(record), reason, MEANING[reason])


def _original(record: RawRecord) -> Original:
    topic, partition, offset, timestamp_ms, key, value, headers = record
    return Original(topic, partition, offset, timestamp_ms, key, value, tuple(headers))


async def run(
    settings: Settings,
    pool: Pool,
    engine: Engine,
    source: RecordSource,
    stopping: asyncio.Event,
    health: Health,
) -> None:
    """Run as a role of a process. Raises `StoreUnavailable` where it stalls for too long."""
    topics = settings.kafka.topics
    owner = f"{socket.gethostname()}:{os.getpid()}"
    held = Claims(pool, source, group=settings.kafka.group_id, owner=owner)
    binding = Binding(topics.tenant, topics.key)
    intake = Intake(settings, source, engine, held, dict.fromkeys(topics.incoming, binding), {})
    health.live["intake"] = intake.stalled
    health.ready["intake"] = intake.unready
    async with source:
        health.started_up("intake")
        watch = asyncio.create_task(_watch(intake, stopping))
        try:
            await intake.run(stopping)
        finally:
            watch.cancel()
    if (said := intake.stalled()) is not None:
        raise StoreUnavailable(f"the intake stalled: {said}")


async def _watch(intake: Intake, stopping: asyncio.Event) -> None:
    """Silent stalls of a client are many: lag without progress ends the process."""
    while not stopping.is_set():
        await asyncio.sleep(1.0)
        if (said := intake.stalled()) is not None:
            log.error("intake.stalled", detail=said)
            stopping.set()
