"""What the guards are for: with one taken away, the scenarios see what it kept off.

A test that nothing can turn red proves nothing. Each case here breaks one promise on
purpose, and the simulation must end with a difference within a few seeds.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import pytest
import structlog

from patron.relay import service as relay_service
from patron.store import claims, seen
from patron.stream.records import Partition
from patron.stream.tail import ReadBack
from simulation.logs import Publisher
from simulation.run import quiet, simulate_all

SEEDS = range(1, 13)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(relay_service, "TransactionalPublisher", Publisher)
    quiet()
    yield
    logging.disable(logging.NOTSET)
    structlog.reset_defaults()


async def differences(dsn: str) -> list[str]:
    """What the first seed that ends otherwise than a replay ends with."""
    async with aclosing(simulate_all(dsn, SEEDS)) as outcomes:
        async for outcome in outcomes:
            if outcome.differences:
                print(outcome.told())
                return outcome.differences
    return []


async def test_without_compare_and_set_an_offset_goes_back(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def advance(connection: Any, *, group: str, steps: Sequence[Any]) -> frozenset[Any]:
        for step in steps:
            await connection.execute(
                "UPDATE claim SET next_offset = $4, last_hash = $5, reached_at = $6, lagging = $7 "
                "WHERE grp = $1 AND topic = $2 AND partition = $3",
                group,
                step.topic,
                step.partition,
                step.next_offset,
                step.last_hash,
                step.reached_at,
                step.lagging,
            )
        return frozenset()

    monkeypatch.setattr(claims, "advance", advance)
    assert any(" from " in each for each in await differences(postgres_dsn))


async def test_without_reading_the_topic_back_a_notice_is_told_twice(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: Publisher, topic: str, _: Mapping[int, int], **by: str) -> ReadBack:
        return ReadBack({}, {Partition(topic, 0): len(self.topic.committed)})

    monkeypatch.setattr(Publisher, "read_back", nothing)
    assert any(each.startswith("notices") for each in await differences(postgres_dsn))


async def test_without_names_that_are_claimed_a_redelivery_counts_twice(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claim(_: Any, names: Sequence[Any]) -> list[Any]:
        return [seen.FRESH] * len(names)

    monkeypatch.setattr(seen, "claim", claim)
    assert await differences(postgres_dsn)
