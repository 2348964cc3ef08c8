"""The intake: records become batches, and each batch one transaction of the engine.

Nothing is lost: a partition goes on where its claim row stands, which moves in the very
commit that applied its records; after any error every partition is put back there. A
record that can never succeed is set aside in the same commit and holds nobody up.

While one batch is committed the next is read. Commits themselves never overlap.
"""

import asyncio
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from patron.engine.apply import Engine
from patron.errors import (
    CorruptRecord,
    Fenced,
    OutcomeUnknown,
    PartitionFault,
    StoreUnavailable,
    Transient,
)
from patron.intake.claiming import CORRUPT, Claims
from patron.intake.committing import Committer
from patron.intake.crashing import CrashGuard
from patron.intake.merging import take
from patron.intake.reading import Parcel, condemned, dated, parcel
from patron.runtime import failpoints, metrics
from patron.runtime.health import Health
from patron.runtime.process import Collector
from patron.runtime.settings import Settings
from patron.store import claims as claim_rows
from patron.store.pool import Pool, transaction
from patron.stream.consumer import RecordSource
from patron.stream.records import Partition, RawRecord
from patron.wire.incoming import Binding

log = structlog.get_logger()

BACKOFF_S, BACKOFF_S_MAX = 0.2, 5.0
DISPLAY_COMMIT_S = 2.0
BUFFERED_BATCHES = 2  # So many batches may lie read and not applied: memory stays bounded.
SHARES = 8  # A batch may come from so few partitions.
CORRUPT_TRIES = 3  # A record whose checksum fails so often is broken where it lies.


