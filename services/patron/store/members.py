"""Members: the names that lead to them, and, apart and sealed, their personal data."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from patron.errors import Raced
from patron.store.pool import Connection, Uuid, columns, sql
from patron.store.sealing import Sealer

Name = tuple[str, bytes]  # kind, hash of the value

SLOTS = 256  # Names share so many locks: a batch of new ones must not fill the server's table.


class Member(NamedTuple):
    """A member's number and opaque id; what stands for the id once the member was erased."""

    member: int
    id: str
    is_erased: bool = False


async def find(connection: Connection, tenant: int, names: Sequence[Name]) -> dict[Name, Member]:
    """Those of `names` that lead to somebody."""
    if not names:
        return {}

    kinds = [kind for kind, _ in names]
    values = [Uuid(value) for _, value in names]
    rows = await connection.fetch(sql("members", "find"), tenant, kinds, values)
    return {names[row["place"] - 1]: _member(row["member"], row["id"]) for row in rows}


def _member(member: int, identity: str | None) -> Member:
    return Member(member, identity or stand_in(member), identity is None)


def stand_in(member: int) -> str:
    """For the id of a member who was erased. No event can name it so: its NUL is refused."""
    return f"\0erased {member}"


async def open_members(
    connection: Connection, tenant: int, ids: Sequence[str]
) -> dict[str, Member]:
    """New members with these ids, which differ; their names are given by `name`."""
    if not ids:
        return {}

    rows = await connection.fetch(sql("members", "open"), tenant, list(ids))
    return {row["id"]: Member(row["member"], row["id"]) for row in rows}


async def name(connection: Connection, tenant: int, names: Mapping[Name, int]) -> None:
    """Let names lead to members. Raises `Raced` where somebody else took one first."""
    if not names:
        return

    rows = [(kind, Uuid(value), member) for (kind, value), member in sorted(names.items())]
    given = await connection.fetch(sql("members", "name"), tenant, *columns(rows, 3))
    if len(given) < len(rows):
        raise Raced("a member's name was taken by another transaction")


async def hold(
    connection: Connection, tenant: int, *, alone: Collection[Name], shared: Collection[Name]
) -> None:
    """Hold names to the commit, whether or not anybody has them: alone, or with who only asks."""
    slots = {_slot(tenant, name): False for name in shared}
    slots |= {_slot(tenant, name): True for name in alone}
    await connection.execute(sql("members", "hold"), *columns(sorted(slots.items()), 2))


def _slot(tenant: int, name: Name) -> int:
    return tenant * SLOTS + name[1][0]


async def lead(connection: Connection, tenant: int, *, member: int, heir: int) -> None:
    """Let every name of a member lead to another."""
    await connection.execute(sql("members", "lead"), tenant, member, heir)


async def ids(connection: Connection, members: Sequence[int]) -> dict[int, str]:
    """The opaque ids of members, and what stands for those that were erased."""
    rows = await connection.fetch(sql("members", "ids"), list(members))
    return {row["member"]: _member(row["member"], row["id"]).id for row in rows}


async def erase(connection: Connection, tenant: int, *, member: int) -> None:
    """Let a member's names go, and the key to their personal data; all that were merged too.

    Of the opaque ids hashes stay, so that an event that names one is told from a stranger's.
    """
    await connection.execute(sql("members", "forget_names"), tenant, member)
    await connection.execute(sql("members", "forget_person"), member)
    await connection.execute(sql("members", "forget_id"), member)


async def forgotten(
    connection: Connection, tenant: int, members: Sequence[int]
) -> list[tuple[int, bytes]]:
    """Those of these members who come back: each with the hash of an id that was erased."""
    rows = await connection.fetch(sql("members", "forgotten"), tenant, sorted(set(members)))
    return [(row["member"], row["value"].bytes) for row in rows]


async def save_person(connection: Connection, sealer: Sealer, *, member: int, data: bytes) -> None:
    """Keep a member's personal data under a key of their own."""
    key, sealed_key = sealer.new_key()
    await connection.execute(
        sql("members", "save_person"), member, sealed_key, Sealer(key).seal(data)
    )


async def person(connection: Connection, sealer: Sealer, *, member: int) -> bytes | None:
    """A member's personal data; None if there is none, or its key was destroyed."""
    row = await connection.fetchrow(sql("members", "person"), member)
    if row is None:
        return None

    return Sealer(sealer.open(row["data_key"])).open(row["ciphertext"])
