"""Copies of dead letters on their topic: each there once, whatever dies on the way."""

import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from faults.ground import fail_at
from journeys.bad_input import CANARY, PACK, order
from journeys.world import World, world
from patron.store import outbox
from patron.store.pool import session
from patron.stream.connection import KafkaConnection
from patron.stream.records import RawRecord, Record
from patron_schemas.ready import program_text

# These are bad only beside the good events that they are about.
BAD_BESIDE_ANOTHER = ("key_mismatch", "id_reuse", "refund_exceeds_order", "unknown_line")


async def with_letters(found: World) -> int:
    """Let an intake set aside what can't be applied; return how many copies are owed."""
    await found.add_tenant("default", follows_input=False)
    await found.publish(program_text("cashback"), tenant="default", since=None)
    at = datetime.now(UTC)
    events = [
        Record(
            found.topics.orders,
            b"ann",
            bad.bytes_of(order(f"bad-{place}", member="ann", at=at)),
            bad.headers,  # One has the id of an event, which is not its copy's.
            int(at.timestamp() * 1000),
        )
        for place, bad in enumerate(PACK)
        if bad.code not in BAD_BESIDE_ANOTHER
    ]
    await found.send(events)
    found.workers.start("intake")
    await found.until_applied(found.sent)
    async with session(found.pool) as connection:
        letters = await connection.fetchval("SELECT count(*) FROM dead_letter")
    assert letters == await waiting(found) == len(events)
    return int(letters)


async def waiting(found: World) -> int:
    async with session(found.pool) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM outbox WHERE is_letter"))


async def is_all_sent(found: World) -> None:
    async def is_empty() -> bool:
        async with session(found.pool) as connection:
            return await outbox.pending(connection, shard=0, counted_max=1) == 0

    await found.until(is_empty)


def names(copies: list[RawRecord]) -> Counter[bytes]:
    return Counter(dict(each.headers)["dlq-id"] for each in copies)


async def test_a_relay_killed_between_sending_copies_and_forgetting_them_sends_none_twice(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path) as found:
        letters = await with_letters(found)
        assert await fail_at(found, "relay", "relay.published") == -signal.SIGKILL
        sent = await found.copies(count=1)
        assert sent
        assert await waiting(found) == letters

        found.workers.start("relay")
        await is_all_sent(found)
        copies = await found.copies(count=letters)
        assert len(copies) == letters
        assert set(names(copies).values()) == {1}
        assert names(sent).keys() <= names(copies).keys()
        assert (await found.patron("reconcile")).code == 0


async def test_what_a_copy_says_lies_sealed_while_it_waits(
    database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path) as found:
        await with_letters(found)
        async with session(found.pool) as connection:
            bodies = await connection.fetch("SELECT body FROM outbox WHERE is_letter")
        assert bodies
        assert all(CANARY.encode() not in row["body"] for row in bodies)
