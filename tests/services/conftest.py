"""A shop for each test: topics, a group and a database of its own on shared servers."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from patron.engine.publish import publish
from patron.runtime import settings as runtime_settings
from patron.store import migrate, tenants
from patron.store.pool import open_pool, transaction
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.topics import TopicSpec, input_topic
from services.shop import PARTITIONS, PROGRAM, TENANT, Shop

LONG_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def shop(database: str, kafka: str, kafka_connection: KafkaConnection) -> AsyncIterator[Shop]:
    run = uuid4().hex[:8]
    names = {each: f"test.{each}.{run}" for each in ("orders", "engagement", "members", "notices")}
    settings = runtime_settings.load(
        {
            "PATRON_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "PATRON_KAFKA__GROUP_ID": f"patron-{run}",
            "PATRON_KAFKA__SESSION_TIMEOUT_S": "6",
            "PATRON_DATABASE__DSN": database,
            "PATRON_SECRETS__MASTER_KEY": base64.b64encode(b"k" * 32).decode(),
            "PATRON_RELAY__FAULT_WAIT_S": "0.1",
            "PATRON_JOBS__IDLE_WAIT_S": "0.05",
            **{f"PATRON_KAFKA__TOPICS__{each.upper()}": name for each, name in names.items()},
        }
    )
    specs = [
        input_topic(name, partitions=PARTITIONS, replication_factor=1)
        for name in settings.kafka.topics.incoming
    ]
    specs.append(TopicSpec(names["notices"], PARTITIONS, 1, {}))
    await topics.ensure(kafka_connection, specs)
    await migrate.migrate(database)
    pool = await open_pool(database, size=6)
    found = Shop(settings, pool, kafka_connection)
    async with transaction(pool) as connection:
        await tenants.add(connection, found.sealer, name=TENANT, late_max=None, follows_input=True)
    await publish(
        pool,
        found.sealer,
        tenant=TENANT,
        document=PROGRAM,
        source="cashback.yaml",
        since=LONG_BEFORE,
    )
    yield found
    pool.terminate()
    await topics.delete(kafka_connection, list(names.values()))
