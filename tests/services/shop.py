"""A small shop on real servers: its topics, its database, its events, its workers."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from patron.engine.apply import Engine
from patron.intake import service as intake
from patron.jobs import service as jobs
from patron.relay import service as relay
from patron.runtime.health import Health
from patron.runtime.settings import Settings
from patron.store import claims, outbox
from patron.store.pool import Pool, session
from patron.store.sealing import Sealer
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.consumer import RecordSource
from patron.stream.producer import EventProducer
from patron.stream.records import Record
from patron.stream.tail import end_offsets
from patron.stream.topics import TopicSpec

DEADLINE_S = 40.0
PARTITIONS = 3
TENANT = "grocer"
FIRST = datetime(2025, 3, 3, 12, tzinfo=UTC)

# Two notices a purchase would hide what is looked for; this program tells of points only.
PROGRAM = """
format: 1
program: cashback
zone: UTC
currency: USD
assets:
  bonus:
    ends: {after: P6M, at_end_of: day}
notices: [points.earned, points.expired]
rules:
  - rule: two-percent
    text: {en: 2 % back}
    earn: bonus
    per_amount: {points: "2", per: "1.00", rounding: half_up}
"""


def bought(
    order: str, *, member: str, minute: int = 0, paid: str = "100.00", **changes: Any
) -> dict[str, Any]:
    """A purchase; 100.00 earn 200 points."""
    return {
        "specversion": "1.0",
        "id": order,
        "source": "/shop",
        "type": "io.patron.order.completed.v1",
        "time": (FIRST + timedelta(minutes=minute)).isoformat(),
        "tenant": TENANT,
        "data": {
            "member": member,
            "order": order,
            "currency": "USD",
            "lines": [{"sku": "milk", "paid": paid}],
        },
        **changes,
    }


class Shop:
    """One shop: what it sends, who works for it, and what came of it."""

    def __init__(self, settings: Settings, pool: Pool, kafka: KafkaConnection) -> None:
        self.settings = settings
        self.pool = pool
        self.kafka = kafka
        self.sealer = Sealer(settings.master_key)
        self.topics = settings.kafka.topics
        self.group = settings.kafka.group_id

    async def send(self, events: Sequence[dict[str, Any]], *, topic: str | None = None) -> None:
        """Send events as a producer does: keyed by member, at their own time."""
        await self.send_raw(
            [
                Record(
                    topic or self.topics.orders,
                    event["data"]["member"].encode(),
                    orjson.dumps(event),
                    (("content-type", b"application/cloudevents+json"),),
                    int(datetime.fromisoformat(event["time"]).timestamp() * 1000),
                )
                for event in events
            ]
        )

    async def send_raw(self, records: Sequence[Record]) -> None:
        async with EventProducer(self.kafka) as producer:
            await producer.send(records)

    @asynccontextmanager
    async def copying(self) -> AsyncIterator[None]:
        """Copies of dead letters are switched on, to a topic that goes with the block."""
        names = self.topics.model_copy(update={"dead_letters": f"{self.topics.notices}.letters"})
        kafka = self.settings.kafka.model_copy(update={"topics": names})
        self.settings = self.settings.model_copy(update={"kafka": kafka})
        self.topics = names
        assert names.dead_letters is not None
        await topics.ensure(self.kafka, [TopicSpec(names.dead_letters, PARTITIONS, 1, {})])
        yield
        await topics.delete(self.kafka, [names.dead_letters])

    @asynccontextmanager
    async def intake(self, settings: Settings | None = None) -> AsyncIterator["Worker"]:
        """An intake that works for the length of a block, and stops cleanly."""
        settings = settings or self.settings
        source = RecordSource(
            self.kafka,
            topics=self.topics.incoming,
            group=self.group,
            session_timeout_s=settings.kafka.session_timeout_s,
        )
        engine = await Engine.open(self.pool, group=self.group, sealer=self.sealer)
        async with _worker(
            lambda stopping, health: intake.run(
                settings, self.pool, engine, source, stopping, health
            )
        ) as worker:
            yield worker

    @asynccontextmanager
    async def relay(self) -> AsyncIterator["Worker"]:
        async with _worker(
            lambda stopping, health: relay.run(
                self.settings, self.pool, self.kafka, self.sealer, stopping, health
            )
        ) as worker:
            yield worker

    @asynccontextmanager
    async def jobs(self) -> AsyncIterator["Worker"]:
        engine = await Engine.open(self.pool, group=self.group, sealer=self.sealer)
        async with _worker(
            lambda stopping, health: jobs.run(self.settings, engine, stopping, health)
        ) as worker:
            yield worker

    async def is_drained(self) -> bool:
        """Whether every claim stands at the end of its partition."""
        ends: dict[Any, int] = {}
        for topic in self.topics.incoming:
            ends |= await end_offsets(self.kafka, topic)
        async with session(self.pool) as connection:
            there = await claims.read(connection, group=self.group)
        return all(
            (claim := there.get(place)) is not None and claim.next_offset == end
            for place, end in ends.items()
        )

    async def drained(self) -> None:
        await until(self.is_drained)

    async def published(self) -> None:
        """Wait until nothing is owed to the world."""

        async def is_published() -> bool:
            async with session(self.pool) as connection:
                return await outbox.pending(connection, shard=0) == 0

        await until(is_published)

    async def points(self) -> dict[str, int]:
        """Available points of every member."""
        rows = await self.rows(
            "SELECT member.id, account.balances[1] AS points "
            "FROM account JOIN member USING (member)"
        )
        return {row["id"]: row["points"] for row in rows}

    async def letters(self) -> dict[int, str]:
        """Codes of dead letters by offset."""
        rows = await self.rows("SELECT record_offset, code FROM dead_letter ORDER BY id")
        return {row["record_offset"]: row["code"] for row in rows}

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with session(self.pool) as connection:
            found: list[Any] = await connection.fetch(statement, *arguments)
        return found


class Worker:
    """A role that runs in a task."""

    def __init__(self, task: asyncio.Task[None], stopping: asyncio.Event, health: Health) -> None:
        self.task = task
        self.stopping = stopping
        self.health = health

    async def ended(self) -> None:
        """Wait for an end of its own; raises what ended it."""
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.wait({self.task})
        self.task.result()


@asynccontextmanager
async def _worker(
    role: Callable[[asyncio.Event, Health], Awaitable[None]],
) -> AsyncIterator[Worker]:
    stopping, health = asyncio.Event(), Health()
    task: asyncio.Task[None] = asyncio.ensure_future(role(stopping, health))  # type: ignore[arg-type]
    worker = Worker(task, stopping, health)
    try:
        yield worker
    except BaseException:
        stopping.set()
        await asyncio.wait({task}, timeout=15)
        raise
    was_over = task.done()
    stopping.set()
    done, _ = await asyncio.wait({task}, timeout=10)
    assert done, "It did not stop within ten seconds."
    if not was_over:
        task.result()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition of servers."""
    deadline = time.monotonic() + DEADLINE_S
    while not await holds():
        assert time.monotonic() < deadline, "The condition did not come true in time."
        await asyncio.sleep(0.05)
