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
) -> Taken:
    """Merge siblings by time; `lagging` are the partitions that have more than was read.

    A record may act when no sibling can still bring an earlier one, so a family waits
    where one with lag has nothing (left) read. Other families do not wait for it. A
    record's own timestamp stands for its event's: they differ by lateness only, which
    the engine treats.
    """
    families: dict[int, list[Sequence[RawRecord]]] = defaultdict(list)
    for partition, records in buffered.items():
        if records:
            families[partition.partition].append(records)
    waiting = {p.partition for p in lagging if not buffered.get(p)}
    ends = {p: buffered[p][-1].offset for p in lagging if buffered.get(p)}
    now: list[RawRecord] = []
    size_bytes = 0
    taken: dict[Partition, int] = defaultdict(int)
    for number in sorted(set(families) - waiting):
        several = len(families[number]) > 1
        for record in merge(*families[number], key=_time) if several else families[number][0]:
            size_bytes += len(record.value or b"")
            if len(now) >= records_max or (now and size_bytes > bytes_max):
                break
            now.append(record)
            partition = Partition(record.topic, record.partition)
            taken[partition] += 1
            if several and ends.get(partition) == record.offset:
                break
    later = {
        partition: list(records[taken[partition] :])
        for partition, records in buffered.items()
        if len(records) > taken[partition]
    }
    return Taken(now, later)


def _time(record: RawRecord) -> int:
    return record.timestamp_ms
