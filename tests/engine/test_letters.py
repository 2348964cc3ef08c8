"""Facts that waited and are unfit when their turn comes: set aside, and let wait again."""

from collections.abc import AsyncIterator

import pytest

from core.grocery import article, bought, returned
from engine.counter import Counter, counters
from patron.audit.check import audit
from patron.core.facts import Fact
from patron.engine.following import follow
from patron.engine.letters import WAITED, wait_again
from patron.store import dead_letters, waiting
from patron.store.pool import session, transaction
from patron.store.waiting import WaitingFact
from patron.wire.bodies import encode_fact, kind_of
from patron.wire.identity import THEIR_TURN, event_key


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    async for made in counters(database):
        yield made


async def letters(counter: Counter) -> list[tuple[str, str]]:
    async with transaction(counter.pool) as connection:
        listed = await dead_letters.open_letters(connection)
    return [(each.topic, each.code) for each in listed]


async def test_a_refund_that_waited_and_exceeds_its_order_becomes_a_dead_letter(
    counter: Counter,
) -> None:
    await counter.put(returned("o1", l1=99_00))
    assert await letters(counter) == []
    said = await counter.put(bought("o1", 10_00))
    assert (said.outcomes["applied"], said.dead_letters) == (1, {"refund_exceeds_order": 1})
    assert await letters(counter) == [(WAITED, "refund_exceeds_order")]
    assert await counter.available("ann") == 10
    assert await counter.value("SELECT count(*) FROM waiting") == 0


async def test_the_second_model_reads_a_member_of_whom_a_waiting_refund_is_all_that_came(
    counter: Counter,
) -> None:
    await counter.put(returned("o1", l1=4_00, member="ann"))
    async with session(counter.pool) as connection:
        report = await audit(connection)
    assert (report.accounts, report.entries, report.differences) == (1, 0, [])


async def test_a_fact_that_follows_and_is_unfit_becomes_a_dead_letter_and_its_neighbours_act(
    counter: Counter,
) -> None:
    await counter.put(bought("o1", 10_00))
    await put_off(counter, returned("o1", l1=99_00), bought("o2", 7_00))
    followed, _ = await follow(counter.engine, facts_max=10)
    assert followed == 2
    assert await letters(counter) == [(WAITED, "refund_exceeds_order")]
    assert await counter.available("ann") == 17


async def test_what_was_set_aside_waits_again_and_acts_once_it_fits(counter: Counter) -> None:
    await counter.put(returned("o1", l1=99_00))
    order = bought("o1", 10_00)
    await counter.put(order)
    more = order._replace(name=order.name._replace(id="edit"), lines=(article(100_00, line="l1"),))
    await counter.put(more)
    assert await counter.available("ann") == 100

    async with transaction(counter.pool) as connection:
        [listed] = await dead_letters.open_letters(connection)
        found = await dead_letters.get(connection, counter.sealer, listed.id)
        assert found is not None
        await wait_again(connection, found[0].record)
    assert (await follow(counter.engine, facts_max=10))[0] == 1
    assert await counter.available("ann") == 1
    assert len(await letters(counter)) == 1


async def put_off(counter: Counter, *facts: Fact) -> None:
    """Let facts wait for their turn, as a closing does."""
    async with transaction(counter.pool) as connection:
        await waiting.put(
            connection,
            tenant=1,
            program=counter.served.number,
            facts=[
                WaitingFact(THEIR_TURN, event_key(f.name), f.at, kind_of(f), encode_fact(f))
                for f in facts
            ],
        )
