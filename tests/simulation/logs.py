"""Kafka as lists: logs to read from, a topic to publish to, a group that hands partitions out.

Just what the services see of it, without time or network, so that whatever happens next
is the simulation's to say.
"""

from collections.abc import Collection, Mapping
from typing import ClassVar

from patron.errors import NotClaimed, ProducerFenced, StreamUnavailable
from patron.runtime import failpoints
from patron.stream.records import Partition, RawRecord, Record
from patron.stream.tail import ReadBack

Logs = dict[Partition, list[RawRecord]]


def end_of(logs: Logs) -> dict[Partition, int]:
    """The offset behind the last record of each log."""
    return {each: log[-1].offset + 1 if log else 0 for each, log in logs.items()}


class Source:
    """What one member of the group reads; the stand-in of `RecordSource`."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs
        self.generation = 0
        self.faults = 0  # So many polls more are answered with a fault.
        self._ours: frozenset[Partition] = frozenset()
        self._places: dict[Partition, int] = {}

    def give(self, partitions: Collection[Partition]) -> None:
        """A new assignment: whatever was sought is void."""
        self.generation += 1
        self._ours = frozenset(partitions)
        self._places = {}

    def assignment(self) -> frozenset[Partition]:
        return self._ours

    def sought(self) -> frozenset[Partition]:
        return frozenset(self._places)

    def seek(self, partition: Partition, offset: int) -> None:
        if partition not in self._ours:
            raise NotClaimed(**partition._asdict(), reason="it is not ours any more")
        self._places[partition] = offset

    async def poll(
        self,
        *,
        timeout_ms: int,
        records_max: int,
        partitions: Collection[Partition] | None = None,
    ) -> dict[Partition, list[RawRecord]]:
        if self.faults:
            self.faults -= 1
            self._places = {}
            raise StreamUnavailable("the broker is away")
        found = {}
        for partition in sorted(self._places if partitions is None else partitions):
            place = self._places[partition]
            records = [each for each in self.logs[partition] if each.offset >= place]
            if records := records[:records_max]:
                found[partition] = records
                self._places[partition] = records[-1].offset + 1
                records_max -= len(records)
        return found

    async def positions(self) -> dict[Partition, int]:
        return dict(self._places)

    async def lag(self) -> dict[Partition, int]:
        return {
            partition: sum(each.offset >= place for each in self.logs[partition])
            for partition, place in self._places.items()
        }

    async def begin_offsets(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        ends = end_of(self.logs)
        return {each: ends[each] for each in partitions}

    async def commit_for_display(self, offsets: Mapping[Partition, int]) -> bool:
        return True


class Topic:
    """The notices' topic: what is committed, and who may write now."""

    def __init__(self) -> None:
        self.committed: list[Record] = []
        self.epoch = 0


class Publisher:
    """A transactional publisher on such a topic; the stand-in of `TransactionalPublisher`."""

    topic: ClassVar[Topic]

    def __init__(self, connection: object, *, transactional_id: str) -> None:
        self._epoch = 0

    async def start(self) -> None:
        self.topic.epoch += 1  # Whoever wrote before is fenced; what it had open is gone.
        self._epoch = self.topic.epoch

    async def stop(self) -> None:
        """Nothing is held open here."""

    async def read_back(
        self, topic: str, positions: Mapping[int, int], *, named_by: str
    ) -> ReadBack:
        unread = self.topic.committed[positions.get(0, 0) :]
        keys = {dict(record.headers)[named_by].decode(): record.key or b"" for record in unread}
        return ReadBack(keys, {Partition(topic, 0): len(self.topic.committed)})

    async def publish(self, records: list[Record], *, deadline_s: float) -> dict[Partition, int]:
        failpoints.passed("relay.sent")
        if self._epoch != self.topic.epoch:
            raise ProducerFenced("another publisher took the name")
        self.topic.committed += records
        return {Partition(records[0].topic, 0): len(self.topic.committed)}
