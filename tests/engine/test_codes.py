"""Codes of a pool: loaded once, sealed, and each told to one member."""

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from core.grocery import bought, named, redeem
from engine.counter import Counter, counters
from patron.audit.check import audit
from patron.core.facts import Fact
from patron.engine.apply import Engine
from patron.engine.reconciling import owed, unsent
from patron.store import codes
from patron.store.codes import NewCode
from patron.store.pool import open_pool, session, transaction
from patron.wire.identity import Hasher

RACERS = 8
SHOP = """
format: 1
program: shop
zone: America/New_York
currency: USD
assets: {points: {}}
rules:
  - {rule: base, earn: points, per_amount: {points: "1", per: "1.00"}}
rewards:
  film: {kind: code, codes: loaded, low_at: 1, costs: {points: 1}}
"""


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    """A counter whose reward draws codes."""
    async for made in counters(database, SHOP):
        yield made


async def load(counter: Counter, *texts: str) -> int:
    hasher = Hasher(bytes(32))
    async with transaction(counter.pool) as connection:
        return await codes.load(
            connection, counter.sealer, tenant=1, program=1, pool="codes/film",
            codes=[NewCode(hasher.code("film", text), text) for text in texts],
        )  # fmt: skip


async def told(counter: Counter) -> dict[int, str]:
    """The codes that were told, by their numbers."""
    async with session(counter.pool) as connection:
        rows = await connection.fetch("SELECT body FROM outbox")
    said = [json.loads(msgspec.msgpack.decode(row["body"])[1]) for row in rows]
    return {data["code_number"]: data["code"] for data in said if "code_number" in data}


async def told_low(counter: Counter) -> list[int]:
    """How many codes were left when it was told that they run low."""
    async with session(counter.pool) as connection:
        rows = await connection.fetch("SELECT body FROM outbox")
    said = [msgspec.msgpack.decode(row["body"]) for row in rows]
    return [json.loads(data)["left"] for (_, kind, *_), data in said if "pool.low" in kind]


async def _alone(counter: Counter, fact: Fact) -> None:
    pool = await open_pool(counter.dsn, size=2)
    engine = await Engine.open(pool, group="till", sealer=counter.sealer)
    await Counter(pool, counter.sealer, engine, counter.dsn).put(fact)
    await pool.close()


def claim(member: str) -> Fact:
    return redeem(reward="film", member=member)._replace(name=named(f"claim-{member}"))


async def test_no_code_is_given_twice_and_none_that_is_not_there(counter: Counter) -> None:
    assert await load(counter, "RED-1", "RED-2", "RED-3") == 3
    members = [f"m{n}" for n in range(RACERS)]
    for member in members:
        await counter.put(bought(f"of-{member}", 5_00, when="2025-03-01", member=member))
    await asyncio.gather(*[_alone(counter, claim(member)) for member in members])
    assert await told(counter) == {1: "RED-1", 2: "RED-2", 3: "RED-3"}
    assert await told_low(counter) == [1]
    # Decided again from the entries, the same is owed: when it ran low is in them.
    waiting, _ = await unsent(counter.pool, counter.sealer)
    assert await owed(counter.pool, counter.engine.catalogue) == waiting
    assert await counter.value("SELECT used FROM pool") == 3
    async with session(counter.pool) as connection:
        assert (await audit(connection)).differences == []


async def test_a_code_is_loaded_once_and_lies_sealed(counter: Counter) -> None:
    assert await load(counter, "RED-1", "RED-2") == 2
    assert await load(counter, "RED-2", "RED-3") == 1
    assert await counter.value("SELECT loaded FROM pool") == 3
    assert b"RED" not in await counter.value("SELECT string_agg(sealed, '') FROM code")
