"""Records that kill the process: found by the counts that it leaves behind, and set aside.

Before the first batch after a claim, the claim rows count an attempt in a commit of its
own; the batch's commit clears it, and so does whoever lives to see the batch fail. What is
found at a claim is thus the number of processes that died of what comes next. After two
of them records are tried one by one, each counted (from two on), past all that the batch
may have held; one that was alone at two deaths is a dead letter, and is not even read.
"""

from collections.abc import Sequence

import structlog

from patron.intake.claiming import Claims
from patron.intake.reading import partition_of
from patron.runtime import failpoints
from patron.store import claims as claim_rows
from patron.store.claims import Place
from patron.store.pool import Pool, transaction
from patron.stream.records import Partition, RawRecord

log = structlog.get_logger()

DEATHS_TOGETHER = 2  # From then on records are tried one by one.


class CrashGuard:
    """What a worker knows of those that died before it."""

    def __init__(
        self, pool: Pool, claims: Claims, *, group: str, deaths_max: int, alone: int
    ) -> None:
        """`deaths_max` at one offset set its record aside; `alone`: so many one by one."""
        self._pool = pool
        self._claims = claims
        self._group = group
        self._deaths_max = max(deaths_max, DEATHS_TOGETHER + 1)
        self._alone = alone
        self._alone_left = 0
        self._counted: dict[Partition, int] = {}  # Where the rows hold a count of ours.

    @property
    def is_careful(self) -> bool:
        """Whether records are to be tried one by one."""
        return self._alone_left > 0

    def look(self) -> None:
        """Take note of what a claim has found."""
        for partition, claim in sorted(self._claims.held.items()):
            if (deaths := self._deaths(partition)) >= DEATHS_TOGETHER:
                self._alone_left = self._alone
                log.warning(
                    "partition.crashes",
                    topic=partition.topic,
                    partition=partition.partition,
                    offset=claim.next_offset,
                    deaths=deaths,
                    do="records are tried one by one, to find the one that kills",
                )

    def rest(self) -> None:
        """Nothing lags any more: whatever killed is behind us."""
        self._alone_left = 0

    def condemns(self, records: Sequence[RawRecord]) -> bool:
        """Whether these are one record, and it is known to kill."""
        if len(records) != 1:
            return False
        [record] = records
        deaths = self._deaths(partition_of(record))
        if deaths < self._deaths_max:
            return False
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        log.error("record.kills", deaths=deaths, **place)
        return True

    async def about_to_try(self, records: Sequence[RawRecord]) -> None:
        """Count an attempt at these records where one is due."""
        due = {
            partition: self._claims.next_offset(partition)
            for partition in {partition_of(record) for record in records}
            if (self.is_careful or partition in self._claims.unproven)
            and not self._is_counted(partition)
        }
        if due:
            await self._count(due, by=1)
            self._counted |= due
            failpoints.passed("intake.tried")
        self._alone_left = max(0, self._alone_left - len(records))

    async def lived(self) -> None:
        """Whatever failed was no death: take back what was counted and not cleared."""
        held = self._claims.held
        ours = {
            partition: offset
            for partition, offset in self._counted.items()
            if partition not in held or self._is_counted(partition)
        }
        if ours:
            await self._count(ours, by=-1)
        self._counted.clear()

    async def _count(self, places: dict[Partition, int], *, by: int) -> None:
        """Count them in a commit of its own; those of one alone go on from the deaths together."""
        least = DEATHS_TOGETHER if self.is_careful and by > 0 else 1 if by < 0 else 0
        offsets: dict[Place, int] = dict(places.items())
        async with transaction(self._pool) as connection:
            await claim_rows.tried(
                connection, group=self._group, offsets=offsets, by=by, least=least
            )
        for partition in places:
            if partition in self._claims.held:
                tries = max(self._claims.held[partition].crash_tries, least) + by
                self._claims.tried(partition, tries=tries)

    def _is_counted(self, partition: Partition) -> bool:
        """Whether the row of a partition holds a count of ours: a commit would have cleared it."""
        return self._counted.get(partition) == self._claims.next_offset(partition)

    def _deaths(self, partition: Partition) -> int:
        return self._claims.held[partition].crash_tries - self._is_counted(partition)
