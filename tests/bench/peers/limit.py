"""The limit: Postgres alone takes the batch loop's rows, which are ready and encoded.

No input is read, nothing is decided, no notice leaves: whatever keeps its balances in this
Postgres can't be faster.
"""

from typing import Any, NamedTuple

from bench.peers import talking
from bench.peers.batch_loop import RECORDS_MAX, Loop, Prepared, advance, save

STAGED = "CREATE TEMPORARY TABLE staged (LIKE ledger)"


class Ready(NamedTuple):
    """A batch, and its ledger rows as Postgres reads them."""

    batch: Prepared
    ledger: bytes


async def main() -> None:
    connection, source = await talking.connect(), talking.Input()
    await source.start()
    batches = await encoded(connection, await prepared(connection, source))
    await source.stop()
    await talking.begin(connection)
    talking.say("ready")
    for ready in batches:
        async with connection.transaction():
            await advance(connection, ready.batch)
            await connection.copy_to_table("ledger", source=once(ready.ledger), format="binary")
            await save(connection, ready.batch)
    await connection.close()


async def prepared(connection: Any, source: talking.Input) -> list[Prepared]:
    """Every batch, decided."""
    loop, batches, known = Loop(), list[Prepared](), set[str]()
    while records := await source.next(RECORDS_MAX):
        loop.deciding = known
        batches.append(await loop.prepare(connection, records))
        known |= loop.deciding
    return batches


async def encoded(connection: Any, batches: list[Prepared]) -> list[Ready]:
    """The ledger rows of each batch in the bytes that Postgres itself writes."""
    await connection.execute(STAGED)
    ready = []
    for batch in batches:
        await connection.copy_records_to_table("staged", records=batch.ledger)
        parts: list[bytes] = []
        await connection.copy_from_table("staged", output=collector(parts), format="binary")
        await connection.execute("TRUNCATE staged")
        ready.append(Ready(batch, b"".join(parts)))
    return ready


def collector(parts: list[bytes]) -> Any:
    """Keeps what is written to it."""

    async def put(part: bytes) -> None:
        parts.append(part)

    return put


async def once(whole: bytes) -> Any:
    """One piece, as a stream."""
    yield whole


if __name__ == "__main__":
    talking.run(main)
