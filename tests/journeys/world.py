"""A deployment of its own on shared servers: topics, a group, a database, real processes.

Bytes go in by Kafka and are read back from Kafka; members are asked for by the command
that a person would use. Nothing here waits for a time, only for a condition.
"""

import asyncio
import base64
import time
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from typer.testing import CliRunner

from patron.cli.main import app
from patron.demo.events import Topics
from patron.demo.workers import ROLES, Workers
from patron.engine.publish import publish
from patron.runtime import settings as runtime_settings
from patron.store import accounts, claims, migrate, outbox, tenants
from patron.store.pool import Pool, Uuid, open_pool, session, transaction
from patron.store.sealing import Sealer
from patron.store.tenants import Unknown
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron.stream.records import Partition, RawRecord, Record
from patron.stream.tail import end_offsets, read_all
from patron.stream.topics import TopicSpec, input_topic
from patron.wire.identity import ALL_ACCOUNTS, THEIR_TURN
from patron_schemas.topics import INCOMING, type_of

DEADLINE_S = 60.0
LOOK_EVERY_S = 0.01
PARTITIONS = 4
PUT_OFF = "SELECT EXISTS (SELECT FROM waiting WHERE key = ANY($1::uuid[]))"
LONG_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
PARTS = ("orders", "engagement", "members", "notices", "dead_letters")

Said = dict[str, Any]


class Answered(NamedTuple):
    """What a command did."""

    code: int
    out: str
    errors: str


