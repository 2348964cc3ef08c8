"""Tenants: whose members these are, and how their time runs."""

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from patron.errors import Misconfigured
from patron.store.pool import Connection, sql
from patron.store.sealing import Sealer

LATE_MAX = timedelta(days=30)
EARLY_MAX = timedelta(hours=24)


class Unknown(StrEnum):
    """What becomes of an event that names its member by an identifier that leads to nobody."""

    OPEN = "open"  # It opens a member.
    WAIT = "wait"  # It waits until the name is somebody's.
    ANONYMOUS = "anonymous"  # It is counted, and nobody's.


class TenantRow(NamedTuple):
    """One tenant. `late_max` None: events may be as late as they like."""

    tenant: int
    name: str
    late_max: timedelta | None
    early_max: timedelta
    follows_input: bool
    unknown: Unknown
    identifier_key: bytes


async def add(
    connection: Connection,
    sealer: Sealer,
    *,
    name: str,
    late_max: timedelta | None = LATE_MAX,
    early_max: timedelta = EARLY_MAX,
    follows_input: bool = False,
    unknown: Unknown = Unknown.OPEN,
) -> int:
    """A new tenant with a key of its own for identifiers. Its name must be free."""
    _, sealed_key = sealer.new_key()
    number = await connection.fetchval(
        sql("tenants", "add"), name, late_max, early_max, follows_input, unknown, sealed_key
    )
    if number is None:
        raise Misconfigured(f'there is a tenant "{name}" already')

    return int(number)


async def all_tenants(connection: Connection, sealer: Sealer) -> list[TenantRow]:
    """Every tenant, its key open."""
    rows = [TenantRow(*row) for row in await connection.fetch(sql("tenants", "all"))]
    return [
        row._replace(unknown=Unknown(row.unknown), identifier_key=sealer.open(row.identifier_key))
        for row in rows
    ]
