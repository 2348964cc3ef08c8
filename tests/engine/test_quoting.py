"""Quotes from the tables: they say what replay says, and no row changes."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from core.grocery import Till, adjust, ann, article, bought, named, reserve, returned
from core.grocery import redeem as redeemed
from engine.counter import Counter, counters
from patron.core.facts import Fact, IdentifiersLinked, OrderCompleted, Who
from patron.core.quote import Quote, ReturnQuote
from patron.engine import quoting
from patron.store.pool import snapshot
from patron.wire.documents import compile_document

CARD = """
format: 1
program: card
zone: America/New_York
currency: USD
assets: {points: {ends: {after: P30D}}}
meters: {paid: {counts: basis}}
prices:
  - {price: trio, special_price: {each: "2.50", sets_of: 3}}
  - price: card
    percent_off: {meter: paid, steps: [{from: "0", percent: "3"}, {from: "100.00", percent: "5"}]}
paying: {asset: points, block: 10, worth: "1.00"}
rules:
  - {rule: base, earn: points, per_amount: {points: "1", per: "1.00"}, budget: 400}
rewards:
  print: {kind: free_product, costs: {points: 10}, stock: 2, per_member: 1, hold: PT48H}
"""

PHONE = Who("phone", "5b" * 16)
BEFORE: list[Fact] = [
    bought("o1", 120_00, when="2025-03-01"),
    bought("o2", 200_00, when="2025-03-01", member="bob"),
    redeemed(reward="print", when="2025-03-02"),
    reserve(reward="print", when="2025-03-02", member="bob"),
    IdentifiersLinked(named("link"), bought("", 1, when="2025-03-02").at, ann(), (PHONE,)),
]


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    """Ann and bob have bought, and each took one of the two prints."""
    async for made in counters(database, CARD):
        for fact in BEFORE:
            await made.put(fact)
        yield made


def basket(member: str = "ann", *, when: str = "2025-03-03") -> OrderCompleted:
    return bought("", article(9_00, units=3), 20_00, when=when, member=member)


async def quoted(counter: Counter, order: OrderCompleted) -> Quote:
    tenant = counter.engine.catalogue.tenants["default"]
    said = await quoting.quoted_from_tables(counter.pool, tenant, counter.served, order)
    assert isinstance(said, Quote)
    return said


@pytest.mark.parametrize("member", ["ann", "bob", "eve"])
@pytest.mark.parametrize("when", ["2025-03-03", "2025-03-30", "2025-06-01"])
async def test_the_tables_say_what_the_same_facts_say_in_memory(
    counter: Counter, member: str, when: str
) -> None:
    till = Till(compile_document(CARD, source="card.yaml"), members="ann bob")
    till.put(*BEFORE)
    order = basket(member, when=when)
    assert await quoted(counter, order) == quoting.quoted(till.book, order, member=member)


async def test_a_member_is_found_by_any_of_their_names(counter: Counter) -> None:
    said = await quoted(counter, basket()._replace(member=PHONE))
    assert said.member == "ann"
    assert said.prices[-1].reading == 120_00


async def test_of_a_return_too(counter: Counter) -> None:
    till = Till(compile_document(CARD, source="card.yaml"), members="ann bob")
    till.put(*BEFORE)
    refund = returned("o1", when="2025-03-10", member="ann", l1=40_00)
    tenant = counter.engine.catalogue.tenants["default"]
    said = await quoting.return_from_tables(counter.pool, tenant, counter.served, refund)
    assert isinstance(said, ReturnQuote)
    assert said.changes == (("points", -40),)
    assert said == quoting.quoted_return(till.book, refund, member="ann")


async def everything(counter: Counter) -> str:
    """A hash of every row of every table, and of what Postgres counts as written."""
    parts = []
    async with snapshot(counter.pool) as connection:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT ctid::text, xmin::text, t::text FROM {table} t")
            parts.append(f"{table}: {sorted(map(tuple, rows))}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def test_a_question_moves_nothing_no_row_changes(counter: Counter) -> None:
    before = await everything(counter)
    for member in ("ann", "bob", "eve"):
        # At a time at which bob's reservation has lapsed and all points have ended.
        await quoted(counter, basket(member, when="2025-06-01"))
    tenant, refund = counter.engine.catalogue.tenants["default"], returned("o1", member="ann", l1=1)
    await quoting.return_from_tables(counter.pool, tenant, counter.served, refund)
    assert await everything(counter) == before
    await counter.put(adjust(1, when="2025-03-04"))
    assert await everything(counter) != before
