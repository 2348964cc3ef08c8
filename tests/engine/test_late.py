"""Late facts through the tables: the same account as in memory, and as told again."""

from core.grocery import article, bought, did, redeem, reserve, returned
from engine.counter import Counter
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
