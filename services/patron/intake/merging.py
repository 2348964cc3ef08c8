"""One batch out of several partitions: their records in the order in which they act.

A member's partition has the same number in every input topic. Those siblings merge by
event time, the lowest first, and none runs ahead of one that has more to give: without
that, a backlog on two topics would make nearly every event of one of them late. Within
a partition the log's order always stands.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from heapq import merge
from typing import NamedTuple

from patron.stream.records import Partition, RawRecord


class Taken(NamedTuple):
    """Records that act now, in their order, and those that wait for a sibling."""

    now: list[RawRecord]
    later: dict[Partition, list[RawRecord]]


def take(
    buffered: Mapping[Partition, Sequence[RawRecord]],
    *,
    lagging: Collection[Partition],
    records_max: int,
    bytes_max: int,
    turn: int = 0,
) -> Taken:
    """Merge siblings by time; `lagging` are the partitions that have more than was read.

    A record may act when no sibling can still bring an earlier one, so a family waits
    where one with lag has nothing (left) read. Other families do not wait for it, and
    each `turn` another one comes first. A record's own timestamp stands for its event's:
    they differ by lateness only, which the engine treats. At least one record is taken
    where any may act, however large.
    """
    families: dict[int, list[Sequence[RawRecord]]] = defaultdict(list)
    for partition, records in buffered.items():
        if records:
            families[partition.partition].append(records)
    waiting = {partition.partition for partition in lagging if not buffered.get(partition)}
    ends = {
        partition: buffered[partition][-1].offset
        for partition in lagging
        if buffered.get(partition)
    }
    now: list[RawRecord] = []
    taken: dict[Partition, int] = defaultdict(int)
    size_bytes = 0
    for number in _rotated(sorted(set(families) - waiting), turn):
        siblings = families[number]
        for record in merge(*siblings, key=_time) if len(siblings) > 1 else siblings[0]:
            size_bytes += len(record.value or b"")
            if len(now) >= records_max or (now and size_bytes > bytes_max):
                return Taken(now, _rest(buffered, taken))
            now.append(record)
            partition = Partition(record.topic, record.partition)
            taken[partition] += 1
            if ends.get(partition) == record.offset:
                break  # Its next record is not read yet, and may be the family's earliest.
    return Taken(now, _rest(buffered, taken))


def _rotated(numbers: list[int], turn: int) -> list[int]:
    place = turn % len(numbers) if numbers else 0
    return numbers[place:] + numbers[:place]


def _rest(
    buffered: Mapping[Partition, Sequence[RawRecord]], taken: Mapping[Partition, int]
) -> dict[Partition, list[RawRecord]]:
    return {
        partition: list(records[taken.get(partition, 0) :])
        for partition, records in buffered.items()
        if len(records) > taken.get(partition, 0)
    }


def _time(record: RawRecord) -> int:
    return record.timestamp_ms
