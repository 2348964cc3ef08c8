"""Throughput, latency and cost per event of the demo's baskets, on real servers.

Nothing is switched off that a user would have on: fsync, claims, chain, outbox, metrics.
"""

import asyncio
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import measuring
from bench.latency import NoticeWatch, TimedProducer
from patron.audit import check
from patron.demo.baskets import WHOLE_YEAR, Slice
from patron.demo.events import Produced
from patron.demo.flow import Flow
from patron.demo.groceries import Groceries
from patron.demo.progress import progress
from patron.demo.story import process_environment, set_up
from patron.demo.workers import ROLES, Workers
from patron.local import stack
from patron.runtime import settings as runtime_settings
from patron.store.pool import Pool, open_pool, session
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron.stream.records import Record

PACED_PER_S = 1000
PACED_S = 15
LOOK_EVERY_S = 0.02
HOT_TABLES = ("seen", "orders", "entry", "lot", "account", "take", "outbox", "held", "claim")


class Bench:
    """One run on one stack."""

    def __init__(self, servers: stack.Stack, home: Path) -> None:
        self.servers = servers
        self.environment = process_environment(servers)
        self.settings = runtime_settings.load(self.environment)
        self.workers = Workers(self.environment, home / "logs")
        (home / "logs").mkdir()

    async def run(self, households_max: int | None) -> dict[str, Any]:
        """All of it: the drain, the steady pace, and the second model's verdict."""
        part = Slice(households_max=households_max) if households_max else WHOLE_YEAR
        await set_up(self.settings)
        events = list(Groceries(part))
        held_back = PACED_PER_S * PACED_S
        fast, paced = events[:-held_back], events[-held_back:]
        pool = await open_pool(self.settings.database.dsn.get_secret_value())
        try:
            async with EventProducer(
                KafkaConnection(bootstrap_servers=self.servers.bootstrap)
            ) as p:
                await _fill(p, fast)
                figures = await self._drain(pool, p, fast)
                figures |= await self._latency(pool, p, paced, already=len(fast))
                figures["exit_codes"] = self.workers.stop()
            figures |= await _exact(pool)
        finally:
            self.workers.stop()
            await pool.close()
        return figures

    async def _drain(
        self, pool: Pool, producer: EventProducer, events: list[Produced]
    ) -> dict[str, Any]:
        before = await _counts(pool)
        servers = measuring.server_pids(self.servers)
        cpu = measuring.cpus_s(servers)
        pids = {role: self.workers.start(role) for role in ROLES}
        flow = Flow(pool, producer, self.workers, self.settings.kafka.group_id)
        flow.produced = len(events)
        first_at, first = await _until(flow, 1)
        last_at, _ = await _until(flow, len(events))
        took_s = last_at - first_at
        drained = len(events) - first
        with progress(Console(stderr=True), sys.stderr, clock=time.monotonic) as bars:
            await flow.until_quiet(bars)
        used = measuring.cpus_s(pids | servers)
        used = {name: seconds - cpu.get(name, 0.0) for name, seconds in used.items()}
        after = await _counts(pool)
        return {
            "events": drained,
            "seconds": round(took_s, 2),
            "events_per_s": round(drained / took_s),
            "cpu_us_per_event": {n: round(s * 1e6 / len(events), 1) for n, s in used.items()},
            "intake_peak_rss_mb": measuring.peak_rss_mb(pids["intake"]),
            "per_event": {k: round((after[k] - before[k]) / len(events), 3) for k in after},
        }

    async def _latency(
        self, pool: Pool, producer: EventProducer, events: list[Produced], *, already: int
    ) -> dict[str, Any]:
        timed = TimedProducer(producer)
        flow = Flow(pool, timed, self.workers, self.settings.kafka.group_id)
        flow.produced = already
        kafka = KafkaConnection(bootstrap_servers=self.servers.bootstrap)
        with progress(Console(stderr=True), sys.stderr, clock=time.monotonic) as bars:
            async with NoticeWatch(kafka, self.settings.kafka.topics.notices) as watch:
                to_commit_ms = await flow.paced(
                    events,
                    bars.begin("Paced, sent", total=already + len(events)),
                    bars.begin("Paced, applied", total=already + len(events)),
                    per_s=PACED_PER_S,
                )
                await flow.until_quiet(bars)
        return {
            "paced_per_s": PACED_PER_S,
            "commit_latency_ms": measuring.spread_ms(to_commit_ms),
            "notice_latency_ms": measuring.spread_ms(watch.latencies_ms(timed.sent_at)),
        }


async def _fill(producer: EventProducer, events: list[Produced]) -> None:
    left = iter(events)
    while chunk := list(islice(left, 5000)):
        await producer.send([Record(*each) for each in chunk])


async def _until(flow: Flow, count: int) -> tuple[float, int]:
    """Wait until so many records are committed; from the first on, starting up is over."""
    done = 0
    while done < count:
        await asyncio.sleep(LOOK_EVERY_S)
        done = await flow.look()
    return time.perf_counter(), done


async def _counts(pool: Pool) -> dict[str, float]:
    """Rows, index entries, WAL and bytes so far."""
    async with session(pool) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        rows = await connection.fetchrow(
            "SELECT sum(n_tup_ins) AS inserted, sum(n_tup_upd) AS updated, "
            "sum(n_tup_hot_upd) AS hot FROM pg_stat_user_tables"
        )
        wal = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        size = await connection.fetchrow(
            "SELECT sum(pg_table_size(oid)) AS tables, sum(pg_indexes_size(oid)) AS indexes "
            "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    return {
        "rows_inserted": float(rows["inserted"] or 0),
        "rows_updated": float(rows["updated"] or 0),
        "updated_hot": float(rows["hot"] or 0),
        "wal_bytes": float(wal),
        "table_bytes": float(size["tables"] or 0),
        "index_bytes": float(size["indexes"] or 0),
    }


async def _exact(pool: Pool) -> dict[str, Any]:
    async with session(pool) as connection:
        report = await check.audit(connection)
    return {
        "exact": not report.differences,
        "audited_accounts": report.accounts,
        "audited_entries": report.entries,
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures for a person."""
    per_event = figures["per_event"]
    cpu = figures["cpu_us_per_event"]
    print(
        f"\n{figures['events']:,} events drained in {figures['seconds']} s: "
        f"{figures['events_per_s']:,} events/s"
    )
    print(
        "CPU per event    "
        + ", ".join(f"{name} {us} us" for name, us in cpu.items())
        + f"; together {sum(cpu.values()):.0f} us"
    )
    print(f"Intake's memory  {figures['intake_peak_rss_mb']} MB at its peak")
    print(
        "Per event        "
        + ", ".join(f"{value:g} {name.replace('_', ' ')}" for name, value in per_event.items())
    )
    for what in ("commit", "notice"):
        latency = figures[f"{what}_latency_ms"]
        print(
            f"To the {what}    p50 {latency['p50']} ms, p99 {latency['p99']} ms, max "
            f"{latency['max']} ms, of {latency['count']:,} at {figures['paced_per_s']:,} events/s"
        )
    print(
        f"Exact            {'yes' if figures['exact'] else 'NO'}: "
        f"{figures['audited_accounts']:,} accounts, {figures['audited_entries']:,} entries"
    )
