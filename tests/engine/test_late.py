"""Late facts through the tables: the same account as in memory, and as told again."""

from collections.abc import AsyncIterator

import pytest

from core.grocery import article, bought, did, redeem, reserve, returned, voided
from engine.counter import Counter, counters
from patron.audit.check import audit
from patron.core.facts import Fact
from patron.store.pool import session


def coffees(order: str, *, when: str, units: int = 1) -> Fact:
    return bought(order, article(3_00, units=units, category="COFFEE"), when=when)


FACTS: list[Fact] = [
    bought("o1", 60_00, when="2025-03-03"),
    coffees("o2", when="2025-03-05", units=2),
    redeem(20, when="2025-03-06"),
    reserve(10, when="2025-03-06 13:00"),
    bought("o3", 10_00, when="2025-03-10"),
    # Late: with it the member was silver from the 4th on, and the third cup was drunk.
    bought("o4", 40_00, when="2025-03-04"),
    coffees("o5", when="2025-03-04 15:00"),
    did("review", "tea", when="2025-03-02"),
    returned("o1", l1=60_00, when="2025-03-05 18:00"),
    bought("o6", 1_00, when="2025-03-20"),
]


async def told_again(counter: Counter) -> None:
    """What is told of the account's entries is what its tables hold."""
    state, told = await counter.history("ann")
    row = await counter.account("ann")
    assert state.account.seq == row.seq == len(told)
    assert list(state.account.balances["points"]) == list(row.balances)[:4]
    assert state.lots is not None
    async with session(counter.pool) as connection:
        lots = await connection.fetch("SELECT seq, n, remaining FROM lot WHERE remaining > 0")
    assert {(lot.seq, lot.n, lot.remaining) for lot in state.lots} == {tuple(lot) for lot in lots}


async def test_late_facts_leave_the_tables_as_if_they_had_come_in_time(counter: Counter) -> None:
    for fact in FACTS:
        assert (await counter.put(fact)).outcomes == {"applied": 1}
        await told_again(counter)


async def test_a_batch_may_hold_a_late_fact_and_what_it_corrects(counter: Counter) -> None:
    one_by_one = [fact for fact in FACTS if fact is not FACTS[3]]
    assert (await counter.put(*one_by_one)).outcomes == {"applied": len(one_by_one)}
    await told_again(counter)


async def test_the_audit_agrees_after_late_facts(counter: Counter) -> None:
    for fact in FACTS:
        await counter.put(fact)
    async with session(counter.pool) as connection:
        report = await audit(connection)
    assert report.differences == []


SHARED = """
format: 1
program: shared
zone: America/New_York
currency: USD
assets: {points: {}}
meters: {spend: {counts: basis, window: year}}
rules:
  - rule: base
    earn: points
    per_amount: {points: "1", per: "1.00"}
    by_tier: {silver: 2}
    budget: 400
  - rule: review
    earn: points
    per_event: {points: 50, action: review, once: ever}
    match: {tier: [silver]}
tiers:
  meter: spend
  ladder: [{tier: member, from: "0"}, {tier: silver, from: "100.00"}]
rewards:
  print: {kind: free_product, costs: {points: 10}, stock: 1, per_member: 1}
"""


@pytest.fixture
async def sharing(database: str) -> AsyncIterator[Counter]:
    """A counter whose program has a budget, a stock and something that is paid once."""
    async for made in counters(database, SHARED):
        yield made


async def test_late_facts_give_back_what_members_share(sharing: Counter) -> None:
    for fact in (
        bought("o1", 100_00, when="2025-03-03"),
        did(subject="tea", when="2025-03-05"),
        bought("o2", 20_00, when="2025-03-06"),
        redeem(reward="print", when="2025-03-07")._replace(order="o2"),
    ):
        await sharing.put(fact)
    assert await used(sharing) == {"budget/base": 140, "stock/print": 1}
    assert await sharing.value("SELECT count(*) FROM once") == 1
    await sharing.put(voided("o1", when="2025-03-04"))
    # Ann was no silver member on the 5th and 6th: nothing for the review, and 20 for o2.
    assert await used(sharing) == {"budget/base": 20, "stock/print": 1}
    assert await sharing.value("SELECT count(*) FROM once") == 0
    await sharing.put(
        bought("o3", 100_00, when="2025-03-10"), did(subject="jam", when="2025-03-11")
    )
    await sharing.put(voided("o2", when="2025-03-08"))
    assert await used(sharing) == {"budget/base": 100, "stock/print": 0}
    assert await sharing.value("SELECT count(*) FROM once") == 1
    await told_again(sharing)
    async with session(sharing.pool) as connection:
        assert (await audit(connection)).differences == []


async def used(counter: Counter) -> dict[str, int]:
    async with session(counter.pool) as connection:
        rows = await connection.fetch("SELECT pool, used FROM pool ORDER BY pool")
    return {row["pool"]: row["used"] for row in rows}
