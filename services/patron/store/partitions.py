"""Partitions of the growing tables, made when the first row for one is in sight.

Entries lie by quarter of recording, lots by quarter of expiry, names of events by week
of receipt: inserts stay on few pages, and what has ended is detached whole. There are no
default partitions, since rows in one would forbid the partition that they belong to.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from patron.store.pool import Connection, Pool, session, translated

LOCK = 0x706174726F6F
NEVER_YEAR = 9999
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
WEEKS_LOOKED_BACK = 2000  # For names that are old enough to go: some forty years.


class Partition(NamedTuple):
    """One partition: its table, its own name, and its bounds as SQL writes them."""

    table: str
    name: str
    bounds: str


def week_of(at: datetime) -> int:
    """Weeks since Monday 1970-01-05, in UTC."""
    return (at - MONDAY).days // 7


def of_week(week: int) -> Partition:
    """Where the names of events received in that week lie."""
    return Partition("seen", f"seen_{week}" if week >= 0 else f"seen_m{-week}", f"IN ({week})")


def of_entry(recorded_at: datetime) -> Partition:
    """Where an entry recorded then lies."""
    return _quarter("entry", recorded_at)


def of_lot(expires_at: datetime) -> Partition:
    """Where a lot that ends then lies; those that never end have their own."""
    if expires_at.year >= NEVER_YEAR:
        return Partition("lot", "lot_never", "FROM ('9999-01-01 00:00:00+00') TO (MAXVALUE)")

    return _quarter("lot", expires_at)


def _quarter(table: str, at: datetime) -> Partition:
    at = at.astimezone(UTC)
    quarter = (at.month - 1) // 3
    start = date(at.year, quarter * 3 + 1, 1)
    end = date(at.year + (quarter == 3), (quarter * 3 + 3) % 12 + 1, 1)
    bounds = f"FROM ('{start} 00:00:00+00') TO ('{end} 00:00:00+00')"
    return Partition(table, f"{table}_{at.year}q{quarter + 1}", bounds)


def ahead(now: datetime) -> list[Partition]:
    """What the next weeks will need, for jobs to make before anybody waits for it."""
    weeks = [of_week(week_of(now) + n) for n in range(3)]
    return [*weeks, of_entry(now), of_entry(now + timedelta(days=92))]


async def drop_weeks(pool: Pool, *, before: datetime) -> list[str]:
    """Drop the names of events received in weeks that ended before then; return the tables."""
    last = week_of(before)
    weeks = {of_week(week).name for week in range(last - WEEKS_LOOKED_BACK, last)}
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            gone = sorted(await known(connection) & weeks)
            for name in gone:
                await connection.execute(f"ALTER TABLE seen DETACH PARTITION {name}")
                await connection.execute(f"DROP TABLE {name}")
    return gone


async def known(connection: Connection) -> set[str]:
    """The names of the partitions that are there."""
    with translated():
        rows = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits "
            "WHERE inhparent IN ('seen'::regclass, 'entry'::regclass, 'lot'::regclass)"
        )
    return {row["name"] for row in rows}


async def ensure(pool: Pool, wanted: Iterable[Partition]) -> None:
    """Make those that are missing, on a session of its own; safe to call from many at once.

    A table is made first and attached then, which locks out no writer of its siblings.
    """
    async with session(pool) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        there = await known(connection)
        for table, name, bounds in sorted(set(wanted)):
            if name not in there:
                await connection.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
                await connection.execute(
                    f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}"
                )
