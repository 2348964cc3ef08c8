"""Reading for the intake: records come only from partitions that were claimed and sought.

The client may place a partition by itself (at the offset committed in Kafka) and may
change what is assigned to us while a poll waits. Neither reaches the caller: a record is
handed out only when its partition was sought in the very assignment that still holds
when the poll returns. After any error every partition has to be sought again, because
the client may have dropped records of healthy partitions while their position moved on.

It keeps no offset. Kafka's own commit is for displays of lag, and nothing depends on it.
"""

import asyncio
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from prometheus_client import Counter

from patron.errors import CorruptRecord, Misconfigured, NotClaimed, OffsetGone, StreamUnavailable
from patron.stream.connection import KafkaConnection, ended, translated, within
from patron.stream.records import Partition, RawRecord, raw_record

log = logging.getLogger(__name__)

DISPLAY_COMMITS_FAILED = Counter(
    "patron_display_commits_failed_total", "Commits to Kafka, for showing lag only, that failed."
)
DISPLAY_COMMIT_WAIT_S = 5.0
# The client returns from a poll of named partitions only what is in them, so a name that
# no partition has keeps us a member of the group without reading anything.
_NO_PARTITION = TopicPartition("", -1)
_NAMED_IN_ERROR = re.compile(r"topic='(?P<topic>[^']*)', partition=(?P<partition>\d+)")


