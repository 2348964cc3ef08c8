"""What operators did by hand, and why: written in the commit that does it, never changed."""

from datetime import datetime
from typing import NamedTuple

from patron.store.pool import Connection, sql


class Intervention(NamedTuple):
    """One act of an operator's."""

    who: str
    what: str
    subject: str
    before: str
    after: str
    why: str


class Recorded(NamedTuple):
    """An act as it is listed."""

    at: datetime
    did: Intervention


async def append(connection: Connection, did: Intervention) -> None:
    """Write an act down."""
    await connection.execute(sql("interventions", "append"), *did)


async def latest(connection: Connection, *, acts_max: int = 100) -> list[Recorded]:
    """What was done, the latest first."""
    rows = await connection.fetch(sql("interventions", "list"), acts_max)
    return [Recorded(at, Intervention(*did)) for at, *did in rows]
