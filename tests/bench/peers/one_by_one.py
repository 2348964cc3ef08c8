"""One transaction an event, as a service is written first: read, look up, write, commit."""

import asyncio
import json
from datetime import datetime
from typing import Any

from bench.peers import talking
from bench.reference import TIERS, minor, points_of, tier_at


async def main() -> None:
    connection, source = await talking.connect(), talking.Input()
    producer = await talking.producer()
    await source.start()
    talking.say("ready")
    told: list[Any] = []
    while records := await source.next(500):
        for record in records:
            notice = await apply(connection, json.loads(record.value))
            if notice is not None:
                told.append(await producer.send(talking.NOTICES, notice, key=record.key))
    await asyncio.gather(*told)
    await producer.stop()
    await source.stop()
    await connection.close()


async def apply(connection: Any, event: dict[str, Any]) -> bytes | None:
    """Apply an event once; return the notice that it owes, if any."""
    data = event["data"]
    member = data["member"]
    async with connection.transaction():
        if await connection.fetchval("SELECT 1 FROM ledger WHERE event = $1", event["id"]):
            return None
        row = await connection.fetchrow(
            "SELECT balance, spent_minor FROM member WHERE member = $1 FOR UPDATE", member
        )
        balance, spent_minor = row or (0, 0)
        before = tier_at(spent_minor)
        lines = [(line["category"], minor(line["paid"])) for line in data["lines"]]
        points, paid_minor = points_of(lines, before)
        balance, spent_minor = balance + points, spent_minor + paid_minor
        at = datetime.fromisoformat(event["time"])
        await connection.execute(
            "INSERT INTO ledger VALUES ($1, $2, $3, $4, $5)",
            *(event["id"], member, points, balance, at),
        )
        await connection.execute(
            "INSERT INTO member VALUES ($1, $2, $3) ON CONFLICT (member) DO UPDATE "
            "SET balance = excluded.balance, spent_minor = excluded.spent_minor",
            *(member, balance, spent_minor),
        )
    after = tier_at(spent_minor)
    if after == before:
        return None
    return json.dumps([event["id"], member, TIERS[before], TIERS[after]]).encode()


if __name__ == "__main__":
    talking.run(main)
