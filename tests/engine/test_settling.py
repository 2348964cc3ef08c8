"""What partners owe, on a real Postgres: sums by rule over a period, read from the entries."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from core.grocery import bought, did, returned
from engine.counter import Counter, counters
from patron.engine.settling import Sum, settle
from patron.store.pool import session

PROGRAM = """
format: 1
program: club
zone: America/New_York
currency: USD
assets: {points: {}}
meters:
  first: {counts: basis, window: {from_joining: P30D}}
  reviews: {counts: events, actions: [review]}
rules:
  - rule: base
    earn: points
    per_amount: {points: 1, per: "1.00"}
    funded_by: bank
  - rule: own
    earn: points
    per_step: {points: 1, step: "10.00"}
  - rule: review
    earn: points
    per_event: {points: 50, action: review}
    funded_by: press
  - rule: welcome
    earn: points
    reach: {meter: first, from: "100.00", points: 500}
    funded_by: bank
  - rule: critic
    earn: points
    reach: {meter: reviews, from: 2, points: 200}
    funded_by: press
"""
EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def club(database: str) -> AsyncIterator[Counter]:
    async for made in counters(database, PROGRAM):
        yield made


async def sums(club: Counter, begins_at: datetime, ends_at: datetime) -> list[Sum]:
    async with session(club.pool) as connection:
        found = club.served
        return await settle(connection, found, begins_at=begins_at, ends_at=ends_at)


async def test_each_rule_says_what_it_gave_and_took_back_and_who_pays(club: Counter) -> None:
    await club.put(bought("o1", 100_00), bought("o2", 30_00, member="bob"))
    await club.put(returned("o1", 20_00, when="2025-03-20"), did())
    assert await sums(club, *EVER) == [
        Sum("", "own", "points", 10 + 3, 2),
        Sum("bank", "base", "points", 100 + 30, 20),
        Sum("bank", "welcome", "points", 500, 500),
        Sum("press", "review", "points", 50, 0),
    ]


async def test_what_an_event_reaches_is_counted_once(club: Counter) -> None:
    await club.put(did(subject="tea"), did(subject="jam"), did(subject="rye"))
    assert await sums(club, *EVER) == [
        Sum("press", "critic", "points", 200, 0),
        Sum("press", "review", "points", 150, 0),
    ]


async def test_a_late_event_counts_what_it_corrects(club: Counter) -> None:
    await club.put(bought("o1", 99_00, when="2025-03-03"))
    await club.put(did(when="2025-03-10"))
    await club.put(bought("o2", 1_00, when="2025-03-04"))
    owed = {each.rule: each.owed for each in await sums(club, *EVER)}
    assert owed == {"base": 100, "own": 9, "review": 50, "welcome": 500}


async def test_a_period_holds_what_was_written_in_it(club: Counter) -> None:
    await club.put(bought("o1", 50_00))
    (entry,) = await club.entries("ann")
    written_at = entry.recorded_at
    assert await sums(club, EVER[0], written_at) == []
    assert len(await sums(club, written_at, EVER[1])) == 2
