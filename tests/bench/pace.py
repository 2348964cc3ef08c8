"""The reference job at a steady pace: how long after an event its notice can be read."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench import measuring, places, reference
from bench.contenders import Patron, until
from bench.latency import NoticeWatch
from bench.reference import Sent
from patron.local.stack import Stack
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron.stream.records import Record
from patron_schemas.topics import PARTITIONS

SECONDS = 20
WARM_S = 5  # What is sent before is not counted.
CHUNKS_PER_S = 100


async def at_pace(servers: Stack, folder: Path, patron: Patron, *, per_s: int) -> dict[str, Any]:
    """Send so many events a second. The members are few enough for many changes of tier."""
    sent = list(reference.records(per_s * SECONDS, members=per_s))
    topic = f"paced-{uuid4().hex[:8]}"
    kafka = KafkaConnection(bootstrap_servers=servers.bootstrap)
    spec = topics.input_topic(topic, partitions=PARTITIONS, replication_factor=1)
    await topics.ensure(kafka, [spec])
    changes = len(reference.expected(sent).changes)
    async with (
        places.opened(servers, folder, topic=topic, events=len(sent)) as place,
        EventProducer(kafka) as producer,
        NoticeWatch(kafka, place.notices) as watch,
    ):
        await patron.set_up(place)
        try:
            await patron.start(place)
            pids = patron.pids | measuring.server_pids(servers)
            before, began = measuring.cpus_s(pids), time.perf_counter()
            due_at = await _send(producer, topic, sent, per_s=per_s)
            await patron.until_done(place)
            took_s, after = time.perf_counter() - began, measuring.cpus_s(pids)
            await until(lambda: _has_seen(watch, changes))
        finally:
            await patron.stop()
    used_s = sum(after.values()) - sum(before.values())
    return {
        "per_s": per_s,
        "notice_latency_ms": measuring.spread_ms(watch.latencies_ms(due_at)),
        "cores_used": round(used_s / took_s, 2),
    }


async def _send(
    producer: EventProducer, topic: str, sent: Sequence[Sent], *, per_s: int
) -> dict[str, float]:
    """By event, when it was due: what a sender that is late makes wait counts, too."""
    names = [json.loads(each.value)["id"] for each in sent]
    records = [Record(topic, each.key, each.value, timestamp_ms=each.timestamp_ms) for each in sent]
    due_at: dict[str, float] = {}
    step, began = per_s // CHUNKS_PER_S, time.perf_counter()
    for first in range(0, len(records), step):
        due = began + first / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await producer.send(records[first : first + step])
        if first >= WARM_S * per_s:
            due_at |= {name: due for name in names[first : first + step] if name not in due_at}
    return due_at


async def _has_seen(watch: NoticeWatch, count: int) -> bool:
    return len(watch.seen_at) >= count
