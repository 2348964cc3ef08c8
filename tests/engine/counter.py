"""A shop counter on a database of its own: facts in through the one write path."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from core.grocery import at
from patron.core.account import State
from patron.core.facts import Fact, Who
from patron.engine.apply import Applied, Batch, Engine
from patron.engine.catalogue import Served
from patron.engine.history import Told, fold
from patron.engine.publish import publish
from patron.engine.received import Received
from patron.store import accounts, claims, ledger, members, migrate, tenants
from patron.store.accounts import AccountRow
from patron.store.claims import Advance
from patron.store.dead_letters import Original
from patron.store.ledger import EntryRow
from patron.store.pool import open_pool, session, transaction
from patron.store.sealing import KEY_BYTES, Sealer
from patron.store.tenants import Unknown
from patron.wire.bodies import encode_fact
from patron.wire.identity import content_hash, event_key, who_key
from patron.wire.incoming import Arrived

TENANT = "default"
LONG_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)

PROGRAM = """
format: 1
program: grocer
zone: America/New_York
currency: USD
assets:
  points: {ends: {after: P6M, at_end_of: month}}
meters:
  spend: {counts: basis, window: year}
  cups: {counts: units, punches: true, match: {category: [COFFEE]}, lives: P30D}
rules:
  - rule: base
    text: {en: 1 point per dollar}
    earn: points
    per_amount: {points: 1, per: "1.00"}
    by_tier: {silver: 2}
  - rule: review
    text: {en: A review}
    earn: points
    per_event: {points: 50, action: review, once: subject}
  - rule: third
    text: {en: Every third cup}
    unlock: free-cup
    every: {meter: cups, count: 3}
tiers:
  meter: spend
  ladder: [{tier: member, from: "0"}, {tier: silver, from: "100.00"}]
  held: {until: end_of_next_window}
rewards:
  free-cup: {kind: free_product, text: {en: A free cup}, lapses_after: P30D}
  five-off: {kind: amount_off, text: {en: Five off}, costs: {points: 5}}
"""


class Counter:
    """One engine, and what its tables say."""

    def __init__(self, pool: Any, sealer: Sealer, engine: Engine, dsn: str = "") -> None:
        self.dsn = dsn
        self.pool = pool
        self.sealer = sealer
        self.engine = engine
        self._offsets = count()

    async def put(self, *facts: Fact, received_at: datetime | None = None) -> Applied:
        """Apply facts as one batch."""
        received = [self.received(fact, received_at=received_at) for fact in facts]
        return await self.engine.apply(Batch("till", (), received, ()))

    def received(self, fact: Fact, *, received_at: datetime | None = None) -> Received:
        body = encode_fact(fact)
        at = received_at or fact.at
        arrived = Arrived(fact, body, event_key(fact.name), content_hash(body), at)
        offset = next(self._offsets)
        return Received(arrived, Original("t", 0, offset, 0, b"k", b"v", ()))

    @property
    def served(self) -> Served:
        return self.engine.catalogue.tenants[TENANT].programs[0]

    async def account(self, member: str) -> AccountRow:
        async with session(self.pool) as connection:
            name = ("id", who_key(Who("id", member)))
            known = await members.find(connection, 1, [name])
            row = await accounts.read(
                connection, program=self.served.number, member=known[name].member
            )
        assert row is not None
        return row

    async def available(self, member: str) -> int:
        balances = (await self.account(member)).balances
        return balances[0] if balances else 0

    async def entries(self, member: str) -> list[EntryRow]:
        row = await self.account(member)
        async with session(self.pool) as connection:
            return await ledger.entries(connection, row.account)

    async def history(self, member: str) -> tuple[State, list[Told]]:
        return fold(await self.entries(member), member=member, served=self.served)

    async def value(self, query: str, *arguments: Any) -> Any:
        async with session(self.pool) as connection:
            return await connection.fetchval(query, *arguments)


async def counters(
    dsn: str, document: str = PROGRAM, *, unknown: Unknown = Unknown.OPEN
) -> AsyncIterator[Counter]:
    await migrate.migrate(dsn)
    pool = await open_pool(dsn)
    sealer = Sealer(bytes(KEY_BYTES))
    async with transaction(pool) as connection:
        await tenants.add(
            connection, sealer, name=TENANT, late_max=None, follows_input=True, unknown=unknown
        )
    await publish(
        pool, sealer, tenant=TENANT, document=document, source="grocer.yaml", since=LONG_BEFORE
    )
    yield Counter(pool, sealer, await Engine.open(pool, group="till", sealer=sealer), dsn)
    await pool.close()


def batches(facts: Sequence[Fact], size: int) -> list[Sequence[Fact]]:
    """Facts in batches of one size."""
    return [facts[start : start + size] for start in range(0, len(facts), size)]


async def reached(counter: Counter, day: str) -> None:
    """Let a partition of the input have come so far."""
    async with transaction(counter.pool) as connection:
        place = ("orders", 0)
        held = await claims.claim(connection, group="till", partitions=[place], owner="test")
        claim = held[place]
        if claim.next_offset is None:
            await claims.begin(connection, group="till", place=place, epoch=claim.epoch, offset=0)
        start = claim.next_offset or 0
        step = Advance("orders", 0, claim.epoch, start, start + 1, b"h", at(day))
        assert not await claims.advance(connection, group="till", steps=[step])
