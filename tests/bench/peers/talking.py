"""How a peer speaks to who measures it: two words on its output, and where its servers are.

The clock runs from "ready" to "done". Then it waits until its input ends, so that what it
used can be read.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from patron_schemas.topics import PARTITIONS

DSN, BOOTSTRAP = os.environ["BENCH_DSN"], os.environ["BENCH_BOOTSTRAP"]
TOPIC, NOTICES = os.environ["BENCH_TOPIC"], os.environ["BENCH_NOTICES"]


def say(word: str) -> None:
    """Tell it at once."""
    print(word, flush=True)


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a peer to its end, and wait to be let go."""
    uvloop.run(_whole(main))
    sys.stdin.read()


async def _whole(main: Callable[[], Awaitable[None]]) -> None:
    await main()
    say("done")


async def connect() -> Any:
    """A session with the database of this run."""
    return await asyncpg.connect(DSN)


async def producer(**settings: Any) -> AIOKafkaProducer:
    """A producer that loses and repeats nothing."""
    made = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, enable_idempotence=True, **settings)
    await made.start()
    return made


class Input:
    """All that is on the job's topic, from its beginning to its present end."""

    def __init__(self) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=BOOTSTRAP, enable_auto_commit=False)
        self.left = 0

    async def start(self) -> None:
        """Go to the beginning of each partition, and find how much there is."""
        await self._consumer.start()
        places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning()
        self.left = sum((await self._consumer.end_offsets(places)).values())

    async def next(self, records_max: int) -> list[Any]:
        """The next records; none where nothing is left."""
        found: list[Any] = []
        while self.left and not found:
            polled = await self._consumer.getmany(timeout_ms=50, max_records=records_max)
            found = [record for records in polled.values() for record in records]
        self.left -= len(found)
        return found

    async def stop(self) -> None:
        """Let go."""
        await self._consumer.stop()


async def begin(connection: Any) -> None:
    """Write down where each partition begins."""
    places = [(number,) for number in range(PARTITIONS)]
    await connection.executemany("INSERT INTO input VALUES ($1, 0)", places)
