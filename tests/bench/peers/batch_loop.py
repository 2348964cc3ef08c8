"""A batch loop by hand: this one job as fast as Python does it exactly, and nothing else.

A transaction holds the input's place, ledger, members and outbox; notices leave in a Kafka
transaction. Members stay in memory, the next batch is prepared while one is committed.
There are no programs, lots, orders, refunds, time, chain or proofs, and no second worker.
"""

import asyncio
import gc
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from bench.peers import talking
from bench.reference import TIERS, minor, points_of, tier_at

RECORDS_MAX = 5000
ADVANCE = """
UPDATE input SET next_offset = step.next FROM unnest($1::int[], $2::bigint[], $3::bigint[])
    AS step (partition, expected, next)
WHERE input.partition = step.partition AND input.next_offset = step.expected
"""
SAVE_MEMBERS = """
INSERT INTO member SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
ON CONFLICT (member) DO UPDATE
    SET balance = excluded.balance, spent_minor = excluded.spent_minor
"""
OWE = "INSERT INTO outbox SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[], $4::bytea[])"


class Line(msgspec.Struct, gc=False):
    paid: str
    category: str


class Data(msgspec.Struct, gc=False):
    member: str
    lines: list[Line]


class Event(msgspec.Struct, gc=False):
    id: str
    time: datetime
    data: Data


DECODE = msgspec.json.Decoder(Event).decode


class Prepared(NamedTuple):
    """A batch as rows."""

    steps: dict[int, tuple[int, int]]  # By partition: from where, to where.
    ledger: list[tuple[Any, ...]]
    members: dict[str, tuple[int, int]]
    owed: list[tuple[int, int, str, bytes]]


class Loop:
    """Decides batches on what it keeps of members, and writes them."""

    def __init__(self) -> None:
        self.standing: dict[str, tuple[int, int]] = {}
        self.deciding: set[str] = set()  # Events of the batch that is not committed yet.

    async def prepare(self, reading: Any, records: Sequence[Any]) -> Prepared:
        """Leave out what is known, and decide the rest."""
        events = [DECODE(record.value) for record in records]
        known, found = set(self.deciding), [event.id for event in events]
        query = "SELECT event::text FROM ledger WHERE event = ANY($1::uuid[])"
        known |= {row["event"] for row in await reading.fetch(query, found)}
        prepared = Prepared({}, [], {}, [])
        for record, event in zip(records, events, strict=True):
            first, _ = prepared.steps.get(record.partition, (record.offset, 0))
            prepared.steps[record.partition] = first, record.offset + 1
            if event.id not in known:
                known.add(event.id)
                self._decide(record, event, prepared)
        self.deciding = {row[0] for row in prepared.ledger}
        return prepared

    def _decide(self, record: Any, event: Event, prepared: Prepared) -> None:
        member = event.data.member
        balance, spent_minor = self.standing.get(member, (0, 0))
        before = tier_at(spent_minor)
        lines = [(line.category, minor(line.paid)) for line in event.data.lines]
        points, paid_minor = points_of(lines, before)
        balance, spent_minor = balance + points, spent_minor + paid_minor
        self.standing[member] = prepared.members[member] = balance, spent_minor
        prepared.ledger.append((event.id, member, points, balance, event.time))
        if (after := tier_at(spent_minor)) != before:
            body = json.dumps([event.id, member, TIERS[before], TIERS[after]]).encode()
            prepared.owed.append((record.partition, record.offset, member, body))


async def write(connection: Any, batch: Prepared) -> None:
    """One transaction."""
    async with connection.transaction():
        await advance(connection, batch)
        await connection.copy_records_to_table("ledger", records=batch.ledger)
        await save(connection, batch)


async def advance(connection: Any, batch: Prepared) -> None:
    """Move the input's place on, if it stands where we think."""
    firsts, nexts = zip(*batch.steps.values(), strict=True)
    moved = await connection.execute(ADVANCE, list(batch.steps), firsts, nexts)
    assert moved == f"UPDATE {len(batch.steps)}", "another worker was here"


async def save(connection: Any, batch: Prepared) -> None:
    """Members and what is owed."""
    balances = zip(*batch.members.values(), strict=True)
    await connection.execute(SAVE_MEMBERS, list(batch.members), *balances)
    if batch.owed:
        await connection.execute(OWE, *zip(*batch.owed, strict=True))


async def publish(producer: Any, batch: Prepared) -> None:
    """What is owed, in one Kafka transaction."""
    if batch.owed:
        async with producer.transaction():
            for _, _, member, body in batch.owed:
                await producer.send(talking.NOTICES, body, key=member.encode())


async def main() -> None:
    gc.disable()
    writing, reading = await talking.connect(), await talking.connect()
    producer = await talking.producer(transactional_id=f"loop-{talking.NOTICES}")
    source, loop = talking.Input(), Loop()
    await source.start()
    await talking.begin(writing)
    talking.say("ready")

    async def commit(batch: Prepared, published: "asyncio.Task[None] | None") -> Any:
        await write(writing, batch)
        if published is not None:
            await published
        return asyncio.create_task(publish(producer, batch))

    committing, published = None, None
    while records := await source.next(RECORDS_MAX):
        batch = await loop.prepare(reading, records)
        if committing is not None:
            published = await committing
        committing = asyncio.create_task(commit(batch, published))
    if committing is not None:
        await (await committing)
    await producer.stop()
    await source.stop()
    await writing.close()
    await reading.close()


if __name__ == "__main__":
    talking.run(main)
