"""The reference job by everyone in turn, several times over: medians, and whether it is exact."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench import measuring, places, reference
from bench.contenders import Contender, Patron
from bench.places import Place
from bench.reference import Outcome, Sent
from patron.core.facts import EventName
from patron.local.stack import Stack
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron.stream.records import Record
from patron.wire.identity import event_key
from patron_schemas.topics import PARTITIONS

CHUNK = 5000


class Job(NamedTuple):
    """A topic, filled, and what has to come of it."""

    topic: str
    events: int
    outcome: Outcome


class Run(NamedTuple):
    """What one run came to."""

    events_per_s: float
    cpu_us_per_event: dict[str, float]  # By process; servers last.
    peak_rss_mb: int
    table_bytes_per_event: float
    exact: bool | None  # None: nobody looked.
    samples: dict[str, int]  # Of the intake's CPU, by phase.


async def filled(servers: Stack, topic: str, sent: Sequence[Sent]) -> Job:
    """Put the job's records on a topic of their own."""
    kafka = KafkaConnection(bootstrap_servers=servers.bootstrap)
    await topics.ensure(
        kafka, [topics.input_topic(topic, partitions=PARTITIONS, replication_factor=1)]
    )
    left = iter(sent)
    async with EventProducer(kafka) as producer:
        while chunk := list(islice(left, CHUNK)):
            await producer.send(
                [
                    Record(topic, each.key, each.value, timestamp_ms=each.timestamp_ms)
                    for each in chunk
                ]
            )
    return Job(topic, len(sent), reference.expected(sent))


async def run(servers: Stack, folder: Path, contender: Contender, job: Job) -> Run:
    """One contender does the job once, in a database of its own."""
    async with places.opened(servers, folder, topic=job.topic, events=job.events) as place:
        await contender.set_up(place)
        await place.connection.execute("CHECKPOINT")
        bytes_before = await measuring.table_bytes(place.connection)
        try:
            await contender.start(place)
            pids = contender.pids | measuring.server_pids(servers)
            events = job.events - await contender.applied(place)
            if not events:
                raise SystemExit("one intake had done it all before the others came: more --events")
            before, began = measuring.cpus_s(pids), time.perf_counter()
            await contender.until_done(place)
            took_s, after = time.perf_counter() - began, measuring.cpus_s(pids)
            peak_mb = sum(measuring.peak_rss_mb(pid) for pid in contender.pids.values())
        finally:
            await contender.stop()
        bytes_after = await measuring.table_bytes(place.connection)
        return Run(
            events_per_s=events / took_s,
            cpu_us_per_event={name: (after[name] - before[name]) * 1e6 / events for name in pids},
            peak_rss_mb=peak_mb,
            table_bytes_per_event=(bytes_after - bytes_before) / job.events,
            exact=await _is_exact(contender, place, job) if contender.publishes else None,
            samples=contender.samples(place) if isinstance(contender, Patron) else {},
        )


async def _is_exact(contender: Contender, place: Place, job: Job) -> bool:
    """Every event's points and balance after it, and every notice once."""
    wanted = {_key(contender, event): credit for event, credit in job.outcome.credits.items()}
    changes = sorted(
        contender.change_of(value, headers)
        for value, headers in await _all_of(place.servers.bootstrap, place.notices)
    )
    written = await contender.credits(place.connection)
    return written == wanted and changes == job.outcome.changes


def _key(contender: Contender, event: str) -> bytes:
    if isinstance(contender, Patron):
        return event_key(EventName("default", reference.SOURCE, event))
    return UUID(event).bytes


async def _all_of(bootstrap: str, topic: str) -> list[tuple[bytes, dict[str, bytes]]]:
    """All that a read_committed reader finds on a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        found: list[tuple[bytes, dict[str, bytes]]] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += [(record.value, dict(record.headers)) for record in records]
        return found
    finally:
        await consumer.stop()


def medians(runs: Sequence[Run]) -> dict[str, Any]:
    """Of several runs of one contender."""
    return {
        "events_per_s": round(median(each.events_per_s for each in runs)),
        "events_per_s_of_runs": [round(each.events_per_s) for each in runs],
        "cpu_us_per_event": {
            name: round(median(each.cpu_us_per_event[name] for each in runs), 1)
            for name in runs[0].cpu_us_per_event
        },
        "peak_rss_mb": round(median(each.peak_rss_mb for each in runs)),
        "table_bytes_per_event": round(median(each.table_bytes_per_event for each in runs)),
        "exact": None if runs[0].exact is None else all(each.exact for each in runs),
        "intake_us_by_phase": _by_phase(runs),
    }


def _by_phase(runs: Sequence[Run]) -> dict[str, float]:
    """The intake's CPU an event, divided as its samples are; the largest first."""
    samples: Counter[str] = sum((Counter(each.samples) for each in runs), Counter())
    if not samples:
        return {}
    whole_us = median(each.cpu_us_per_event["intake"] for each in runs)
    return {
        phase: round(whole_us * count / samples.total(), 1)
        for phase, count in samples.most_common()
    }


async def side_by_side(
    servers: Stack,
    folder: Path,
    contenders: Sequence[Contender],
    *,
    events: int,
    runs: int,
    say: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """Everyone in turn, and again; by name, what the medians are."""
    say(f"Filling the topic with {events:,} records.")
    sent = list(reference.records(events))
    jobs = {
        share: await filled(servers, f"purchases-{share * 100:.0f}", sent[: int(events * share)])
        for share in {contender.share for contender in contenders}
    }
    done: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(1, runs + 1):
        for contender in contenders:
            one = await run(servers, folder, contender, jobs[contender.share])
            done[contender.name].append(one)
            exact = {True: "exact", False: "NOT EXACT", None: "not compared"}[one.exact]
            say(f"{number}/{runs} {contender.name}: {one.events_per_s:,.0f} events/s, {exact}")
    return {name: medians(each) for name, each in done.items()}
