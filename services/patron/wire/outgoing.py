"""Notices as the world reads them: binary CloudEvents, their ids made of their cause.

The same cause gives the same id for ever, so whatever sends a notice twice sends the
same one. Nothing here names a person: members are opaque ids.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from zlib import crc32

import msgspec
import orjson

from patron.core.account import HOUSE
from patron.core.decision import Notice
from patron.core.facts import EventName
from patron.core.periods import stamp

# uuid5(DNS, "notices.patron"), written out: ids must never depend on how it was made.
NAMESPACE = UUID("10040558-2df8-5e5c-adf0-f2ee882d90e5")

TYPE_PREFIX = "io.patron."


class Published(NamedTuple):
    """A notice with all that it says of itself; bytes follow from it."""

    id: UUID
    type: str
    tenant: str
    member: str  # Of what the house says, its program.
    time: str
    version: int  # The account's entry: a member's notices are in its order.
    cause: str
    order: str
    data: Mapping[str, Any]


class OutgoingRecord(NamedTuple):
    """What goes to the topic."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def notice_id(
    *, tenant: str, program: str, member: str, cause: EventName, kind: str, place: int
) -> UUID:
    """The id of a notice: who, by what, of which kind, and its place in the decision."""
    name = "\0".join((tenant, program, member, cause.source, cause.id, kind, str(place)))
    return uuid5(NAMESPACE, name)


def published(
    notice: Notice,
    *,
    tenant: str,
    program: str,
    member: str,
    version: int,
    cause: EventName,
    order: str,
    place: int,
) -> Published:
    """A notice of a decision, as it will be read. The house's is about its program."""
    about = {"program": program} if member == HOUSE else {"program": program, "member": member}
    return Published(
        notice_id(
            tenant=tenant,
            program=program,
            member=member,
            cause=cause,
            kind=notice.type,
            place=place,
        ),
        f"{TYPE_PREFIX}{notice.type}.v1",
        tenant,
        member or program,
        stamp(notice.at),
        version,
        cause.id,
        order,
        {**about, **notice.data},
    )


def shard_of(key: bytes, shards: int) -> int:
    """Which relay sends what has this key: all of a member's, so that their order stands."""
    return crc32(key) % shards


def pack(notice: Published) -> bytes:
    """A notice as the outbox keeps it: attributes, and the value's bytes as they will be."""
    attributes = (
        str(notice.id),
        notice.type,
        notice.tenant,
        notice.member,
        notice.time,
        str(notice.version),
        notice.cause,
        notice.order,
    )
    return msgspec.msgpack.encode((attributes, orjson.dumps(notice.data)))


def unpack(body: bytes) -> OutgoingRecord:
    """The record of a packed notice."""
    attributes, value = msgspec.msgpack.decode(body)
    notice, kind, tenant, member, time, version, cause, order = attributes
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", notice.encode()),
        ("ce_source", f"/patron/{tenant}".encode()),
        ("ce_type", kind.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", member.encode()),
        ("ce_tenant", tenant.encode()),
        ("ce_partitionkey", member.encode()),
        ("ce_sequence", version.encode()),
        ("ce_causationid", cause.encode()),
        ("content-type", b"application/json"),
    ]
    if order:
        headers.append(("ce_correlationid", order.encode()))
    return OutgoingRecord(member.encode(), value, headers)


def structured(notice: Published) -> dict[str, Any]:
    """The same notice as one JSON object."""
    event = {
        "specversion": "1.0",
        "id": str(notice.id),
        "source": f"/patron/{notice.tenant}",
        "type": notice.type,
        "time": notice.time,
        "subject": notice.member,
        "tenant": notice.tenant,
        "partitionkey": notice.member,
        "sequence": str(notice.version),
        "causationid": notice.cause,
    }
    if notice.order:
        event["correlationid"] = notice.order
    return event | {"data": dict(notice.data)}
