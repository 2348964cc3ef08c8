"""Events in, and how far they have come: production at full speed, then at a steady pace.

Progress is read where it is durable, in the claim rows, so what it shows is committed.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from patron.demo.events import Produced
from patron.demo.progress import Bar, Bars
from patron.demo.workers import Workers
from patron.errors import Transient
from patron.store import accounts, claims, outbox
from patron.store.pool import Pool, session
from patron.stream.producer import EventProducer
from patron.stream.records import Record

CHUNK = 2000
PACED_PER_S = 300  # The last events come at this pace, so that latency is not a queue's.
PACED = 1200
LOOK_EVERY_S = 0.02
PATIENCE_S = 120.0


class Went(NamedTuple):
    """How it went: seconds of the part at full speed, and latencies of the paced part."""

    events: int
    took_s: float
    latencies_ms: list[float]


class Flow:
    """One run of the demo's events through the services."""

    def __init__(self, pool: Pool, producer: EventProducer, workers: Workers, group: str) -> None:
        self._pool = pool
        self._producer = producer
        self._workers = workers
        self._group = group
        self.produced = 0

    async def run(self, events: Iterator[Produced], *, expected: int, bars: Bars) -> Went:
        """Send everything and wait until all of it is committed, published and due."""
        sent_bar = bars.begin("Sent to Kafka", total=expected)
        done_bar = bars.begin("Applied", total=expected)
        began = time.perf_counter()
        fast = islice(events, max(0, expected - PACED))
        while chunk := list(islice(fast, CHUNK)):
            await self._send(chunk)
            sent_bar.reached(self.produced)
            done_bar.reached(await self.look())
        await self._until_applied(done_bar)
        took_s = time.perf_counter() - began
        at_full_speed = self.produced
        latencies_ms = await self.paced(list(events), sent_bar, done_bar)
        await self._until_applied(done_bar)
        sent_bar.reached(self.produced, total=self.produced)
        done_bar.reached(self.produced, total=self.produced)
        await self.until_quiet(bars)
        return Went(at_full_speed, took_s, latencies_ms)

    async def _send(self, chunk: Sequence[Produced]) -> None:
        await self._producer.send([Record(*each) for each in chunk])
        self.produced += len(chunk)

    async def look(self) -> int:
        """How many records are committed."""
        self._workers.check()
        async with session(self._pool) as connection:
            return await claims.applied(connection, group=self._group)

    async def _until_applied(self, bar: Bar) -> None:
        last, moved_at = -1, time.monotonic()
        while (done := await self.look()) < self.produced:
            bar.reached(done)
            if done != last:
                last, moved_at = done, time.monotonic()
            if time.monotonic() - moved_at > PATIENCE_S:
                raise Transient(f"nothing was applied for {PATIENCE_S:.0f} s; see the logs")
            await asyncio.sleep(LOOK_EVERY_S)

    async def paced(
        self, events: list[Produced], sent_bar: Bar, done_bar: Bar, *, per_s: int = PACED_PER_S
    ) -> list[float]:
        """Send at a steady pace; the time from each event's sending to its commit."""
        sent: list[tuple[int, float]] = []
        looks: list[tuple[int, float]] = []
        began = time.perf_counter()
        step = max(1, per_s // 50)
        for start in range(0, len(events), step):
            await self._send(events[start : start + step])
            sent.append((self.produced, time.perf_counter()))
            sent_bar.reached(self.produced)
            due = began + (start + step) / per_s
            while True:
                looks.append((await self.look(), time.perf_counter()))
                done_bar.reached(looks[-1][0])
                if time.perf_counter() >= due:
                    break
                await asyncio.sleep(LOOK_EVERY_S)
        while looks and looks[-1][0] < self.produced:
            await asyncio.sleep(LOOK_EVERY_S)
            looks.append((await self.look(), time.perf_counter()))
        counts = [count for count, _ in looks]
        return [
            (looks[bisect_left(counts, count)][1] - at) * 1000
            for count, at in sent
            if bisect_left(counts, count) < len(looks)
        ]

    async def until_quiet(self, bars: Bars) -> None:
        """Wait until time has been let pass and every notice is published."""
        bar = bars.begin("Letting time pass, publishing", total=1)
        until = time.monotonic() + PATIENCE_S
        while await self._open_ends():
            self._workers.check()
            if time.monotonic() > until:
                raise Transient(f"something was left to do after {PATIENCE_S:.0f} s; see the logs")
            await asyncio.sleep(0.1)
        bar.reached(1)

    async def _open_ends(self) -> bool:
        async with session(self._pool) as connection:
            clock = await claims.clock(connection, group=self._group)
            until = clock.now(follows_input=True)
            due = until is None or await accounts.any_due(connection, until=until)
            return due or bool(await outbox.pending(connection, shard=0, counted_max=1))
