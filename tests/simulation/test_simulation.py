"""Seeds of simulated runs: whatever fails, and when, the end is that of a replay.

`make simulate SEEDS="1 1000"` runs more; a seed that fails is run again by its number.
"""

import logging
from collections.abc import Iterator

import pytest
import structlog

from patron.relay import service as relay_service
from simulation.logs import Publisher
from simulation.run import quiet, simulate_all

SEEDS = range(1, 21)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(relay_service, "TransactionalPublisher", Publisher)
    quiet()
    yield
    logging.disable(logging.NOTSET)
    structlog.reset_defaults()


async def test_every_seed_ends_as_a_replay_whatever_died_in_between(postgres_dsn: str) -> None:
    deaths = fenced = 0
    points: set[str] = set()
    async for outcome in simulate_all(postgres_dsn, SEEDS):
        print(outcome.told())
        assert not outcome.differences, outcome.told()
        deaths += outcome.deaths.total()
        fenced += outcome.fenced
        points |= outcome.deaths.keys()
    # It must have been hard: otherwise a run that ends well says nothing.
    assert (deaths > 100, fenced > 5, len(points) > 15) == (True, True, True)


async def test_a_seed_is_the_same_each_time(postgres_dsn: str) -> None:
    first, second = [outcome async for outcome in simulate_all(postgres_dsn, [3, 3])]
    assert first == second
