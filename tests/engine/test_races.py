"""Several engines at once on one Postgres: no race gives more, or takes more, than there is.

Each engine stands for a worker with partitions of its own; what they meet in is the
database alone.
"""

import asyncio
import os
from collections import Counter as Tally
from collections.abc import Sequence

from core.grocery import bought, named, redeem, returned, transfer
from engine.counter import Counter
from patron.audit import check
from patron.core.facts import Fact
from patron.engine.apply import Engine
from patron.store.pool import open_pool, session

AT_ONCE = 4
ORDERS = 20
REFUNDED = int(os.environ.get("CHAOS_REFUNDS", "100"))  # 1,000 in the long run of `make chaos`.


async def all_at_once(counter: Counter, dsn: str, facts: Sequence[Fact]) -> None:
    """Give each fact to one of several engines, and let all of them begin together."""
    pool = await open_pool(dsn, size=AT_ONCE * 2)
    engines = [
        await Engine.open(pool, group=f"till-{n}", sealer=counter.sealer) for n in range(AT_ONCE)
    ]
    tills = [Counter(pool, counter.sealer, engine) for engine in engines]

    async def work(till: Counter, theirs: Sequence[Fact]) -> None:
        for fact in theirs:
            await till.put(fact)

    shares = [facts[number::AT_ONCE] for number in range(AT_ONCE)]
    try:
        await asyncio.gather(*[work(*each) for each in zip(tills, shares, strict=True)])
    finally:
        await pool.close()
    async with session(counter.pool) as connection:
        assert (await check.audit(connection)).differences == []


async def answers(counter: Counter, member: str) -> Tally[str]:
    """How many requests of a member were granted, and how many refused with which code."""
    _, told = await counter.history(member)
    asked = [each.decision.answer for each in told if each.decision.answer is not None]
    return Tally("granted" if answer.granted else answer.code for answer in asked)


async def test_64_redemptions_of_100_from_1000_points_are_granted_10_times(
    counter: Counter, database: str
) -> None:
    await counter.put(bought("o1", 1000_00))
    asked = [redeem(100)._replace(name=named(f"r{number}")) for number in range(64)]
    await all_at_once(counter, database, asked)
    assert await counter.available("ann") == 0
    assert await answers(counter, "ann") == {"granted": 10, "insufficient_points": 54}


async def test_of_20_transfers_of_a_whole_balance_one_succeeds(
    counter: Counter, database: str
) -> None:
    await counter.put(bought("o1", 50_00), bought("o2", 1_00, member="bob"))
    asked = [transfer(50)._replace(name=named(f"t{number}")) for number in range(20)]
    await all_at_once(counter, database, asked)
    assert await counter.available("ann") == 0
    assert await counter.available("bob") == 51
    assert await answers(counter, "ann") == {"granted": 1, "insufficient_points": 19}


async def test_an_order_and_its_refund_in_two_partitions_meet_whichever_is_first(
    counter: Counter, database: str
) -> None:
    pairs = [
        (bought(f"o{number}", 4_00), returned(f"o{number}", l1=1_00)) for number in range(ORDERS)
    ]
    # Neighbours go to two engines, now the order first, now the refund.
    facts = [fact for n, pair in enumerate(pairs) for fact in (pair if n % 2 else pair[::-1])]
    await all_at_once(counter, database, facts)
    assert await counter.available("ann") == ORDERS * 3
    assert await counter.value("SELECT count(*) FROM waiting") == 0
    assert await counter.value("SELECT count(*) FROM dead_letter") == 0


async def test_an_event_that_comes_by_every_partition_at_once_counts_once(
    counter: Counter, database: str
) -> None:
    order = bought("o1", 10_00)
    await all_at_once(counter, database, [order] * 40)
    assert await counter.available("ann") == 10
    assert await counter.value("SELECT count(*) FROM entry") == 1


async def test_orders_that_are_each_refunded_twice_at_once_are_refunded_once(
    counter: Counter, database: str
) -> None:
    orders = [bought(f"o{number}", 4_00, member=f"m{number % 25}") for number in range(REFUNDED)]
    await all_at_once(counter, database, orders)
    twice = [
        returned(order.order, l1=4_00, member=f"m{number % 25}")._replace(
            name=named(f"{order.order}-{which}")
        )
        for number, order in enumerate(orders)
        for which in range(2)
    ]
    # The two of an order go to two engines at the same time.
    await all_at_once(counter, database, twice)
    assert await counter.value("SELECT count(*) FROM dead_letter") == REFUNDED
    assert await counter.value("SELECT sum(balances[1]) FROM account") == 0
    assert await counter.value("SELECT sum(balances[4]) FROM account") == 0
