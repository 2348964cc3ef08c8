"""Topics: create the missing, check the others, change none.

A topic that exists is never altered: its differences are reported with what to do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from patron.errors import Misconfigured, StreamUnavailable
from patron.runtime.settings import TopicNames
from patron.stream.connection import KafkaConnection, translated, within

log = logging.getLogger(__name__)

DEADLINE_S = 60.0
MESSAGE_BYTES_MAX = "max.message.bytes"
POLL_S = 0.05


class UntoldSettings(StreamUnavailable):
    """Kafka did not tell the settings of a topic: we may not see them."""


class TopicSpec(NamedTuple):
    """A topic as it should be. Config in Kafka's own names and words."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


class TopicReport(NamedTuple):
    """What was found or done; each difference says what to do about it."""

    name: str
    was_created: bool
    differences: tuple[str, ...]


def input_topic(
    name: str, *, partitions: int, replication_factor: int, retention_ms: int = -1
) -> TopicSpec:
    """A topic that shops write to: records keep the time that their producer gave them."""
    config = {"message.timestamp.type": "CreateTime", "retention.ms": str(retention_ms)}
    return TopicSpec(name, partitions, replication_factor, config)


def all_topics(names: TopicNames) -> list[TopicSpec]:
    """Every topic that Patron reads or writes, as it should be."""
    partitions, replication_factor = names.partitions, names.replication_factor
    incoming = [
        input_topic(name, partitions=partitions, replication_factor=replication_factor)
        for name in names.incoming
    ]
    outgoing = [name for name in (names.notices, names.dead_letters) if name is not None]
    return [
        *incoming,
        *(TopicSpec(name, partitions, replication_factor, {}) for name in outgoing),
    ]


async def ensure(connection: KafkaConnection, specs: Sequence[TopicSpec]) -> list[TopicReport]:
    """Create what is missing and compare the rest; return when every partition has a leader.

    Raises Misconfigured where a topic has too few partitions, after all were compared.
    """
    async with _admin(connection) as admin:
        return list(await within(DEADLINE_S, _ensure(admin, specs), doing="Ensuring topics"))


async def partition_counts(
    connection: KafkaConnection, names: Collection[str]
) -> dict[str, int | None]:
    """How many partitions each topic has; None for one that does not exist."""
    async with _admin(connection) as admin:
        found = await within(DEADLINE_S, _described(admin), doing="Asking for topics")
        return {name: len(found[name]) if name in found else None for name in names}


async def check_room(connection: KafkaConnection, topic: str, *, bytes_needed: int) -> None:
    """See that a topic takes messages as large as ours may be. Raises Misconfigured.

    Where Kafka does not tell us its settings, nothing is known and nothing is said.
    """
    spec = TopicSpec(topic, 1, 1, {})
    async with _admin(connection) as admin:
        asked = _configs(admin, [spec])
        try:
            found = await within(DEADLINE_S, asked, doing=f"Asking for the settings of {topic}")
        except UntoldSettings as untold:
            log.warning("%s; its limit on messages is not checked", untold)
            return
    limit = int(found[topic].get(MESSAGE_BYTES_MAX) or bytes_needed)
    if limit < bytes_needed:
        raise Misconfigured(
            f"Topic {topic} takes messages of {limit} bytes at most, and ours may have "
            f"{bytes_needed}: kafka-configs.sh --alter --topic {topic} "
            f"--add-config {MESSAGE_BYTES_MAX}={bytes_needed}"
        )


async def delete(connection: KafkaConnection, names: Collection[str]) -> None:
    """Delete topics with all that is in them, and wait until they are gone. For tests."""
    async with _admin(connection) as admin:
        await within(DEADLINE_S, _delete(admin, list(names)), doing="Deleting topics")


async def _ensure(admin: Any, specs: Sequence[TopicSpec]) -> list[TopicReport]:
    before = await _described(admin)
    missing = [spec for spec in specs if spec.name not in before]
    if missing:
        await _create(admin, missing)
    existing = [spec for spec in specs if spec.name in before]
    configs = await _configs(admin, existing)
    reports, lacking = [], []
    for spec in specs:
        differences: list[str] = []
        if spec.name in before:
            count = len(before[spec.name])
            if count < spec.partitions:
                lacking.append(_too_few(spec, count))
            if count > spec.partitions:
                differences.append(
                    f"it has {count} partitions instead of {spec.partitions}: partitions can't "
                    f"be taken away, so tell the settings that there are {count}"
                )
            differences += _config_differences(spec, configs[spec.name])
        reports.append(TopicReport(spec.name, spec.name not in before, tuple(differences)))
    if lacking:
        raise Misconfigured(" ".join(lacking))
    return reports


def _too_few(spec: TopicSpec, count: int) -> str:
    return (
        f"Topic {spec.name} has {count} partitions instead of {spec.partitions}. "
        "Adding some would move members to other partitions and break their order: use a new "
        f"topic name, or tell the settings that there are {count}."
    )


def _config_differences(spec: TopicSpec, found: Mapping[str, str | None]) -> list[str]:
    return [
        f"{name} is {found.get(name)} instead of {wanted}: "
        f"kafka-configs.sh --alter --topic {spec.name} --add-config {name}={wanted}"
        for name, wanted in spec.config.items()
        if found.get(name) != wanted
    ]


async def _create(admin: Any, specs: Sequence[TopicSpec]) -> None:
    response = await admin.create_topics(
        [
            NewTopic(
                name=spec.name,
                num_partitions=spec.partitions,
                replication_factor=spec.replication_factor,
                topic_configs=dict(spec.config),
            )
            for spec in specs
        ]
    )
    for name, code, *message in response.topic_errors:
        kind = kafka.for_code(code)
        # Another replica of ours may have been quicker.
        if kind not in (kafka.NoError, kafka.TopicAlreadyExistsError):
            raise kind(f"{name}: {message[0] if message and message[0] else kind.description}")
    wanted = {spec.name: spec.partitions for spec in specs}
    while True:
        found = await _described(admin)
        led = {
            name: sum(1 for each in found.get(name, []) if each["leader"] >= 0) for name in wanted
        }
        if all(led[name] >= count for name, count in wanted.items()):
            return
        await asyncio.sleep(POLL_S)


async def _delete(admin: Any, names: list[str]) -> None:
    response = await admin.delete_topics(names)
    for name, code, *_ in response.topic_error_codes:
        kind = kafka.for_code(code)
        if kind not in (kafka.NoError, kafka.UnknownTopicOrPartitionError):
            raise kind(f"{name}: {kind.description}")
    while set(names) & set(await _described(admin)):  # noqa: ASYNC110, only the broker knows.
        await asyncio.sleep(POLL_S)


async def _described(admin: Any) -> dict[str, list[dict[str, Any]]]:
    """Every topic's partitions. All are asked for: to name a missing one may create it."""
    return {
        each["topic"]: each["partitions"]
        for each in await admin.describe_topics(None)
        if each["error_code"] == 0
    }


async def _configs(admin: Any, specs: Sequence[TopicSpec]) -> dict[str, dict[str, str | None]]:
    if not specs:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    found: dict[str, dict[str, str | None]] = {}
    for response in await admin.describe_configs(asked):
        for code, message, _, name, entries in response.resources:
            if code != 0:
                raise UntoldSettings(f"Kafka did not tell the settings of {name}: {message}")
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


@asynccontextmanager
async def _admin(connection: KafkaConnection) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**connection.arguments())
    try:
        await within(DEADLINE_S, admin.start(), doing="Connecting to Kafka")
        yield admin
    finally:
        with translated("Closing the connection to Kafka"):
            await admin.close()
