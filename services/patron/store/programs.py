"""Programs: their versions, kept for ever, and the numbers that rows keep for their names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from patron.store import pools as pool_rows
from patron.store.pool import Connection, sql

KINDS = ("asset", "rule", "tier", "reward")


class VersionRow(NamedTuple):
    """One version of a program, in force from an instant to the next one's."""

    program: int
    name: str
    version: int
    hash: str
    document: str
    in_force_from: datetime


class Numbering(NamedTuple):
    """Numbers by name, from one on. Names may come, and none goes."""

    assets: Mapping[str, int]
    rules: Mapping[str, int]
    tiers: Mapping[str, int]
    rewards: Mapping[str, int]


async def publish(
    connection: Connection,
    *,
    tenant: int,
    name: str,
    version_hash: str,
    document: str,
    in_force_from: datetime,
    names: Mapping[str, Sequence[str]],
    pools: Sequence[str] = (),
) -> int:
    """Add a version, and numbers for its new names; return its number.

    The same document from the same instant is the same version: nothing is added.
    """
    program = await connection.fetchval(sql("programs", "open"), tenant, name)
    for kind in KINDS:
        await connection.execute(sql("programs", "name"), program, kind, list(names[kind]))
    await pool_rows.make(connection, tenant=tenant, program=program, pools=pools)
    version = await connection.fetchval(
        sql("programs", "publish"), program, version_hash, document, in_force_from
    )
    return int(version)


async def versions(connection: Connection, tenant: int) -> list[VersionRow]:
    """Every version of a tenant's programs, oldest first."""
    rows = await connection.fetch(sql("programs", "versions"), tenant)
    return [VersionRow(*row) for row in rows]


async def numbering(connection: Connection, program: int) -> Numbering:
    """The numbers of a program's names."""
    by_kind: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for row in await connection.fetch(sql("programs", "names"), program):
        by_kind[row["kind"]][row["name"]] = row["number"]
    return Numbering(*(by_kind[kind] for kind in KINDS))


async def revision(connection: Connection) -> tuple[datetime, int]:
    """This transaction's clock, and a number that grows with every tenant and version."""
    row = await connection.fetchrow(sql("programs", "revision"))
    return row["recorded_at"], row["revision"]
