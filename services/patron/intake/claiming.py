"""Claims: whose partitions these are, where each goes on, and whether its log is the same.

Done from the poll loop, when the assignment is new; never in the rebalance listener,
where records are handed out before an awaited seek and errors are swallowed. A log that
was recreated, or that lost what we had not read, stops its partition: what to do about
it is for a person to say, and is never guessed.
"""

from hashlib import blake2b
from typing import NamedTuple

import structlog

from patron.runtime import metrics
from patron.store import claims
from patron.store.claims import Claim, Place
from patron.store.pool import Pool, transaction
from patron.stream.consumer import RecordSource
from patron.stream.records import Partition, RawRecord

log = structlog.get_logger()

HASH_BYTES = 16


class Stopped(NamedTuple):
    """A partition that waits for an operator, and why."""

    partition: Partition
    reason: str  # gap or log_identity_changed.
    detail: str


def record_hash(record: RawRecord) -> bytes:
    """Tells a record from another one at the same offset of a recreated log."""
    digest = blake2b(record.timestamp_ms.to_bytes(8, "big", signed=True), digest_size=HASH_BYTES)
    digest.update(record.key or b"")
    digest.update(b"\0")
    digest.update(record.value or b"")
    return digest.digest()


class Claims:
    """What this worker holds: each partition's epoch and durable place."""

    def __init__(self, pool: Pool, source: RecordSource, *, group: str, owner: str) -> None:
        self._pool = pool
        self._source = source
        self._group = group
        self._owner = owner
        self.held: dict[Partition, Claim] = {}
        self.stopped: dict[Partition, Stopped] = {}

    async def take_over(self) -> None:
        """Claim all that is assigned to us, and seek each to where it goes on."""
        ours = self._source.assignment()
        self.held, self.stopped = {}, {}
        if not ours:
            return
        begins = await self._source.begin_offsets(ours)
        ends = await self._source.end_offsets(ours)
        async with transaction(self._pool) as connection:
            claimed = await claims.claim(
                connection, group=self._group, partitions=list(ours), owner=self._owner
            )
            for partition in sorted(ours):
                claim = claimed[partition]
                if claim.next_offset is None:
                    claim = claim._replace(next_offset=begins[partition])
                    await claims.begin(
                        connection,
                        group=self._group,
                        place=partition,
                        epoch=claim.epoch,
                        offset=begins[partition],
                    )
                self.held[partition] = claim
            await claims.tell_lag(
                connection,
                group=self._group,
                lagging={
                    partition: (claim.epoch, ends[partition] > (claim.next_offset or 0))
                    for partition, claim in self.held.items()
                },
            )
        for partition in sorted(ours):
            self._check_bounds(partition, begin=begins[partition], end=ends[partition])
        await self._check_identity(begins)
        self.seek_all()
        log.info("claims.taken", partitions=len(self.held), stopped=len(self.stopped))

    def _check_bounds(self, partition: Partition, *, begin: int, end: int) -> None:
        expected = self.held[partition].next_offset or 0
        if begin > expected:
            self.stop(partition, "gap", f"offsets {expected} to {begin - 1} are gone from the log")
        elif end < expected:
            detail = f"the log ends at {end}, before our offset {expected}"
            self.stop(partition, "log_identity_changed", detail)

    async def _check_identity(self, begins: dict[Partition, int]) -> None:
        """Read the last applied record of each partition again: it must be the same."""
        for partition, claim in sorted(self.held.items()):
            last = (claim.next_offset or 0) - 1
            if partition in self.stopped or claim.last_hash is None or last < begins[partition]:
                continue
            self._source.seek(partition, last)
            found = await self._source.poll(timeout_ms=2000, records_max=1, partitions=[partition])
            for record in found.get(partition, ())[:1]:
                # A later offset: the last one was no record (a marker, an aborted one).
                if record.offset == last and record_hash(record) != claim.last_hash:
                    detail = f"another record than the one applied lies at offset {last}"
                    self.stop(partition, "log_identity_changed", detail)

    def stop(self, partition: Partition, reason: str, detail: str) -> None:
        """Read no further on a partition until an operator has spoken."""
        self.stopped[partition] = Stopped(partition, reason, detail)
        metrics.child(metrics.PARTITIONS_STOPPED, reason).inc()
        log.error(
            "partition.stopped",
            topic=partition.topic,
            partition=partition.partition,
            reason=reason,
            detail=detail,
            do="look at the topic, then resume the partition by hand",
        )

    def seek_all(self) -> None:
        """Put every partition at its durable place: after a claim, and after any error."""
        for partition, claim in self.held.items():
            if partition not in self.stopped:
                self._source.seek(partition, claim.next_offset or 0)

    async def read_back(self) -> None:
        """What the tables say of our claims; those that another worker took are dropped."""
        async with transaction(self._pool) as connection:
            there = await claims.read(connection, group=self._group)
        self.held = {
            partition: there[partition]
            for partition, claim in self.held.items()
            if there[partition].epoch == claim.epoch
        }

    def drop(self, places: frozenset[Place]) -> None:
        """Let go of partitions that another worker has claimed."""
        for place in places:
            self.held.pop(Partition(*place), None)

    def advanced(self, steps: list[claims.Advance]) -> None:
        """Remember where each partition stands after a commit."""
        for step in steps:
            partition = Partition(step.topic, step.partition)
            self.held[partition] = self.held[partition]._replace(
                next_offset=step.next_offset, last_hash=step.last_hash
            )
