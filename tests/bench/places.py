"""Where a run happens: a database and a topic of notices in which nothing was before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import asyncpg

from patron.local.stack import Stack
from patron.store.pool import Connection
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron_schemas.topics import PARTITIONS


class Place(NamedTuple):
    """The servers, and what of them is this run's own."""

    servers: Stack
    dsn: str
    connection: Connection  # With that database.
    topic: str  # Of the job's records.
    events: int  # So many are on it, in the end.
    notices: str
    folder: Path


@asynccontextmanager
async def opened(servers: Stack, folder: Path, *, topic: str, events: int) -> AsyncIterator[Place]:
    """A place for one run on a topic; it is gone afterwards."""
    name = f"run_{uuid4().hex[:8]}"
    notices = f"notices-{name}"
    admin = await asyncpg.connect(servers.dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    connection = await asyncpg.connect(servers.dsn, database=name)
    kafka = KafkaConnection(bootstrap_servers=servers.bootstrap)
    await topics.ensure(kafka, [topics.TopicSpec(notices, PARTITIONS, 1, {})])
    dsn = servers.dsn.rpartition("/")[0] + f"/{name}"
    try:
        yield Place(servers, dsn, connection, topic, events, notices, folder / name)
    finally:
        await connection.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
        await topics.delete(kafka, [notices])
