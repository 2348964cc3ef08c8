"""Jobs: lets time do to accounts what is due, up to the business clock.

How often this runs changes no result: what is found late acts at its own instant.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from patron.engine.apply import Engine
from patron.engine.following import follow
from patron.engine.lapsing import lapse
from patron.engine.reach import reach
from patron.errors import Transient
from patron.runtime import metrics
from patron.runtime.health import Health
from patron.runtime.process import in_hand
from patron.runtime.settings import Settings
from patron.store import dead_letters, partitions
from patron.store.pool import transaction

log = structlog.get_logger()

HOUSEKEEPING_S = 600.0


@dataclass(slots=True)
class Jobs:
    """Time's own service."""

    settings: Settings
    engine: Engine
    _kept_house_at: float = -HOUSEKEEPING_S
    _fault: str | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Let time pass until told to stop."""
        while not stopping.is_set():
            try:
                await in_hand(self._keep_house(), stopping)
                moved = await in_hand(self.pass_time(), stopping)
                moved += await in_hand(self.follow(), stopping)
                self._fault = None
            except Transient as fault:
                moved, self._fault = 0, str(fault)
                log.warning("jobs.put_off", error=str(fault))
            if not moved:
                with suppress(TimeoutError):
                    wait_s = self.settings.jobs.idle_wait_s
                    await asyncio.wait_for(stopping.wait(), timeout=wait_s)

    async def pass_time(self) -> int:
        """Move some due accounts on; return how many."""
        moved, business = await reach(self.engine, accounts_max=self.settings.jobs.accounts_max)
        metrics.ACCOUNTS_REACHED.inc(moved)
        metrics.count_business(business)
        return moved

    async def follow(self) -> int:
        """Decide some of what batches put off; return how many facts."""
        followed, business = await follow(self.engine, facts_max=self.settings.jobs.accounts_max)
        metrics.count_business(business)
        return followed

    async def lapse(self) -> int:
        """Set aside some of what waited in vain; return how many facts."""
        lapsed, codes = await lapse(self.engine, facts_max=self.settings.jobs.accounts_max)
        for code, count in codes.items():
            metrics.child(metrics.DEAD_LETTERS, code).inc(count)
        return lapsed

    async def _keep_house(self) -> None:
        """Make partitions before anybody waits for them; forget what may not be kept."""
        if time.monotonic() - self._kept_house_at < HOUSEKEEPING_S:
            return
        now = datetime.now(UTC)
        await partitions.ensure(self.engine.pool, partitions.ahead(now))
        kept = timedelta(days=self.settings.jobs.dead_letters_kept_days)
        async with transaction(self.engine.pool) as connection:
            purged = await dead_letters.purge(connection, before=now - kept)
        if purged:
            log.info("dead_letters.purged", letters=purged)
        while await self.lapse():
            pass
        if gone := await self.engine.forget_names(now=now):
            log.info("names.forgotten", weeks=len(gone))
        self._kept_house_at = time.monotonic()

    def unready(self) -> str | None:
        """Why time stands still; for /readyz."""
        return self._fault


async def run(settings: Settings, engine: Engine, stopping: asyncio.Event, health: Health) -> None:
    """Run as a role of a process."""
    jobs = Jobs(settings, engine)
    health.ready["jobs"] = jobs.unready
    health.started_up("jobs")
    await jobs.run(stopping)
