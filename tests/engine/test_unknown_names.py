"""Events by names that lead to nobody, on a real Postgres: they wait, lapse, race, are counted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.grocery import at, bought, did, enrolled, erased, named, redeem, returned
from engine.counter import Counter, batches, counters, reached
from patron.audit.check import audit
from patron.core.facts import Fact, IdentifiersLinked, Who
from patron.engine.apply import Engine
from patron.engine.following import follow
from patron.engine.lapsing import lapse
from patron.engine.letters import WAITED, wait_again
from patron.store import dead_letters, members
from patron.store.pool import session, transaction
from patron.store.tenants import Unknown
from patron.wire.identity import who_key

CARD = Who("card", "cd" * 16)
OTHER = Who("card", "ef" * 16)


@pytest.fixture
async def waits(database: str) -> AsyncIterator[Counter]:
    """A tenant whose unknown names wait, for 30 days."""
    async for made in counters(database, unknown=Unknown.WAIT):
        yield await limited(made)


@pytest.fixture
async def anonymous(database: str) -> AsyncIterator[Counter]:
    async for made in counters(database, unknown=Unknown.ANONYMOUS):
        yield await limited(made)


async def limited(counter: Counter) -> Counter:
    """From now on events may be 30 days late; the program was published into the past."""
    await counter.value("UPDATE tenant SET late_max = interval '30 days' RETURNING tenant")
    counter.engine = await Engine.open(counter.pool, group="till", sealer=counter.sealer)
    return counter


def by(who: Who, fact: Any) -> Fact:
    renamed: Fact = fact._replace(member=who)
    return renamed


def linked(member: str = "ann", who: Who = CARD, *, when: str = "2025-03-10") -> IdentifiersLinked:
    name = named(f"{member}-{who.value[:2]}-linked-{when}")
    return IdentifiersLinked(name, at(when), Who("id", member), (who,))


async def letters(counter: Counter) -> list[tuple[str, str]]:
    async with session(counter.pool) as connection:
        listed = await dead_letters.open_letters(connection)
    return [(each.topic, each.code) for each in listed]


async def is_right(counter: Counter) -> None:
    async with session(counter.pool) as connection:
        assert (await audit(connection)).differences == []
    assert await counter.value("SELECT count(*) FROM waiting") == 0


HISTORY: list[Fact] = [
    by(CARD, bought("a2", 30_00, when="2025-03-02")),
    bought("b1", 10_00, when="2025-03-04"),
    by(CARD, bought("a1", 120_00, when="2025-03-01")),
    returned("a1", l1=50_00, when="2025-03-03", units=0),
    by(CARD, did("review", "tea", when="2025-03-03")),
    by(OTHER, bought("c1", 7_00, when="2025-03-03")),
    by(CARD, returned("a2", l1=5_00, when="2025-03-05", units=0)),
    linked(),
    by(CARD, bought("a3", 1_00, when="2025-03-11")),
    linked(who=OTHER, when="2025-03-12"),
    redeem(5, when="2025-03-13"),
]
CHAINS: dict[str, bytes] = {}


@pytest.mark.parametrize("size", [1, 2, 4, 100])
async def test_what_waits_is_the_same_however_facts_are_cut_into_batches(
    waits: Counter, size: int
) -> None:
    for batch in batches(HISTORY, size):
        assert (await waits.put(*batch)).dead_letters == {}
    row = await waits.account("ann")
    # 120.00 on the 1st make silver, and 70.00 of them are left; 100.00 at least count all the
    # while, so the rest gives twice: 25.00, 7.00, 10.00 and 1.00. A review, and 5 are spent.
    assert row.balances[0] == 70 + 2 * (25 + 7 + 10 + 1) + 50 - 5
    state, told = await waits.history("ann")
    assert state.account.seq == row.seq == len(told)
    assert tuple(row.balances[:4]) == state.account.balances["points"]
    assert CHAINS.setdefault("ann", row.chain) == row.chain
    await is_right(waits)


async def test_it_is_as_though_the_name_had_been_known_all_along(waits: Counter) -> None:
    names = [linked(when="2025-03-01 00:00"), linked(who=OTHER, when="2025-03-01 00:00")]
    known = [fact for fact in HISTORY if not isinstance(fact, IdentifiersLinked)]
    await waits.put(*known[:-1], *names, known[-1])
    late = (await waits.account("ann")).balances
    by_bob = [fact._replace(name=named(f"bob {fact.name.id}"), **_bobs(fact)) for fact in known]
    names = [linked("bob", Who("card", "11" * 16), when="2025-03-01 00:00")]
    names += [linked("bob", Who("card", "22" * 16), when="2025-03-01 00:00")]
    for fact in [*names, *by_bob]:
        assert (await waits.put(fact)).dead_letters == {}
    assert (await waits.account("bob")).balances == late
    await is_right(waits)


def _bobs(fact: Any) -> dict[str, Any]:
    """The same event of another member, by other names."""
    whose = {CARD: Who("card", "11" * 16), OTHER: Who("card", "22" * 16), None: None}
    changed: dict[str, Any] = {"member": whose.get(fact.member, Who("id", "bob"))}
    if order := getattr(fact, "order", ""):
        changed["order"] = f"bob {order}"
    return changed


async def test_what_waits_changes_nothing_and_a_redelivery_is_known(waits: Counter) -> None:
    order = by(CARD, bought("a1", 10_00))
    assert (await waits.put(order)).outcomes == {"waiting": 1}
    assert (await waits.put(order, order)).outcomes == {"duplicate": 2}
    assert await waits.value("SELECT count(*) FROM waiting") == 1
    assert await waits.value("SELECT count(*) FROM account") == 0
    await waits.put(linked())
    assert (await waits.put(order)).outcomes == {"duplicate": 1}
    assert await waits.available("ann") == 10
    await is_right(waits)


async def test_of_two_members_who_get_one_name_the_first_has_what_waited(waits: Counter) -> None:
    await waits.put(by(CARD, bought("a1", 10_00)), enrolled(member="bob"))
    done = await waits.put(linked("ann"), linked("bob"))
    assert done.dead_letters == {"identifier_taken": 1}
    assert (await waits.available("ann"), await waits.available("bob")) == (10, 0)
    await is_right(waits)


async def test_a_name_that_was_erased_is_waited_for_again(waits: Counter) -> None:
    await waits.put(linked(when="2025-03-01"), erased(when="2025-03-02"))
    await waits.put(by(CARD, bought("a1", 10_00)), linked("bob"))
    assert await waits.available("bob") == 10
    await is_right(waits)


# Races.


async def test_an_event_and_its_name_that_come_at_once_always_meet(waits: Counter) -> None:
    engines = [
        await Engine.open(waits.pool, group=f"till-{n}", sealer=waits.sealer) for n in range(2)
    ]
    tills = [Counter(waits.pool, waits.sealer, engine) for engine in engines]
    cards = [Who("card", f"{n:032x}") for n in range(40)]
    await waits.put(*(enrolled(member=f"m{n}") for n in range(40)))

    async def buy() -> None:
        for n, card in enumerate(cards):
            await tills[0].put(by(card, bought(f"o{n}", 10_00)))

    async def link() -> None:
        for n, card in enumerate(cards):
            await tills[1].put(linked(f"m{n}", card))

    await asyncio.gather(buy(), link())
    assert await waits.value("SELECT count(*) FROM waiting") == 0
    total = await waits.value("SELECT sum(balances[1]) FROM account")
    assert total == 40 * 10
    await is_right(waits)


async def test_whoever_brings_a_name_waits_for_an_event_that_is_about_to_wait(
    waits: Counter,
) -> None:
    name = ("card", who_key(CARD))
    async with transaction(waits.pool) as connection:
        await members.hold(connection, 1, alone=(), shared=[name])
        linking = asyncio.create_task(waits.put(linked()))
        done, _ = await asyncio.wait([linking], timeout=0.3)
        assert not done
    await linking


# Lapsing.


async def test_what_waits_longer_than_an_event_may_be_late_is_a_dead_letter(
    waits: Counter,
) -> None:
    await waits.put(
        by(CARD, bought("a1", 10_00, when="2025-03-01")),
        by(CARD, returned("a1", l1=1_00, when="2025-03-03 18:00")),
        by(CARD, bought("a2", 5_00, when="2025-03-20")),
    )
    await reached(waits, "2025-03-31")
    assert await lapse(waits.engine, facts_max=10) == (0, {})
    await reached(waits, "2025-04-02")
    assert await lapse(waits.engine, facts_max=1) == (1, {"name_unknown": 1})
    await reached(waits, "2025-04-03")
    assert await lapse(waits.engine, facts_max=10) == (1, {"order_unknown": 1})
    assert await lapse(waits.engine, facts_max=10) == (0, {})
    assert await letters(waits) == [(WAITED, "order_unknown"), (WAITED, "name_unknown")]
    await waits.put(linked(when="2025-04-04"))
    assert await waits.available("ann") == 5
    await is_right(waits)


async def test_a_name_that_comes_too_late_finds_nothing_also_where_nobody_looked(
    waits: Counter,
) -> None:
    await waits.put(
        by(CARD, bought("a1", 10_00, when="2025-03-01")),
        by(CARD, bought("a2", 5_00, when="2025-03-20")),
    )
    done = await waits.put(linked(when="2025-03-05"), received_at=at("2025-04-02"))
    assert done.dead_letters == {"name_unknown": 1}
    assert await waits.available("ann") == 5
    await is_right(waits)


async def test_a_letter_that_is_replayed_acts_once_its_name_is_known(waits: Counter) -> None:
    await waits.put(by(CARD, bought("a1", 10_00, when="2025-03-01")))
    await reached(waits, "2025-04-02")
    await lapse(waits.engine, facts_max=10)
    await replay_letter(waits)
    # Nobody has the name yet: it waits, and lapses again.
    assert (await follow(waits.engine, facts_max=10))[0] == 1
    assert await lapse(waits.engine, facts_max=10) == (1, {"name_unknown": 1})
    await waits.put(linked(when="2025-04-02"))
    await replay_letter(waits)
    assert (await follow(waits.engine, facts_max=10))[0] == 1
    assert await waits.available("ann") == 10
    await is_right(waits)


async def replay_letter(counter: Counter) -> None:
    async with transaction(counter.pool) as connection:
        listed = (await dead_letters.open_letters(connection))[0]
        found = await dead_letters.get(connection, counter.sealer, listed.id)
        assert found is not None
        await wait_again(connection, found[0].record)


# Nobody's.


async def test_an_anonymous_event_is_counted_and_known_again(anonymous: Counter) -> None:
    facts = [by(CARD, bought("a1", 10_00)), by(CARD, did("review", "tea"))]
    done = await anonymous.put(*facts)
    assert (done.outcomes, done.dead_letters) == ({"anonymous": 2}, {})
    assert (await anonymous.put(*facts)).outcomes == {"duplicate": 2}
    for table in ("member", "account", "entry", "waiting", "dead_letter"):
        assert await anonymous.value(f"SELECT count(*) FROM {table}") == 0
    await anonymous.put(linked())
    assert await anonymous.available("ann") == 0


@pytest.mark.parametrize("comes", ["after", "before", "with"])
async def test_a_refund_of_an_anonymous_order_is_no_dead_letter_either(
    anonymous: Counter, comes: str
) -> None:
    facts = [
        by(CARD, bought("a1", 10_00, when="2025-03-01")),
        by(CARD, returned("a1", l1=4_00, when="2025-03-02")),
    ]
    facts = facts[::-1] if comes == "before" else facts
    for batch in batches(facts, 2 if comes == "with" else 1):
        assert (await anonymous.put(*batch)).dead_letters == {}
    await reached(anonymous, "2025-05-01")
    assert await lapse(anonymous.engine, facts_max=10) == (1, {})
    assert await letters(anonymous) == []


async def test_an_anonymous_order_is_whose_its_next_event_says(anonymous: Counter) -> None:
    order = bought("a1", 10_00, when="2025-03-01")
    await anonymous.put(by(CARD, order))
    await anonymous.put(by(CARD, returned("a1", l1=4_00, when="2025-03-02", units=0)))
    await anonymous.put(order._replace(name=named("again"), at=at("2025-03-03")))
    assert await anonymous.available("ann") == 6
    assert (await anonymous.put(by(CARD, returned("a1", 1_00, when="2025-03-04")))).outcomes == {
        "applied": 1
    }
    assert await anonymous.available("ann") == 5
    await is_right(anonymous)


async def test_what_asks_something_of_nobody_is_a_dead_letter(anonymous: Counter) -> None:
    asked = by(CARD, redeem(1))
    assert (await anonymous.put(asked)).dead_letters == {"unknown_member": 1}
    # It claimed no name, so it is answered once the name is somebody's.
    await anonymous.put(bought("o1", 10_00), linked(when="2025-03-03"))
    assert (await anonymous.put(asked)).outcomes == {"applied": 1}
    assert await anonymous.available("ann") == 9
