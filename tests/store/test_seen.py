"""Names of events: each counts once, whoever brings it again and however late."""

import asyncio

import pytest

from patron.store import seen
from patron.store.pool import Connection, transaction
from patron.store.seen import DUPLICATE, FRESH, REUSED, Name
from store.ground import WEEK, Store, uid

CONTENT = 42


def name(event: str = "a", **changes: int | None) -> Name:
    row = Name(week=WEEK, event=uid(event), content=CONTENT, member=1, first_week=WEEK)
    return row._replace(**changes)


async def claim(store: Store, *names: Name) -> list[int]:
    async with transaction(store.pool) as connection:
        return await seen.claim(connection, names)


async def test_a_name_is_fresh_once(store: Store) -> None:
    assert await claim(store, name()) == [FRESH]
    assert await claim(store, name()) == [DUPLICATE]


async def test_a_name_with_other_content_is_reused(store: Store) -> None:
    await claim(store, name())
    assert await claim(store, name(content=-1)) == [REUSED]
    assert await claim(store, name()) == [DUPLICATE]


async def test_answers_come_in_the_order_of_the_names(store: Store) -> None:
    await claim(store, name("b"), name("d"))
    answers = await claim(store, name("d", content=0), name("c"), name("b"), name("a", member=None))
    assert answers == [REUSED, FRESH, DUPLICATE, FRESH]


async def test_nothing_to_claim_is_no_error(store: Store) -> None:
    assert await claim(store) == []


async def test_a_name_is_found_in_every_week_since_its_event(store: Store) -> None:
    await claim(store, name("a", week=WEEK - 2, first_week=WEEK - 2))
    late = name("a", first_week=WEEK - 2)
    assert await claim(store, late, name("b", first_week=WEEK - 2)) == [DUPLICATE, FRESH]
    assert await claim(store, late._replace(content=0)) == [REUSED]


async def test_a_late_name_counts_once_in_its_own_week_of_receipt_too(store: Store) -> None:
    late = name(first_week=WEEK - 2)
    assert await claim(store, late) == [FRESH]
    assert await claim(store, late) == [DUPLICATE]
    assert await claim(store, late._replace(week=WEEK + 1)) == [DUPLICATE]


async def test_of_ten_that_claim_the_same_names_at_once_exactly_one_gets_each(
    store: Store,
) -> None:
    names = [name(str(number)) for number in range(50)]

    async def one(turn: int) -> list[int]:
        mine = names[turn:] + names[:turn]
        answers = dict(zip(mine, await claim(store, *mine), strict=True))
        return [answers[each] for each in names]

    turns = await asyncio.gather(*(one(turn * 5) for turn in range(10)))

    for answers in zip(*turns, strict=True):
        assert sorted(answers) == [FRESH] + [DUPLICATE] * 9


async def test_a_name_is_free_again_where_the_batch_was_rolled_back(store: Store) -> None:
    async def claim_and_fail() -> None:
        async with transaction(store.pool) as connection:
            assert await seen.claim(connection, [name()]) == [FRESH]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await claim_and_fail()
    assert await claim(store, name()) == [FRESH]


async def test_a_name_that_was_forgotten_is_fresh_again_and_its_neighbour_is_not(
    store: Store,
) -> None:
    async with transaction(store.pool) as connection:
        await seen.claim(connection, [name("a"), name("b")])
        await seen.forget(connection, [name("a")])
    assert await claim(store, name("a"), name("b")) == [FRESH, DUPLICATE]


async def test_an_event_leads_to_its_member(store: Store) -> None:
    await claim(store, name("a", member=7), name("b", week=WEEK - 1, member=8))

    async def member_of(connection: Connection, event: str) -> int | None:
        return await seen.member_of(connection, uid(event))

    async with transaction(store.pool) as connection:
        assert [await member_of(connection, event) for event in "abc"] == [7, 8, None]