@dataclass(slots=True)
class Intake:
    """One worker: a member of the consumer group."""

    settings: Settings
    source: RecordSource
    engine: Engine
    claims: Claims
    guard: CrashGuard
    bindings: Mapping[str, Binding]
    _buffered: dict[Partition, list[RawRecord]] = field(default_factory=dict)
    _generation: int = -1
    _claim_again_at: float | None = None
    _committing: asyncio.Task[None] | None = None
    _records_max: int = 0
    _turns: int = 0
    _is_waiting: bool = False
    _has_lag: bool = False
    _told_caught_up: bool = False
    _told_kafka_at: float = 0.0
    _progress_at: float = 0.0
    _fault: str | None = "has no partitions yet"
    _corrupt: Counter[Partition] = field(default_factory=Counter)

    async def run(self, stopping: asyncio.Event) -> None:
        """Take batches until told to stop; the one in hand is always finished."""
        group = self.settings.kafka.group_id
        committer = Committer(self.engine, self.claims, group=group, stopping=stopping)
        collector = Collector()
        backoff_s = BACKOFF_S
        self._progress_at = time.monotonic()
        self._records_max = self.settings.intake.batch_records_max
        try:
            while not stopping.is_set():
                try:
                    await self._turn(committer)
                    backoff_s, self._fault = BACKOFF_S, None
                except Transient as fault:
                    wait_s = backoff_s * random.uniform(0.5, 1.0)
                    self._fault = str(fault)
                    log.warning("batch.put_off", error=str(fault), again_in_s=round(wait_s, 1))
                    await self._recover(fault)
                    await self._wait(stopping, wait_s)
                    backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)
                collector.between_batches()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """End in order: whatever is in hand is no death of ours."""
        for last in (self._settle, self.guard.lived):
            try:
                await last()
            except Transient as fault:
                # Nothing is lost: who comes next reads the claim rows and goes on there.
                log.warning("batch.left", error=str(fault))

    async def _turn(self, committer: Committer) -> None:
        """Read what came and make a batch of it, while the one before is committed."""
        await self._claim()
        await self._fill()
        lags = await self._lags()
        if self.source.generation != self._generation:
            # Another assignment: of what is in hand nobody can tell what its siblings still bring.
            return
        taken = take(
            self._buffered,
            lagging=[partition for partition, lag in lags.items() if lag],
            records_max=1 if self.guard.is_careful else self._records_max,
            bytes_max=self.settings.intake.batch_bytes_max,
            turn=self._turns,
        )
        self._turns += 1
        self._buffered = taken.later
        self._is_waiting = not taken.now
        if not taken.now:
            await self._settle()
            if not self._has_lag:
                self.guard.rest()
                self._progress_at = time.monotonic()
                await self._tell_caught_up()
        else:
            more = taken.later.keys() | {partition for partition, lag in lags.items() if lag}
            coming = await self._read(taken.now, more=frozenset(more))
            failpoints.passed("intake.read")
            await self._settle()
            self._told_caught_up &= not more
            self._committing = asyncio.create_task(self._timed(committer, coming))
        await self._tell_kafka()

    async def _read(self, records: list[RawRecord], *, more: frozenset[Partition]) -> Parcel:
        """What these records are, unless one is known to kill whoever looks."""
        if self.guard.is_careful:
            # Whoever dies now dies of these: nothing else is under way.
            await self._settle()
        if self.guard.condemns(records):
            return condemned(records, more=more)
        await self.guard.about_to_try(records)
        senders = self.engine.catalogue.senders
        return await parcel(records, bindings=self.bindings, senders=senders, more=more)

    async def _claim(self) -> None:
        """Claim what is ours, where the assignment is new or somebody took some of it."""
        due = self._claim_again_at is not None and time.monotonic() > self._claim_again_at
        if self.source.generation == self._generation and not due:
            return
        await self._settle()
        self._buffered.clear()
        metrics.LAG.clear()
        generation = self.source.generation
        await self.claims.take_over()
        self.guard.look()
        self._generation, self._claim_again_at = generation, None
        self._told_caught_up = False

    async def _fill(self) -> None:
        """Poll; without waiting where there is work to do already."""
        settings = self.settings.intake
        readable = self.claims.readable()
        room = BUFFERED_BATCHES * settings.batch_records_max
        # No partition may fill the room alone: its siblings could not be merged with it.
        share = max(1, room // max(1, len(readable)), settings.batch_records_max // SHARES)
        have = {partition: len(records) for partition, records in self._buffered.items()}
        can_go_on = have and not self._is_waiting
        found = await self.source.poll(
            timeout_ms=0 if can_go_on else int(settings.poll_wait_s * 1000),
            records_max=max(share, room - sum(have.values())),
            partitions=[each for each in readable if have.get(each, 0) < share],
        )
        if found:
            failpoints.passed("intake.polled")
        for partition, records in found.items():
            metrics.child(metrics.EVENTS_RECEIVED, partition.topic).inc(len(records))
            least = self.claims.next_offset(partition)
            self._buffered.setdefault(partition, []).extend(
                [dated(record) for record in records if record.offset >= least]
            )

    async def _lags(self) -> dict[Partition, int]:
        """How many records wait unread in each readable partition."""
        known = await self.source.lag()
        lags: dict[Partition, int] = {}
        for partition in self.claims.readable():
            # Before its first fetch nothing newer is known than what the claim saw.
            lag = known.get(partition)
            lags[partition] = int(self.claims.had_more(partition)) if lag is None else lag
            waiting = lags[partition] + len(self._buffered.get(partition, ()))
            labels = (partition.topic, str(partition.partition), self.settings.kafka.group_id)
            metrics.LAG.labels(*labels).set(waiting)
        in_hand = any(self._buffered.values()) or self._committing is not None
        self._has_lag = in_hand or any(lags.values())
        return lags

    async def _timed(self, committer: Committer, coming: Parcel) -> None:
        """Commit; and take less at a time where that takes too long for the group."""
        began = time.monotonic()
        await committer.commit(coming)
        self._progress_at = time.monotonic()
        if self._progress_at - began > self.settings.kafka.session_timeout_s / 4:
            self._take_less()
        else:
            most = self.settings.intake.batch_records_max
            self._records_max = min(most, self._records_max * 2)

    def _take_less(self) -> None:
        self._records_max = max(1, self._records_max // 2)

    async def _settle(self) -> None:
        """Wait for the commit that is under way, if any. Raises what it raised."""
        committing, self._committing = self._committing, None
        if committing is not None:
            await committing

    async def _recover(self, fault: Transient) -> None:
        """Put every partition back to where its claim row stands."""
        self._buffered.clear()
        faults = [fault]
        try:
            await self._settle()
        except Transient as another:
            faults.append(another)
        for each in faults:
            if isinstance(each, Fenced):
                self.claims.drop(each.partitions)
                # If they are still ours once the group has had time to tell, we claim again.
                wait_s = self.settings.kafka.session_timeout_s / 3
                self._claim_again_at = time.monotonic() + wait_s
            elif isinstance(each, PartitionFault):
                self._generation = -1  # Claim anew: bounds and identity are looked at again.
                self._judge(each)
            elif isinstance(each, StoreUnavailable):
                self._take_less()
        try:
            if any(isinstance(each, OutcomeUnknown) for each in faults):
                await self.claims.read_back()
            await self.guard.lived()
            self.claims.seek_all()
        except Transient as again:
            log.warning("recovery.put_off", error=str(again))
            self._generation = -1

    def _judge(self, fault: PartitionFault) -> None:
        """A partition with a broken record is stopped once it is sure; its siblings go on."""
        if isinstance(fault, CorruptRecord):
            partition = Partition(fault.topic, fault.partition)
            self._corrupt[partition] += 1
            if self._corrupt[partition] >= CORRUPT_TRIES:
                self.claims.stop(partition, CORRUPT, fault.reason)

    async def _wait(self, stopping: asyncio.Event, wait_s: float) -> None:
        """Wait, and go on polling nothing, so that the group keeps us."""
        until = time.monotonic() + wait_s
        while not stopping.is_set() and (left_s := until - time.monotonic()) > 0:
            step_s = min(left_s, 0.5)
            try:
                await self.source.poll(
                    timeout_ms=int(step_s * 1000) + 1, records_max=1, partitions=[]
                )
            except Transient:  # It is told where it matters: at the next turn's poll.
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), step_s)

    async def _tell_caught_up(self) -> None:
        """Say that nothing lags any more, so that time may go on."""
        if self._told_caught_up:
            return
        rows: dict[claim_rows.Place, tuple[int, bool]] = {
            partition: (self.claims.held[partition].epoch, False)
            for partition in self.claims.readable()
        }
        async with transaction(self.engine.pool) as connection:
            group = self.settings.kafka.group_id
            await claim_rows.tell_lag(connection, group=group, lagging=rows)
        failpoints.passed("intake.caught_up")
        self._told_caught_up = True

    async def _tell_kafka(self) -> None:
        """Kafka's own commit shows lag in its tools. Nothing depends on it."""
        now = time.monotonic()
        if self._told_kafka_at + DISPLAY_COMMIT_S < now:
            self._told_kafka_at = now
            # A tenant that was added meanwhile is known from here on.
            await self.engine.refresh()
            if await self.claims.resumed():
                self._generation = -1
            await self.source.commit_for_display(
                {partition: self.claims.next_offset(partition) for partition in self.claims.held}
            )

    def stalled(self) -> str | None:
        """What is wrong when there is lag and no progress; for /livez."""
        idle_s = time.monotonic() - self._progress_at
        if self._has_lag and idle_s > self.settings.intake.stall_s:
            return f"there is lag, and nothing was committed for {idle_s:.0f} s"
        return None

    def unready(self) -> str | None:
        """Why no batch can be applied now; for /readyz."""
        return self._fault


async def run(
    settings: Settings,
    pool: Pool,
    engine: Engine,
    source: RecordSource,
    stopping: asyncio.Event,
    health: Health,
) -> None:
    """Run as a role of a process. Raises `StoreUnavailable` where it stalls for too long."""
    bindings = {name: Binding(*bound) for name, bound in settings.kafka.topics.bound.items()}
    owner = f"{socket.gethostname()}:{os.getpid()}"
    held = Claims(pool, source, group=settings.kafka.group_id, owner=owner)
    guard = CrashGuard(
        pool,
        held,
        group=settings.kafka.group_id,
        deaths_max=settings.intake.crashes_max,
        alone=settings.intake.batch_records_max,
    )
    intake = Intake(settings, source, engine, held, guard, bindings)
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
