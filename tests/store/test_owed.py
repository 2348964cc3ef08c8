"""What is owed and what is used up: grants, once-keys, notices, and facts that wait."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from patron.errors import Raced
from patron.store import grants, once, outbox, waiting
from patron.store.grants import GrantRow
from patron.store.once import Key
from patron.store.outbox import OwedNotice
from patron.store.pool import transaction
from patron.store.waiting import WaitingFact
from store.ground import NEVER, NOW, Store, uid

OURS = {"tenant": 1, "program": 1}
HELD = GrantRow(1, 4, 1, 3, 0, NOW, NEVER, NEVER, b"order")


# Grants.


async def test_a_grant_is_added_and_then_only_its_state_and_its_times_change(store: Store) -> None:
    reserved = HELD._replace(state=1, ends_at=NOW, detail=b"request")
    elsewhere = HELD._replace(account=2, n=2)
    async with transaction(store.pool) as connection:
        await grants.save(connection, [elsewhere, HELD])
        await grants.save(connection, [])
        assert await grants.open_grants(connection, [2, 1]) == [HELD, elsewhere]

        new = HELD._replace(seq=5)
        moved = reserved._replace(unlocked_at=NOW + timedelta(days=1))
        await grants.save(connection, [moved._replace(reward=9), new])
        assert await grants.open_grants(connection, [1]) == [moved, new]


async def test_a_grant_that_is_over_is_found_by_its_reservation_or_the_order_it_was_used_on(
    store: Store,
) -> None:
    request, order = b"r" * 16, b"o" * 16
    async with transaction(store.pool) as connection:
        over = [
            HELD._replace(state=2, request=request),
            HELD._replace(seq=5, state=5, used_on=order),
            HELD._replace(seq=6, state=3),
        ]
        await grants.save(connection, over)
        assert [
            [row.seq for row in await grants.ended_grants(connection, [1], names=[name])]
            for name in (request, order, b"x" * 16)
        ] == [[HELD.seq], [5], []]


@pytest.mark.parametrize("state", range(6))
async def test_only_grants_that_are_unlocked_or_reserved_are_open(store: Store, state: int) -> None:
    async with transaction(store.pool) as connection:
        await grants.save(connection, [HELD._replace(state=state)])
        assert bool(await grants.open_grants(connection, [1])) == (state < 2)


# Once-keys.


def keys(*names: str, rule: int = 1) -> list[Key]:
    return [Key(rule, uid(name)) for name in names]


async def used(store: Store, wanted: list[Key], *, account: int = 1) -> None:
    async with transaction(store.pool) as connection:
        rows = [(key, account) for key in wanted]
        await once.insert(connection, **OURS, keys=rows)


async def test_a_key_that_was_used_is_known_to_its_own_rule_and_program(store: Store) -> None:
    await used(store, keys("a", "b"))
    wanted = [*keys("a", "c"), *keys("b", rule=2)]
    async with transaction(store.pool) as connection:
        assert await once.taken(connection, **OURS, keys=wanted) == set(keys("a"))
        assert await once.taken(connection, tenant=1, program=2, keys=wanted) == set()
        assert await once.taken(connection, tenant=2, program=1, keys=wanted) == set()
        assert await once.taken(connection, **OURS, keys=[]) == set()


async def test_of_ten_that_use_the_same_keys_at_once_exactly_one_does(store: Store) -> None:
    wanted = keys(*"abcdefghij")

    async def one(turn: int) -> bool:
        try:
            await used(store, wanted[turn:] + wanted[:turn], account=turn)
        except Raced:
            return False
        return True

    assert sorted(await asyncio.gather(*map(one, range(10)))) == [False] * 9 + [True]
    async with transaction(store.pool) as connection:
        # All are the winner's: whoever lost took none of them.
        assert await connection.fetchval("SELECT count(DISTINCT account) FROM once") == 1


# The outbox.

TOPIC = "patron.member-events.v1"


def notice(name: str) -> UUID:
    return UUID(bytes=uid(name))


async def test_the_oldest_notices_of_a_shard_come_first_up_to_a_number_and_a_size(
    store: Store,
) -> None:
    bodies = [b"a" * 10, b"b" * 10, b"c" * 11, b"d"]
    owed = [OwedNotice(0, notice(str(body)), body) for body in bodies]
    async with transaction(store.pool) as connection:
        await outbox.append(connection, [*owed, OwedNotice(1, notice("other"), b"other")])
        await outbox.append(connection, [])

        async def oldest(notices_max: int, bytes_max: int) -> list[bytes]:
            found = await outbox.oldest(
                connection, shard=0, notices_max=notices_max, bytes_max=bytes_max
            )
            return [row.body for row in found]

        assert await oldest(9, 1000) == bodies
        assert await oldest(2, 1000) == bodies[:2]
        assert await oldest(9, 31) == bodies[:3]
        assert await oldest(9, 30) == bodies[:2]
        # One that is larger than all that is allowed would else wait for ever.
        assert await oldest(9, 1) == bodies[:1]
        assert await outbox.pending(connection, shard=0) == 4
        assert await outbox.pending(connection, shard=0, counted_max=3) == 3
        assert await outbox.pending(connection, shard=7) == 0


async def test_a_copy_of_a_dead_letter_waits_among_notices_and_is_none(store: Store) -> None:
    owed = [OwedNotice(0, notice("n"), b"n"), OwedNotice(0, notice("c"), b"c", is_letter=True)]
    async with transaction(store.pool) as connection:
        await outbox.append(connection, owed)
        found = await outbox.oldest(connection, shard=0, notices_max=9, bytes_max=99)
        assert [(each.body, each.is_letter) for each in found] == [(b"n", False), (b"c", True)]
        assert await outbox.notices(connection) == {notice("n")}


async def test_only_notices_that_were_named_leave_the_outbox_and_only_of_their_shard(
    store: Store,
) -> None:
    owed = [OwedNotice(shard, notice(f"{shard}{n}"), b"x") for shard in (0, 1) for n in range(3)]
    async with transaction(store.pool) as connection:
        await outbox.append(connection, owed)
        there = await outbox.oldest(connection, shard=0, notices_max=9, bytes_max=99)
        other = await outbox.oldest(connection, shard=1, notices_max=9, bytes_max=99)
        gone = [there[0].id, there[2].id, other[0].id]
        await outbox.delete(connection, shard=0, ids=gone, positions={})

        assert await outbox.oldest(connection, shard=0, notices_max=9, bytes_max=99) == [there[1]]
        assert await outbox.oldest(connection, shard=1, notices_max=9, bytes_max=99) == other
        notices = [row.notice for row in owed]
        assert await outbox.known(connection, shard=0, notices=notices) == {
            there[1].notice: there[1].id
        }


async def test_positions_on_the_output_topic_never_go_back(store: Store) -> None:
    async with transaction(store.pool) as connection:
        assert await outbox.positions(connection, shard=0) == {}
        for positions in ({(TOPIC, 1): 5, (TOPIC, 0): 7}, {(TOPIC, 1): 4, (TOPIC, 0): 8}, {}):
            await outbox.delete(connection, shard=0, ids=[], positions=positions)
        assert await outbox.positions(connection, shard=0) == {(TOPIC, 0): 8, (TOPIC, 1): 5}
        assert await outbox.positions(connection, shard=1) == {}


async def test_a_notice_that_commits_late_is_found_after_younger_ones_have_left(
    store: Store,
) -> None:
    async with transaction(store.pool) as late:
        await outbox.append(late, [OwedNotice(0, notice("late"), b"late")])
        async with transaction(store.pool) as connection:
            await outbox.append(connection, [OwedNotice(0, notice("young"), b"young")])
        async with transaction(store.pool) as relay:
            (young,) = await outbox.oldest(relay, shard=0, notices_max=9, bytes_max=99)
            await outbox.delete(relay, shard=0, ids=[young.id], positions={})

    async with transaction(store.pool) as relay:
        (found,) = await outbox.oldest(relay, shard=0, notices_max=9, bytes_max=99)
    assert (young.body, found.body) == (b"young", b"late")
    assert found.id < young.id


# What waits.


async def test_facts_wait_for_their_key_until_they_are_dropped(store: Store) -> None:
    facts = [
        WaitingFact(uid(key), uid(fact), NOW, 2, fact.encode()) for key, fact in ("ax", "ay", "bz")
    ]
    async with transaction(store.pool) as connection:
        await waiting.put(connection, **OURS, facts=facts)
        await waiting.put(connection, tenant=1, program=2, facts=facts)
        found = await waiting.find(connection, **OURS, keys=[uid("a"), uid("c"), uid("a")])
        assert sorted(found) == sorted(facts[:2])
        assert await waiting.find(connection, **OURS, keys=[]) == []

        await waiting.drop(connection, **OURS, keys=[uid("a")])
        assert await waiting.find(connection, **OURS, keys=[uid("a"), uid("b")]) == facts[2:]
        elsewhere = await waiting.find(connection, tenant=1, program=2, keys=[uid("a")])
        assert len(elsewhere) == 2