class World:
    """One deployment, and what a shop and an operator do with it."""

    def __init__(
        self, environment: Mapping[str, str], pool: Pool, kafka: KafkaConnection, logs: Path
    ) -> None:
        self.environment = dict(environment)
        self.settings = runtime_settings.load(environment)
        self.pool = pool
        self.kafka = kafka
        self.logs = logs
        self.sealer = Sealer(self.settings.master_key)
        self.workers = Workers(environment, logs)
        names = self.settings.kafka.topics
        self.topics = Topics(names.orders, names.engagement, names.members)
        self._topic_of = {
            type_of(event): topic
            for incoming, topic in zip(INCOMING, names.incoming, strict=True)
            for event in incoming.events
        }
        self._ends: dict[Partition, int] = {}

    # What comes in.

    async def add_tenant(
        self, name: str, *, follows_input: bool = True, unknown: Unknown = Unknown.OPEN
    ) -> None:
        """A tenant; one that follows its input takes events however late they are."""
        limits: dict[str, Any] = {"late_max": None} if follows_input else {}
        async with transaction(self.pool) as connection:
            await tenants.add(
                connection,
                self.sealer,
                name=name,
                follows_input=follows_input,
                unknown=unknown,
                **limits,
            )

    async def publish(
        self, document: str, *, tenant: str, since: datetime | None = LONG_BEFORE
    ) -> None:
        """Publish a program."""
        await publish(
            self.pool, self.sealer, tenant=tenant, document=document, source="it", since=since
        )

    async def send_events(self, lines: Iterable[bytes]) -> None:
        """Send events as shops do: each type to its topic, keyed by member, at their time.

        Where an event names its member otherwise, its `partitionkey` says whom.
        """
        await self.send([self._record(line) for line in lines])

    def _record(self, line: bytes) -> Record:
        event = orjson.loads(line)
        at = datetime.fromisoformat(event["time"])
        return Record(
            self._topic_of[event["type"]],
            event["data"].get("member", event.get("partitionkey", "")).encode(),
            line,
            STRUCTURED,
            int(at.timestamp() * 1000),
        )

    async def send(self, records: Sequence[Record]) -> None:
        """Send records as they are."""
        async with EventProducer(self.kafka) as producer:
            await producer.send(records)
        for topic in self.settings.kafka.topics.incoming:
            self._ends |= await end_offsets(self.kafka, topic)

    @property
    def sent(self) -> int:
        """How many records lie in the input topics."""
        return sum(self._ends.values())

    # What is waited for.

    async def settled(self) -> None:
        """Wait until all is applied, time has passed as far as it may, and all is published."""
        await self.until(self._is_settled)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition, while every process runs."""
        await self._until(holds, self.workers.check)

    async def until_of_its_own(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition, whichever processes end meanwhile."""
        await self._until(holds, lambda: None)

    async def _until(self, holds: Callable[[], Awaitable[bool]], check: Callable[[], None]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not await holds():
            check()
            assert time.monotonic() < deadline, f"not true in {DEADLINE_S} s: {holds.__name__}"
            await asyncio.sleep(LOOK_EVERY_S)

    async def applied(self) -> int:
        """How many records are committed."""
        async with session(self.pool) as connection:
            return await claims.applied(connection, group=self.settings.kafka.group_id)

    async def until_applied(self, count: int) -> None:
        """Wait until so many records are committed."""

        async def are_applied() -> bool:
            return await self.applied() >= count

        await self.until(are_applied)

    async def _is_settled(self) -> bool:
        group = self.settings.kafka.group_id
        async with session(self.pool) as connection:
            held = await claims.read(connection, group=group)
            if any(
                place not in held or held[place].next_offset != end
                for place, end in self._ends.items()
            ):
                return False
            clock = await claims.clock(connection, group=group)
            until = clock.now(follows_input=True)
            if clock.lagging is not None or until is None:
                return False
            if await accounts.any_due(connection, until=until):
                return False
            put_off = [Uuid(ALL_ACCOUNTS), Uuid(THEIR_TURN)]
            if await connection.fetchval(PUT_OFF, put_off):
                return False
            return not await outbox.pending(connection, shard=0, counted_max=1)

    async def published(self) -> int:
        """How far the notices' topic reaches, its markers counted too."""
        ends = await end_offsets(self.kafka, self.settings.kafka.topics.notices)
        return sum(ends.values())

    # What comes out.

    async def notices(self, *, count: int = 0) -> list[Said]:
        """Every notice that a read_committed reader gets, in structured form.

        A commit is answered before its markers are in the log: so many are waited for.
        """
        deadline = time.monotonic() + DEADLINE_S
        records = await read_all(self.kafka, self.settings.kafka.topics.notices)
        while len(records) < count and time.monotonic() < deadline:
            records = await read_all(self.kafka, self.settings.kafka.topics.notices)
        return [structured(record.key, record.value, record.headers) for record in records]

    async def copies(self, *, count: int = 0) -> list[RawRecord]:
        """Every dead letter's copy that a read_committed reader gets; so many are waited for."""
        topic = self.settings.kafka.topics.dead_letters
        assert topic is not None
        deadline = time.monotonic() + DEADLINE_S
        records = await read_all(self.kafka, topic)
        while len(records) < count and time.monotonic() < deadline:
            records = await read_all(self.kafka, topic)
        return records

    async def member(self, name: str, *, tenant: str) -> Said:
        """What `patron member` says."""
        said = await self.patron("member", name, "--tenant", tenant, "--json")
        assert said.code == 0, said.errors
        found: Said = orjson.loads(said.out)
        return found

    async def patron(self, *arguments: str) -> Answered:
        """Run a command with this deployment's settings."""
        runner = CliRunner(env=self.environment)
        # The command brings a loop of its own, so it runs where none is.
        done = await asyncio.to_thread(runner.invoke, app, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            return Answered(1, done.stdout, str(done.exception))
        return Answered(done.exit_code, done.stdout, done.stderr)

    async def metrics(self, role: str) -> str:
        """What a process tells Prometheus."""
        lines = (self.logs / f"{role}.log").read_bytes().splitlines()
        started = [orjson.loads(line) for line in lines if b"telemetry_port" in line]
        url = f"http://127.0.0.1:{started[-1]['telemetry_port']}/metrics"

        def read() -> str:
            with urllib.request.urlopen(url, timeout=10) as answer:
                text: str = answer.read().decode()
            return text

        return await asyncio.to_thread(read)


@asynccontextmanager
async def world(
    *,
    dsn: str,
    kafka: KafkaConnection,
    logs: Path,
    partitions: int = PARTITIONS,
    **settings: str,
) -> AsyncIterator[World]:
    """A deployment whose processes end with the block; no role runs before it is started."""
    run = uuid4().hex[:10]
    names = {part: f"test.{part}.{run}" for part in PARTS}
    environment = {
        "PATRON_DATABASE__DSN": dsn,
        "PATRON_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PATRON_KAFKA__GROUP_ID": f"test-{run}",
        "PATRON_KAFKA__TOPICS__PARTITIONS": str(partitions),
        "PATRON_SECRETS__MASTER_KEY": base64.b64encode(b"k" * 32).decode(),
        "PATRON_TELEMETRY__PORT": "0",
        "PATRON_LOG__FORMAT": "json",
        "PATRON_JOBS__IDLE_WAIT_S": "0.05",
        **{f"PATRON_KAFKA__TOPICS__{part.upper()}": name for part, name in names.items()},
        **settings,
    }
    specs = [
        input_topic(names[part], partitions=partitions, replication_factor=1) for part in PARTS[:3]
    ]
    specs += [TopicSpec(names[part], partitions, 1, {}) for part in PARTS[3:]]
    await topics.ensure(kafka, specs)
    await migrate.migrate(dsn)
    pool = await open_pool(dsn)
    found = World(environment, pool, kafka, logs)
    try:
        yield found
    finally:
        await asyncio.to_thread(found.workers.stop)
        pool.terminate()
        await topics.delete(kafka, list(names.values()))


def start_all(found: World) -> None:
    """Start every role as a process of its own."""
    for role in ROLES:
        found.workers.start(role)


def structured(
    key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Said:
    """A notice in binary form as `patron replay` prints it."""
    texts = {name: raw.decode() for name, raw in headers}
    assert texts.pop("content-type") == "application/json"
    assert value is not None
    said: Said = {name.removeprefix("ce_"): text for name, text in texts.items()}
    assert key == said["subject"].encode()
    return said | {"data": orjson.loads(value)}


def by_member(said: Iterable[Said]) -> dict[str, list[Said]]:
    """Notices of each member, in their order."""
    found = defaultdict(list)
    for notice in said:
        found[notice["subject"]].append(notice)
    return dict(found)


def notices_and_members(said: Iterable[Said]) -> tuple[dict[str, list[Said]], dict[str, Said]]:
    """What a replay printed, apart: notices by member, and members by name."""
    lines = list(said)
    notices = by_member(line for line in lines if "specversion" in line)
    members = {line["member"]: line for line in lines if "balances" in line}
    return notices, members
