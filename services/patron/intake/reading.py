"""Bytes become facts, or dead letters with a reason: what a batch is made of.

It reads in slices and lets the event loop turn in between, so that the commit of the
batch before, and the group's heartbeat, go on meanwhile.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import structlog

from patron.engine.received import Received
from patron.store.dead_letters import DeadLetter, Original
from patron.stream.records import Partition, RawRecord
from patron.wire.incoming import Binding, Sender, read
from patron.wire.reasons import MEANING, Reason, Unreadable

log = structlog.get_logger()

SLICE = 50  # About a millisecond of work.
# A record's timestamp is any 64 bits that its producer wrote; dates are only so many.
TIMESTAMP_MS_MIN, TIMESTAMP_MS_MAX = 0, 221_845_392_000_000  # 1970 to 9000.


class Parcel(NamedTuple):
    """Records in the order in which they act, and what each of them is."""

    records: Sequence[RawRecord]
    meant: Sequence[Received | DeadLetter]  # One for each record.
    more: frozenset[Partition]  # The partitions that have more to come after these.

    def halves(self) -> tuple["Parcel", "Parcel"]:
        """The same in two parts; what the second holds is still to come for the first."""
        half = len(self.records) // 2
        first, second = self.records[:half], self.records[half:]
        later = frozenset(partition_of(record) for record in second)
        return (
            Parcel(first, self.meant[:half], self.more | later),
            Parcel(second, self.meant[half:], self.more),
        )


def partition_of(record: RawRecord) -> Partition:
    """Where a record lay."""
    return Partition(record.topic, record.partition)


def dated(record: RawRecord) -> RawRecord:
    """The record with a timestamp that is a date: the nearest one where its own is none."""
    if TIMESTAMP_MS_MIN <= record.timestamp_ms <= TIMESTAMP_MS_MAX:
        return record
    nearest = min(max(record.timestamp_ms, TIMESTAMP_MS_MIN), TIMESTAMP_MS_MAX)
    return record._replace(timestamp_ms=nearest)


def letter(record: RawRecord, reason: Reason, detail: str = "") -> DeadLetter:
    """A record set aside, its bytes as they came."""
    return DeadLetter(_original(record), reason, detail or MEANING[reason])


async def parcel(
    records: Sequence[RawRecord],
    *,
    bindings: Mapping[str, Binding],
    senders: Mapping[str, Sender],
    more: frozenset[Partition],
) -> Parcel:
    """What these records are."""
    meant: list[Received | DeadLetter] = []
    left = iter(records)
    while piece := list(islice(left, SLICE)):
        meant += [_meant(record, bindings[record.topic], senders) for record in piece]
        await asyncio.sleep(0)
    return Parcel(records, meant, more)


def condemned(records: Sequence[RawRecord], *, more: frozenset[Partition]) -> Parcel:
    """Records that kill whoever reads them, set aside unread."""
    return Parcel(records, [letter(record, Reason.CRASH_LOOP) for record in records], more)


def _meant(
    record: RawRecord, binding: Binding, senders: Mapping[str, Sender]
) -> Received | DeadLetter:
    try:
        return Received(read(record, binding, senders), _original(record))
    except Unreadable as why:
        return letter(record, why.reason, why.detail)
    except Exception as bug:
        # No bytes of a stranger's may stop a partition, whatever they found in our code.
        name = type(bug).__name__
        log.error(
            "record.unread",
            error=name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
        detail = f"reading it failed with {name}; a bug to report"
        return letter(record, Reason.TRANSACTION_FAILED, detail)


def _original(record: RawRecord) -> Original:
    topic, partition, offset, timestamp_ms, key, value, headers = record
    return Original(topic, partition, offset, timestamp_ms, key, value, tuple(headers))