class RecordSource:
    """One member of a consumer group. Use it from one task."""

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        topics: Collection[str],
        group: str,
        member: str | None = None,
        session_timeout_s: float = 10.0,
        fetch_bytes_max: int = 2 * 1024 * 1024,
        call_deadline_s: float = 30.0,
    ) -> None:
        """`member` names a static member: it comes back quickly, and leaves late."""
        self._connection = connection
        self._topics = sorted(topics)
        self._group = group
        self._member = member
        self._session_timeout_s = session_timeout_s
        self._fetch_bytes_max = fetch_bytes_max
        self._call_deadline_s = call_deadline_s
        self._consumer: Any = None
        self._flag = _RebalanceFlag()
        self._assignment: Any = None
        self._generation = 0
        self._sought: set[Partition] = set()

    async def start(self, *, deadline_s: float = 60.0) -> None:
        """Join the group. Raises Misconfigured where a topic does not exist."""
        assert self._consumer is None, "A source is started once."
        self._consumer = AIOKafkaConsumer(
            **self._connection.arguments(),
            group_id=self._group,
            group_instance_id=self._member,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=int(self._session_timeout_s * 1000),
            heartbeat_interval_ms=int(self._session_timeout_s * 1000 / 3),
            max_partition_fetch_bytes=self._fetch_bytes_max,
            # A fetch that waits for more holds back partitions that were just handed out.
            fetch_max_wait_ms=25,
        )
        try:
            await within(deadline_s, self._start(), doing="Joining the consumer group")
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        await self._consumer.start()
        known = await self._consumer.topics()
        missing = [topic for topic in self._topics if topic not in known]
        if missing:
            raise Misconfigured(
                f"Kafka has no topic {', '.join(missing)}. Create it: patron topics ensure"
            )
        self._consumer.subscribe(self._topics, listener=self._flag)

    @property
    def generation(self) -> int:
        """Grows with each new assignment. All claims of an older one are void."""
        self._look()
        return self._generation

    @property
    def is_rebalancing(self) -> bool:
        """Partitions are being taken away: end the batch in hand soon."""
        return self._flag.is_raised

    def assignment(self) -> frozenset[Partition]:
        """The partitions that are ours at this moment, claimed or not."""
        self._look()
        return frozenset(Partition(*each) for each in self._consumer.assignment())

    def sought(self) -> frozenset[Partition]:
        """The partitions that `poll` reads: ours, and sought since they became ours."""
        self._look()
        return frozenset(self._sought)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read on here. Raises NotClaimed when the partition is no longer ours."""
        self._look()
        try:
            self._consumer.seek(TopicPartition(*partition), offset)
        except kafka.IllegalStateError as gone:
            raise NotClaimed(**partition._asdict(), reason="it is not ours any more") from gone
        self._sought.add(partition)

    async def poll(
        self,
        *,
        timeout_ms: int,
        records_max: int,
        partitions: Collection[Partition] | None = None,
    ) -> dict[Partition, list[RawRecord]]:
        """Records in order of their offsets; empty when none came within the timeout.

        Of all sought partitions, or of those named. Never cancel it: the client would keep
        this member in the group for ever. It may take longer while a rebalance runs. Keep
        calling it, with no partitions too, or the group will drop us.

        Raises NotClaimed for one named and not sought, OffsetGone, CorruptRecord,
        StreamUnavailable. After any of them seek every partition again.
        """
        self._look()
        wanted = self._sought if partitions is None else set(partitions)
        for each in sorted(wanted - self._sought):
            raise NotClaimed(**each._asdict(), reason="it was not sought in this assignment")
        names = [TopicPartition(*each) for each in sorted(wanted)] or [_NO_PARTITION]
        before = self._assignment
        try:
            with translated("Polling"):
                found = await self._getmany(names, timeout_ms=timeout_ms, records_max=records_max)
        except NotClaimed:
            self._look()
            if self._assignment is before:
                self._sought.clear()
                raise
            found = {}  # A rebalance came in between: a new assignment has no positions yet.
        except BaseException:
            self._sought.clear()
            raise
        self._look()
        if self._assignment is not before:
            # What came may have been read from where the client, not the claim, placed it.
            return {}
        return {
            Partition(*place): [raw_record(record) for record in records]
            for place, records in found.items()
        }

    async def _getmany(
        self, names: list[TopicPartition], *, timeout_ms: int, records_max: int
    ) -> dict[TopicPartition, list[Any]]:
        try:
            found: dict[TopicPartition, list[Any]] = await self._consumer.getmany(
                *names, timeout_ms=timeout_ms, max_records=records_max
            )
        except kafka.NoOffsetForPartitionError as fault:
            place = Partition(*fault.args[0])
            raise NotClaimed(**place._asdict(), reason="it has no position yet") from fault
        except kafka.OffsetOutOfRangeError as fault:
            ((place, offset),) = fault.args[0].items()
            raise OffsetGone(
                topic=place.topic,
                partition=place.partition,
                reason=f"the log does not hold offset {offset}",
            ) from fault
        except (kafka.CorruptRecordException, kafka.RecordTooLargeError) as fault:
            named = _NAMED_IN_ERROR.search(" ".join(str(each) for each in fault.args))
            if named is None:
                raise
            raise CorruptRecord(
                topic=named["topic"], partition=int(named["partition"]), reason=str(fault)
            ) from fault
        return found

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Stop fetching from these; ones that are no longer ours are passed over."""
        ours = self.assignment()
        self._consumer.pause(*(TopicPartition(*each) for each in partitions if each in ours))

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again; ones that are no longer ours are passed over."""
        ours = self.assignment()
        self._consumer.resume(*(TopicPartition(*each) for each in partitions if each in ours))

    async def positions(self) -> dict[Partition, int]:
        """The next offset of each sought partition, past markers and aborted records."""
        with translated("Asking for positions"):
            return {
                each: int(await self._consumer.position(TopicPartition(*each)))
                for each in sorted(self.sought())
            }

    async def lag(self) -> dict[Partition, int]:
        """Records that wait in each sought partition, as the last fetch saw it.

        A partition that has not been fetched from yet is left out: nothing is known.
        """
        lags: dict[Partition, int] = {}
        for each, position in (await self.positions()).items():
            end = self._consumer.last_stable_offset(TopicPartition(*each))
            if end is not None and end >= 0:
                lags[each] = max(0, int(end) - position)
        return lags

    async def begin_offsets(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The oldest offset that each log still holds."""
        return await self._offsets("beginning_offsets", partitions)

    async def end_offsets(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offset behind the last settled record of each log."""
        return await self._offsets("end_offsets", partitions)

    async def _offsets(self, which: str, partitions: Collection[Partition]) -> dict[Partition, int]:
        places = [TopicPartition(*each) for each in partitions]
        asked = getattr(self._consumer, which)(places)
        found = await within(self._call_deadline_s, asked, doing="Asking for the logs' bounds")
        return {Partition(*place): int(offset) for place, offset in found.items()}

    async def offsets_at(
        self, partitions: Collection[Partition], *, timestamp_ms: int
    ) -> dict[Partition, int | None]:
        """The first offset whose record is not older than the time; None if there is none."""
        asked = self._consumer.offsets_for_times(
            {TopicPartition(*each): timestamp_ms for each in partitions}
        )
        found = await within(self._call_deadline_s, asked, doing="Asking for offsets by time")
        return {
            Partition(*place): None if at is None else int(at.offset) for place, at in found.items()
        }

    async def commit_for_display(self, offsets: Mapping[Partition, int]) -> bool:
        """Tell Kafka how far we are, for its displays of lag. A failure is counted, no more."""
        ours = self.assignment()
        told = {TopicPartition(*each): at for each, at in offsets.items() if each in ours}
        if not told:
            return True
        try:
            with translated("Committing for display"):
                await asyncio.wait_for(self._consumer.commit(told), DISPLAY_COMMIT_WAIT_S)
        except StreamUnavailable as fault:
            DISPLAY_COMMITS_FAILED.inc()
            log.info("Kafka was not told how far we are; lag may show too high: %s", fault)
            return False
        return True

    async def stop(self, *, deadline_s: float = 5.0) -> None:
        """Leave the group; after the deadline let go without a goodbye."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        try:
            doing = "Leaving the consumer group"
            await ended(consumer.stop(), deadline_s=deadline_s, doing=doing)
        except StreamUnavailable as fault:
            log.warning("Left the group without a goodbye; it will notice by itself: %s", fault)

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

    def _look(self) -> None:
        """Notice a new assignment at once: the client makes a new object for each."""
        subscription = self._consumer._subscription.subscription
        current = None if subscription is None else subscription.assignment
        if current is not self._assignment:
            self._assignment = current
            self._generation += 1
            self._sought.clear()


class _RebalanceFlag(ConsumerRebalanceListener):  # type: ignore[misc]
    """Raised from the loss of the old assignment to the gain of the new one.

    It does no work: whatever a listener raises is swallowed, and records are handed out
    before an awaited seek in it.
    """

    def __init__(self) -> None:
        self.is_raised = False

    def on_partitions_revoked(self, revoked: Any) -> None:
        self.is_raised = True

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.is_raised = False
