"""Claims: whose partitions these are, where each goes on, and whether its log is the same.

Done from the poll loop, when the assignment is new; never in the rebalance listener,
where records are handed out before an awaited seek and errors are swallowed. A log that
was recreated, or that lost what we had not read, stops its partition: what to do about
it is for a person to say, and is never guessed.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

import structlog

from patron.errors import StreamUnavailable
from patron.intake.reading import dated
from patron.runtime import failpoints, metrics
from patron.store import claims
from patron.store.claims import Claim, Place
from patron.store.pool import Pool, session, transaction
from patron.stream.consumer import RecordSource
from patron.stream.records import Partition, RawRecord

log = structlog.get_logger()

HASH_BYTES = 16
LOOK_BACK_S = 10.0  # So long the last applied records may take to be read again.
SETTLE_MS = 1000  # A broker that has just come back may show a log shorter than it is.
GAP, CHANGED, CORRUPT = "gap", "log_identity_changed", "corrupt_record"


class Stopped(NamedTuple):
    """Why a partition waits for an operator."""

    reason: str  # gap, log_identity_changed or corrupt_record.
    detail: str


def record_hash(record: RawRecord) -> bytes:
    """Tells a record from another one at the same offset of a recreated log."""
    digest = blake2b(record.timestamp_ms.to_bytes(8, "big", signed=True), digest_size=HASH_BYTES)
    digest.update(record.key or b"")
    digest.update(b"\\0")
    digest.update(record.value or b"")
    return digest.digest()


class Claims:
    """What this worker holds: each partition's epoch and durable place."""

    def __init__(self, pool: Pool, source: RecordSource, *, group: str, owner: str) -> None:
        self._pool = pool
        self._source = source
        self._group = group
        self._owner = owner
        self._ends: dict[Partition, int] = {}
        self.held: dict[Partition, Claim] = {}
        self.unproven: set[Partition] = set()  # Of which nothing was committed since the claim.
        self.stopped: dict[Partition, Stopped] = {}

    def readable(self) -> frozenset[Partition]:
        """The partitions whose records may be applied: held, sought, not stopped."""
        return (self._source.sought() & self.held.keys()) - self.stopped.keys()

    def next_offset(self, partition: Partition) -> int:
        """Where a held partition durably goes on."""
        return self.held[partition].next_offset or 0

    def had_more(self, partition: Partition) -> bool:
        """Whether a partition had lag when it was claimed, and has not caught up with that."""
        return self.next_offset(partition) < self._ends.get(partition, 0)

    async def take_over(self) -> None:
        """Claim all that is assigned to us, and seek each to where it goes on."""
        ours = self._source.assignment()
        self.held = {}
        # What its own checksum calls broken does not heal by being claimed again.
        self.stopped = {
            partition: why
            for partition, why in self.stopped.items()
            if why.reason == CORRUPT and partition in ours
        }
        if ours:
            begins = await self._source.begin_offsets(ours)
            self._ends = await self._source.end_offsets(ours)
            await self._claim(ours, begins)
            failpoints.passed("intake.claimed")
            await self._check_bounds(begins)
            await self._check_identity(begins)
            await self._tell_stopped()
            self.seek_all()
            failpoints.passed("intake.placed")
        self._show_stopped()
        log.info("claims.taken", partitions=len(self.held), stopped=len(self.stopped))

    async def _claim(self, ours: Iterable[Partition], begins: Mapping[Partition, int]) -> None:
        held: dict[Partition, Claim] = {}
        async with transaction(self._pool) as connection:
            claimed = await claims.claim(
                connection, group=self._group, partitions=list(ours), owner=self._owner
            )
            for partition in sorted(ours):
                claim = claimed[partition]
                if claim.next_offset is None:
                    # Where it begins is written down, so that it is never asked for again.
                    begin = begins[partition]
                    claim = claim._replace(next_offset=begin)
                    await claims.begin(
                        connection,
                        group=self._group,
                        place=partition,
                        epoch=claim.epoch,
                        offset=begin,
                    )
                held[partition] = claim
            await claims.tell_lag(
                connection,
                group=self._group,
                lagging={
                    partition: (claim.epoch, self._ends[partition] > (claim.next_offset or 0))
                    for partition, claim in held.items()
                },
            )
        self.held = held
        self.unproven = set(held)

    async def _check_bounds(self, begins: Mapping[Partition, int]) -> None:
        short = [each for each in self.held if self._ends[each] < self.next_offset(each)]
        if short:
            await self._source.poll(timeout_ms=SETTLE_MS, records_max=1, partitions=[])
            self._ends |= await self._source.end_offsets(short)
        for partition in sorted(self.held):
            expected, begin, end = (
                self.next_offset(partition),
                begins[partition],
                self._ends[partition],
            )
            if begin > expected:
                detail = f"offsets {expected} to {begin - 1} are gone from the log"
                self.stop(partition, GAP, detail)
            elif end < expected:
                detail = f"the log ends at {end}, before our offset {expected}"
                self.stop(partition, CHANGED, detail)

    async def _check_identity(self, begins: Mapping[Partition, int]) -> None:
        """Read the last applied record of each partition again: it must be the same."""
        unread = {
            partition: self.next_offset(partition) - 1
            for partition, claim in self.held.items()
            if claim.last_hash is not None
            and partition not in self.stopped
            and self.next_offset(partition) > begins[partition]
        }
        for partition, last in unread.items():
            self._source.seek(partition, last)
        until = time.monotonic() + LOOK_BACK_S
        while unread:
            if time.monotonic() > until:
                names = ", ".join(f"{each.topic}[{each.partition}]" for each in sorted(unread))
                raise StreamUnavailable(f"the last applied records of {names} were not read again")
            found = await self._source.poll(timeout_ms=500, records_max=500, partitions=[*unread])
            for partition, records in found.items():
                self._compare(partition, records[0], unread.pop(partition))
            if unread:
                # A position that moved on with no record: the log was compacted here.
                places = await self._source.positions()
                unread = {each: at for each, at in unread.items() if places.get(each, 0) <= at}

    def _compare(self, partition: Partition, record: RawRecord, last: int) -> None:
        same = record_hash(dated(record)) == self.held[partition].last_hash
        if record.offset == last and not same:
            detail = f"another record than the one applied lies at offset {last}"
            self.stop(partition, CHANGED, detail)

    def stop(self, partition: Partition, reason: str, detail: str) -> None:
        """Read no further on a partition until an operator has spoken."""
        self.stopped[partition] = Stopped(reason, detail)
        self._show_stopped()
        log.error(
            "partition.stopped",
            topic=partition.topic,
            partition=partition.partition,
            error_code=reason,
            detail=detail,
            do="nothing of it is applied until this is looked at; the other partitions go on",
        )

    async def _tell_stopped(self) -> None:
        """Let operators see, whichever worker holds a partition, why it is stopped."""
        stops = []
        for partition, claim in self.held.items():
            reason, detail = self.stopped.get(partition, (None, None))
            stops.append(claims.Stop(*partition, claim.epoch, reason, detail))
        async with transaction(self._pool) as connection:
            await claims.tell_stopped(connection, group=self._group, stops=stops)

    async def resumed(self) -> bool:
        """Whether an operator has let a stopped partition go on: then all is to be claimed anew."""
        if not self.stopped:
            return False
        async with session(self._pool) as connection:
            there = await claims.read(connection, group=self._group)
        spoken = {
            partition
            for partition in self.stopped
            if partition in self.held and there[partition].epoch != self.held[partition].epoch
        }
        for partition in spoken:
            del self.stopped[partition]
        return bool(spoken)

    def _show_stopped(self) -> None:
        counts = Counter(why.reason for why in self.stopped.values())
        for reason in (GAP, CHANGED, CORRUPT):
            metrics.child(metrics.PARTITIONS_STOPPED, reason).set(counts[reason])

    def seek_all(self) -> None:
        """Put every partition at its durable place: after a claim, and after any error."""
        for partition in self.held:
            if partition not in self.stopped:
                self._source.seek(partition, self.next_offset(partition))

    async def read_back(self) -> None:
        """What the tables say of our claims; those that another worker took are dropped."""
        async with transaction(self._pool) as connection:
            there = await claims.read(connection, group=self._group)
        lost = [
            partition
            for partition, claim in self.held.items()
            if partition not in there or there[partition].epoch != claim.epoch
        ]
        self.held = {partition: there[partition] for partition in self.held if partition in there}
        self.drop(lost)

    def drop(self, places: Iterable[Place]) -> None:
        """Let go of partitions that another worker has claimed, and of their siblings.

        A sibling that went on alone would run ahead of what is not read here any more.
        """
        numbers = {number for _, number in places}
        self.held = {
            partition: claim
            for partition, claim in self.held.items()
            if partition.partition not in numbers
        }

    def advanced(self, steps: Iterable[claims.Advance]) -> None:
        """Remember where each partition stands after a commit."""
        for step in steps:
            partition = Partition(step.topic, step.partition)
            self.held[partition] = self.held[partition]._replace(
                next_offset=step.next_offset, last_hash=step.last_hash, crash_tries=0
            )
            self.unproven.discard(partition)

    def tried(self, partition: Partition, *, tries: int) -> None:
        """Remember how many attempts at what comes next its row counts."""
        self.held[partition] = self.held[partition]._replace(crash_tries=tries)
