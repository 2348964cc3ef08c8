"""Codes that are given to members, each to one: sealed, and numbered in the order of loading."""

from collections.abc import Sequence
from typing import NamedTuple

from patron.store import pools
from patron.store.pool import Connection, Uuid, columns, sql
from patron.store.sealing import Sealer


class Numbered(NamedTuple):
    """Names a code: its pool, and its place there."""

    pool: str
    number: int


class NewCode(NamedTuple):
    """A code to load, and the keyed hash that knows it again."""

    digest: bytes
    text: str


async def load(
    connection: Connection,
    sealer: Sealer,
    *,
    tenant: int,
    program: int,
    pool: str,
    codes: Sequence[NewCode],
) -> int:
    """Add those of these codes that are not there yet, in their order; return how many."""
    ((_, _, loaded),), _ = await pools.lock(
        connection, tenant=tenant, program=program, pools=[pool]
    )
    digests = [Uuid(code.digest) for code in codes]
    rows = await connection.fetch(sql("codes", "known"), program, pool, digests)
    known = {row["digest"].bytes for row in rows}
    fresh = {code.digest: code for code in codes if code.digest not in known}
    if not fresh:
        return 0

    new = [
        (number, Uuid(code.digest), sealer.seal(code.text.encode()))
        for number, code in enumerate(fresh.values(), start=loaded + 1)
    ]
    await connection.execute(sql("codes", "insert"), program, pool, *columns(new, 3))
    await connection.execute(sql("pools", "loaded"), tenant, program, pool, loaded + len(new))
    return len(new)


async def read(
    connection: Connection, sealer: Sealer, *, program: int, codes: Sequence[Numbered]
) -> dict[Numbered, str]:
    """These codes, in clear."""
    if not codes:
        return {}

    rows = await connection.fetch(sql("codes", "read"), program, *columns(list(codes), 2))
    return {
        Numbered(row["pool"], row["number"]): sealer.open(row["sealed"]).decode() for row in rows
    }
