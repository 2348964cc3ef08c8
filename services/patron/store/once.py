"""What a rule pays only once: keys that are kept for ever."""

from collections.abc import Sequence
from typing import NamedTuple

from patron.errors import Raced
from patron.store.pool import Connection, Uuid, columns, sql, written


class Key(NamedTuple):
    """A rule's number, and the hash of for whom and about what."""

    rule: int
    key: bytes


async def taken(
    connection: Connection, *, tenant: int, program: int, keys: Sequence[Key]
) -> frozenset[Key]:
    """Those of these keys that were used before."""
    if not keys:
        return frozenset()

    rows = await connection.fetch(
        sql("once", "taken"),
        tenant,
        program,
        *columns([(k.rule, Uuid(k.key)) for k in sorted(set(keys))], 2),
    )
    return frozenset(Key(row["rule"], row["key"].bytes) for row in rows)


async def free(connection: Connection, *, tenant: int, program: int, keys: Sequence[Key]) -> None:
    """Let keys be used again: what they stood for was corrected."""
    if not keys:
        return

    rows = [(key.rule, Uuid(key.key)) for key in keys]
    await connection.execute(sql("once", "free"), tenant, program, *columns(rows, 2))


async def insert(
    connection: Connection, *, tenant: int, program: int, keys: Sequence[tuple[Key, int]]
) -> None:
    """Use keys up, each by an account. Raises `Raced` where one was used meanwhile."""
    if not keys:
        return

    rows = [(key.rule, Uuid(key.key), account) for key, account in sorted(keys)]
    status = await connection.execute(sql("once", "insert"), tenant, program, *columns(rows, 3))
    if written(status) < len(rows):
        raise Raced("a once-key was used by another transaction")
