"""Copies of dead letters, as their topic has them: the record as it came, and why it was set aside.

Key, value and headers are the record's own, untouched. Behind its headers stand ours, which
say the reason and where it lay; where a name is there twice, the last one is ours.
"""

from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID, uuid5

import msgspec

from patron.wire.incoming import RawRecord

# uuid5(DNS, "letters.patron"), written out: ids must never depend on how it was made.
NAMESPACE = UUID("f76ff0b6-a9b1-527a-b12f-4a6e0fdae216")

ID = "dlq-id"
LEFT_OUT = "dlq-left-out"
# Below what the publisher takes, with room for our headers.
BYTES_MAX = 950_000
AROUND_A_HEADER_BYTES = 10  # Two lengths.


class Copy(NamedTuple):
    """What goes to the topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def copy_id(record: RawRecord, *, group: str) -> UUID:
    """The id of a record's copy: made of its place and all that it holds.

    A database that lost its last commits sets the record aside again, under the same id.
    """
    held = msgspec.msgpack.encode((record.timestamp_ms, record.key, record.value, record.headers))
    content = blake2b(held, digest_size=16).hexdigest()
    place = (record.topic, str(record.partition), str(record.offset))
    return uuid5(NAMESPACE, "\0".join((group, *place, content)))


def copied(record: RawRecord, name: UUID, *, code: str, detail: str) -> Copy:
    """A record that was set aside; one that is too large for a topic is told of by ours alone."""
    ours = {
        ID: str(name),
        "dlq-code": code,
        "dlq-detail": detail,
        "dlq-topic": record.topic,
        "dlq-partition": str(record.partition),
        "dlq-offset": str(record.offset),
        "dlq-timestamp": str(record.timestamp_ms),
    }
    headers = [(key, text.encode()) for key, text in ours.items()]
    if _size_bytes(record) > BYTES_MAX:
        return Copy(None, b"", [*headers, (LEFT_OUT, b"key, value and headers: too large")])
    # Kafka's client sends nothing that has neither key nor value.
    empty = b"" if record.key is None and record.value is None else None
    value = empty if record.value is None else record.value
    return Copy(record.key, value, [*record.headers, *headers])


def _size_bytes(record: RawRecord) -> int:
    around = sum(
        len(name.encode()) + len(value or b"") + AROUND_A_HEADER_BYTES
        for name, value in record.headers
    )
    return len(record.key or b"") + len(record.value or b"") + around


def pack(copy: Copy) -> bytes:
    """A copy's bytes; they hold what the record says, so they are to be sealed."""
    return msgspec.msgpack.encode(copy)


def unpack(body: bytes) -> Copy:
    """The copy again."""
    return msgspec.msgpack.decode(body, type=Copy)
