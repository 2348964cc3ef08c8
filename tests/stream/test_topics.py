"""Topics on a real Kafka: what is missing is made, what is there is never changed."""

from collections.abc import Callable

import pytest

from patron.errors import Misconfigured
from patron.runtime.settings import TopicNames
from patron.stream import topics
from patron.stream.connection import KafkaConnection


async def test_a_missing_topic_is_created_once_and_then_found_as_it_should_be(
    kafka_connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    spec = topics.input_topic(
        topic_name("in"), partitions=4, replication_factor=1, retention_ms=86_400_000
    )
    first = await topics.ensure(kafka_connection, [spec])
    again = await topics.ensure(kafka_connection, [spec])

    assert first == [topics.TopicReport(spec.name, was_created=True, differences=())]
    assert again == [topics.TopicReport(spec.name, was_created=False, differences=())]
    assert await topics.partition_counts(kafka_connection, [spec.name]) == {spec.name: 4}

    await topics.delete(kafka_connection, [spec.name])
    assert await topics.partition_counts(kafka_connection, [spec.name]) == {spec.name: None}


async def test_a_topic_that_differs_is_reported_with_what_to_do_and_left_alone(
    kafka_connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    there = topics.input_topic(topic_name("in"), partitions=3, replication_factor=1)
    await topics.ensure(kafka_connection, [there])
    wanted = there._replace(partitions=2, config={"retention.ms": "1000"})

    [report] = await topics.ensure(kafka_connection, [wanted])
    many, retention = report.differences
    assert "3 partitions instead of 2" in many
    assert "retention.ms is -1 instead of 1000" in retention
    assert f"--topic {there.name} --add-config retention.ms=1000" in retention

    with pytest.raises(Misconfigured, match="has 3 partitions instead of 5"):
        await topics.ensure(kafka_connection, [there._replace(partitions=5)])
    assert await topics.partition_counts(kafka_connection, [there.name]) == {there.name: 3}
    await topics.delete(kafka_connection, [there.name])


async def test_a_topic_that_kafka_refuses_is_a_matter_for_a_person(
    kafka_connection: KafkaConnection, topic_name: Callable[[str], str]
) -> None:
    spec = topics.TopicSpec(topic_name("in"), 1, 1, {"retention.ms": "a while"})
    with pytest.raises(Misconfigured, match=r"retention\.ms"):
        await topics.ensure(kafka_connection, [spec])


def test_the_topic_of_dead_letters_is_among_all_topics_only_where_it_is_named() -> None:
    names = TopicNames()
    named = [spec.name for spec in topics.all_topics(names)]
    assert named == [*names.incoming, names.notices]

    copying = TopicNames(dead_letters="patron.dead-letters.v1")
    assert [spec.name for spec in topics.all_topics(copying)] == [*named, "patron.dead-letters.v1"]
