"""A client that ends: whatever it does as it ends is no end of ours."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from patron.errors import StreamUnavailable
from patron.stream.connection import ended


async def cancelled_by_itself() -> None:
    # As a client does that waits to ask a Kafka again which is away.
    raise asyncio.CancelledError


async def never() -> None:
    await asyncio.Event().wait()


async def refused() -> None:
    raise OSError("refused")


@pytest.mark.parametrize(
    ("end", "said"),
    [(cancelled_by_itself, "cancelled itself"), (never, "not done"), (refused, "refused")],
)
async def test_a_client_that_does_not_end_well_is_a_passing_fault(
    end: Callable[[], Awaitable[None]], said: str
) -> None:
    with pytest.raises(StreamUnavailable, match=f"Closing: .*{said}"):
        await ended(end(), deadline_s=0.05, doing="Closing")


async def test_who_is_cancelled_while_a_client_ends_is_cancelled() -> None:
    waiting = asyncio.create_task(ended(never(), deadline_s=60, doing="Closing"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
