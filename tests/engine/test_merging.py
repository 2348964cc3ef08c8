"""Merges on a real Postgres: every name leads to the heir, and the entries say it all again."""

import asyncio

import pytest

from core.grocery import article, bought, did, merged, redeem, reserve, returned, voided
from engine.counter import Counter, batches
from patron.audit.check import audit
from patron.core.facts import Fact
from patron.engine.apply import Engine
from patron.store.pool import session

HISTORY: list[Fact] = [
    bought("a1", 60_00, when="2025-03-01"),
    bought("b1", article(50_00, category="COFFEE", units=2), when="2025-03-02", member="bob"),
    did("review", "tea", when="2025-03-02 13:00", member="bob"),
    reserve(20, when="2025-03-03 10:00", member="bob"),
    returned("b2", l1=5_00, when="2025-03-03 10:01", member="bob"),
    merged("bob", into="ann", when="2025-03-03 10:05"),
    bought("b2", 25_00, when="2025-03-03 11:00", member="bob"),
    did("review", "tea", event="again", when="2025-03-04"),
    returned("b1", l1=30_00, when="2025-03-05", member="bob"),
    bought("b1", article(40_00, category="COFFEE", units=2), when="2025-03-06", member="bob"),
    returned("b1", l1=1_00, units=0, when="2025-03-07"),
    redeem(3, when="2025-03-08", member="bob"),
    voided("a1", when="2025-03-09"),
]


@pytest.mark.parametrize("size", [1, 4, 100])
async def test_a_merge_is_the_same_however_facts_are_cut_into_batches(
    counter: Counter, size: int
) -> None:
    for batch in batches(HISTORY, size):
        done = await counter.put(*batch)
        assert done.dead_letters == {}
    row = await counter.account("bob")
    assert row == await counter.account("ann")
    state, told = await counter.history("ann")
    assert state.account.seq == row.seq == len(told)
    assert tuple(row.balances[:4]) == state.account.balances["points"]
    assert CHAINS.setdefault("ann", row.chain) == row.chain
    # 50 for the review; b2 came to 20.00 and together they are silver, which doubles it;
    # of b1's 40.00 in the end 31.00 came back; a1 to nothing; 3 are spent.
    assert row.balances[0] == 50 + 2 * 20 + (40 - 31) - 3


CHAINS: dict[str, bytes] = {}


async def test_redelivered_events_of_a_merged_member_change_nothing(counter: Counter) -> None:
    for batch in batches(HISTORY, 4):
        await counter.put(*batch)
    before = await counter.account("ann")
    again = await counter.put(*HISTORY)
    assert again.outcomes == {"duplicate": len(HISTORY)}
    assert await counter.account("ann") == before


async def test_a_worker_that_knew_the_old_name_learns_that_it_leads_elsewhere(
    counter: Counter,
) -> None:
    late = Engine(
        counter.pool,
        counter.engine.catalogue,
        group="till",
        shards=1,
        sealer=counter.sealer,
        known_partitions=set(),
    )
    first = counter.engine
    counter.engine = late
    await counter.put(bought("b0", 1_00, when="2025-03-01", member="bob"))
    await counter.put(bought("b1", 1_00, when="2025-03-02", member="bob"))
    counter.engine = first
    await counter.put(merged("bob", into="ann", when="2025-03-03"))
    counter.engine = late
    await counter.put(bought("b2", 5_00, when="2025-03-04", member="bob"))
    assert await counter.available("ann") == 7


async def test_two_merges_across_each_other_at_once_leave_one_member(counter: Counter) -> None:
    for n in range(6):
        a, b = f"a{n}", f"b{n}"
        await counter.put(bought(f"x{n}", 1_00, member=a), bought(f"y{n}", 2_00, member=b))
        await asyncio.gather(
            counter.put(merged(a, into=b, when="2025-03-04")),
            counter.put(merged(b, into=a, when="2025-03-05")),
        )
        assert await counter.available(a) == await counter.available(b) == 3


async def test_a_merge_of_three_finds_each_ones_orders(counter: Counter) -> None:
    await counter.put(
        bought("a1", 1_00, member="ann"),
        bought("b1", 2_00, member="bob"),
        bought("c1", 4_00, member="cleo"),
    )
    await counter.put(merged("cleo", into="bob", when="2025-03-04"))
    await counter.put(merged("bob", into="ann", when="2025-03-05"))
    await counter.put(returned("c1", l1=4_00, when="2025-03-06"))
    assert await counter.available("cleo") == 3
    await counter.put(returned("b1", l1=2_00, when="2025-03-06", member="cleo"))
    assert await counter.available("ann") == 1
    state, _ = await counter.history("ann")
    assert state.account.balances["points"].available == 1


async def test_the_second_model_agrees_with_every_row_of_a_merge(counter: Counter) -> None:
    for batch in batches(HISTORY, 4):
        await counter.put(*batch)
    await counter.put(bought("c1", 4_00, member="cleo"))
    await counter.put(merged("ann", into="cleo", when="2025-03-10"))
    await counter.put(returned("b1", l1=1_00, units=0, when="2025-03-11", member="bob"))
    async with session(counter.pool) as connection:
        report = await audit(connection)
    assert report.differences == []
    assert report.accounts == 3
