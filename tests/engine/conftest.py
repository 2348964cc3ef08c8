"""What tests of the engine stand on: see `counter.py`."""

from collections.abc import AsyncIterator

import pytest

from engine.counter import Counter, counters


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    """An engine on an empty database, with one tenant and one program."""
    async for made in counters(database):
        yield made
