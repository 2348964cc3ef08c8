"""Where we are in the input. The offsets lie beside what they led to, in one commit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from patron.store.pool import Connection, columns, sql

Place = tuple[str, int]  # topic, partition


class Claim(NamedTuple):
    """A partition that is ours under this epoch. `next_offset` None: never begun."""

    epoch: int
    next_offset: int | None
    last_hash: bytes | None
    reached_at: datetime | None
    crash_tries: int = 0


class Advance(NamedTuple):
    """One partition's step in a batch: from where, to where, up to which event time."""

    topic: str
    partition: int
    epoch: int
    expected_offset: int
    next_offset: int
    last_hash: bytes
    reached_at: datetime | None
    lagging: bool = False


class Stop(NamedTuple):
    """A partition that waits for an operator, or (no reason) reads on."""

    topic: str
    partition: int
    epoch: int
    reason: str | None
    detail: str | None


class Stood(NamedTuple):
    """Where a partition had stopped, and why, when it was let go on."""

    next_offset: int
    reason: str


class Listed(NamedTuple):
    """A partition as it is shown."""

    topic: str
    partition: int
    epoch: int
    owner: str
    next_offset: int | None
    reached_at: datetime | None
    lagging: bool
    crash_tries: int
    stopped: str | None
    stopped_detail: str | None


class Clock(NamedTuple):
    """What the business clock is read from. `unknown`: a lagging partition never moved."""

    wall: datetime
    lagging: datetime | None
    unknown: bool
    reached: datetime | None

    def now(self, *, follows_input: bool) -> datetime | None:
        """Up to when time may be let pass; None: not at all yet."""
        if self.unknown:
            return None
        if follows_input:
            return self.lagging or self.reached

        return self.wall if self.lagging is None else min(self.wall, self.lagging)


async def claim(
    connection: Connection, *, group: str, partitions: Iterable[Place], owner: str
) -> dict[Place, Claim]:
    """Take partitions over under a new epoch each."""
    topics, numbers = columns(sorted(partitions), 2)
    rows = await connection.fetch(sql("claims", "claim"), group, owner, topics, numbers)
    return _claims(rows)


def _claims(rows: Iterable[Any]) -> dict[Place, Claim]:
    return {
        (row["topic"], row["partition"]): Claim(*[row[name] for name in Claim._fields])
        for row in rows
    }


async def begin(
    connection: Connection, *, group: str, place: Place, epoch: int, offset: int
) -> None:
    """Write down where a partition that was never read begins."""
    await connection.execute(sql("claims", "begin"), group, *place, epoch, offset)


async def advance(
    connection: Connection, *, group: str, steps: Sequence[Advance]
) -> frozenset[Place]:
    """Move partitions on; return those that are no longer ours, or stand elsewhere."""
    ordered = sorted(steps, key=lambda step: (step.topic, step.partition))
    rows = await connection.fetch(sql("claims", "advance"), group, *columns(ordered, 8))
    moved = {(row["topic"], row["partition"]) for row in rows}
    return frozenset((step.topic, step.partition) for step in steps) - moved


async def tried(
    connection: Connection, *, group: str, offsets: Mapping[Place, int], by: int, least: int
) -> None:
    """Count an attempt at what lies at these offsets, in a commit of its own; or take it back."""
    rows = [(*place, offset) for place, offset in sorted(offsets.items())]
    await connection.execute(sql("claims", "tried"), group, *columns(rows, 3), by, least)


async def tell_stopped(connection: Connection, *, group: str, stops: Iterable[Stop]) -> None:
    """Say of each partition, under its epoch, whether and why it waits for an operator."""
    await connection.execute(sql("claims", "stop"), group, *columns(sorted(stops), 5))


async def resume(connection: Connection, *, group: str, place: Place, offset: int) -> Stood | None:
    """Let a stopped partition go on at an offset, under a new epoch; None: it is not stopped."""
    row = await connection.fetchrow(sql("claims", "resume"), group, *place, offset)
    return None if row is None else Stood(*row)


async def listed(connection: Connection, *, group: str) -> list[Listed]:
    """Every partition of a group, as it is shown."""
    return [Listed(*row) for row in await connection.fetch(sql("claims", "list"), group)]


async def read(connection: Connection, *, group: str) -> dict[Place, Claim]:
    """Every claim of a group as it stands, whoever owns it."""
    return _claims(await connection.fetch(sql("claims", "read"), group))


async def applied(connection: Connection, *, group: str) -> int:
    """How far a group has come: the sum of its offsets."""
    return int(await connection.fetchval(sql("claims", "applied"), group))


async def tell_lag(
    connection: Connection, *, group: str, lagging: Mapping[Place, tuple[int, bool]]
) -> None:
    """Say of each partition, under its epoch, whether it has lag."""
    rows = [(*place, *state) for place, state in sorted(lagging.items())]
    await connection.execute(sql("claims", "caught_up"), group, *columns(rows, 4))


async def clock(connection: Connection, *, group: str) -> Clock:
    """What the business clock is read from."""
    return Clock(*await connection.fetchrow(sql("claims", "clock"), group))
