"""Claims: one owner a partition at a time, and a clock that never runs ahead of the input."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from patron.store import claims
from patron.store.claims import Advance
from patron.store.pool import transaction
from store.ground import NOW, Store, until, waits_for_a_lock

GROUP = "patron"
PLACE = ("shop.orders.v1", 0)
OTHER = ("shop.orders.v1", 1)
HASH = b"h" * 16


async def claimed(store: Store, *places: claims.Place, offset: int = 10) -> None:
    """Claim partitions, and begin those that were never read."""
    async with transaction(store.pool) as connection:
        taken = await claims.claim(connection, group=GROUP, partitions=places, owner="me")
        for place, claim in taken.items():
            await claims.begin(
                connection, group=GROUP, place=place, epoch=claim.epoch, offset=offset
            )


def step(place: claims.Place = PLACE, **changes: Any) -> Advance:
    first = Advance(
        *place, epoch=1, expected_offset=10, next_offset=20, last_hash=HASH, reached_at=NOW
    )
    return first._replace(**changes)


async def test_a_first_claim_has_no_offset_and_each_further_one_raises_the_epoch(
    store: Store,
) -> None:
    async with transaction(store.pool) as connection:
        first = await claims.claim(connection, group=GROUP, partitions=[PLACE], owner="a")
        await claims.begin(connection, group=GROUP, place=PLACE, epoch=1, offset=7)
        second = await claims.claim(connection, group=GROUP, partitions=[OTHER, PLACE], owner="b")

    assert first == {PLACE: claims.Claim(1, None, None, None)}
    assert second == {
        PLACE: claims.Claim(2, 7, None, None),
        OTHER: claims.Claim(1, None, None, None),
    }


@pytest.mark.parametrize(
    "epoch", [pytest.param(2, id="of-an-older-owner"), pytest.param(1, id="again")]
)
async def test_beginning_moves_no_partition_that_has_begun_and_none_of_another(
    store: Store, epoch: int
) -> None:
    await claimed(store, PLACE, offset=10)

    async with transaction(store.pool) as connection:
        await claims.begin(connection, group=GROUP, place=PLACE, epoch=epoch, offset=0)
        assert (await claims.read(connection, group=GROUP))[PLACE].next_offset == 10


async def test_a_batch_moves_its_partitions_on(store: Store) -> None:
    await claimed(store, PLACE, OTHER)

    async with transaction(store.pool) as connection:
        steps = [step(OTHER, next_offset=11), step()]
        assert await claims.advance(connection, group=GROUP, steps=steps) == frozenset()

    async with transaction(store.pool) as connection:
        assert await claims.read(connection, group=GROUP) == {
            PLACE: claims.Claim(1, 20, HASH, NOW),
            OTHER: claims.Claim(1, 11, HASH, NOW),
        }


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"epoch": 0}, id="an-older-epoch"),
        pytest.param({"epoch": 2}, id="a-later-epoch"),
        pytest.param({"expected_offset": 9}, id="an-offset-before"),
        pytest.param({"expected_offset": 11}, id="an-offset-after"),
        pytest.param({"partition": 2}, id="a-partition-never-claimed"),
    ],
)
async def test_who_is_wrong_about_a_partition_is_fenced_from_it_alone(
    store: Store, wrong: dict[str, int]
) -> None:
    await claimed(store, PLACE, OTHER)
    strayed = step(**wrong)

    async with transaction(store.pool) as connection:
        fenced = await claims.advance(connection, group=GROUP, steps=[strayed, step(OTHER)])
        there = await claims.read(connection, group=GROUP)

    assert fenced == {(strayed.topic, strayed.partition)}
    assert (there[PLACE].next_offset, there[OTHER].next_offset) == (10, 20)


async def test_reached_time_never_goes_back(store: Store) -> None:
    await claimed(store, PLACE)

    async with transaction(store.pool) as connection:
        await claims.advance(connection, group=GROUP, steps=[step()])
        for earlier in (NOW - timedelta(days=1), None):
            at = (await claims.read(connection, group=GROUP))[PLACE].next_offset
            assert at is not None
            older = step(expected_offset=at, next_offset=at + 1, reached_at=earlier)
            assert not await claims.advance(connection, group=GROUP, steps=[older])
        assert (await claims.read(connection, group=GROUP))[PLACE].reached_at == NOW


async def test_a_successor_waits_for_the_batch_that_is_open_and_then_fences_its_owner(
    store: Store,
) -> None:
    await claimed(store, PLACE)

    async with store.pool.acquire() as successor, store.pool.acquire() as watcher:
        pid = successor.get_server_pid()
        async with transaction(store.pool) as owner:
            assert not await claims.advance(owner, group=GROUP, steps=[step()])
            taking = asyncio.create_task(
                claims.claim(successor, group=GROUP, partitions=[PLACE], owner="next")
            )
            await until(lambda: waits_for_a_lock(watcher, pid))
            assert not taking.done()

        taken = await taking

    # It reads on where the open batch ended, not where it began.
    assert taken == {PLACE: claims.Claim(2, 20, HASH, NOW)}
    async with transaction(store.pool) as owner:
        late = step(expected_offset=20, next_offset=30)
        assert await claims.advance(owner, group=GROUP, steps=[late]) == {PLACE}


async def test_two_owners_of_the_same_step_move_it_once(store: Store) -> None:
    await claimed(store, PLACE)

    async def moved() -> bool:
        async with transaction(store.pool) as connection:
            return not await claims.advance(connection, group=GROUP, steps=[step()])

    assert sorted(await asyncio.gather(*(moved() for _ in range(10)))) == [False] * 9 + [True]


# The business clock.


async def clock(store: Store) -> claims.Clock:
    async with transaction(store.pool) as connection:
        return await claims.clock(connection, group=GROUP)


async def test_the_clock_is_the_databases_where_nothing_was_claimed(store: Store) -> None:
    there = await clock(store)
    assert there.now(follows_input=False) == there.wall
    assert there.now(follows_input=True) is None


async def test_the_slowest_partition_with_lag_holds_the_clock_back(store: Store) -> None:
    await claimed(store, PLACE, OTHER)
    day = timedelta(days=1)
    async with transaction(store.pool) as connection:
        ahead = step(OTHER, reached_at=NOW + day, lagging=True)
        await claims.advance(connection, group=GROUP, steps=[step(lagging=True), ahead])
    assert (await clock(store)).now(follows_input=False) == NOW
    assert (await clock(store)).now(follows_input=True) == NOW

    async with transaction(store.pool) as connection:
        await claims.tell_lag(connection, group=GROUP, lagging={PLACE: (1, False)})
    assert (await clock(store)).now(follows_input=False) == NOW + day

    async with transaction(store.pool) as connection:
        await claims.tell_lag(connection, group=GROUP, lagging={OTHER: (1, False)})
    there = await clock(store)
    assert there.now(follows_input=False) == there.wall
    assert there.now(follows_input=True) == NOW + day


async def test_an_event_from_the_future_does_not_carry_the_clock_with_it(store: Store) -> None:
    await claimed(store, PLACE)
    async with transaction(store.pool) as connection:
        far = step(reached_at=NOW.replace(year=2999), lagging=True)
        await claims.advance(connection, group=GROUP, steps=[far])
    there = await clock(store)
    assert there.now(follows_input=False) == there.wall


async def test_time_stands_still_while_a_partition_with_lag_never_moved(store: Store) -> None:
    await claimed(store, PLACE, OTHER)
    async with transaction(store.pool) as connection:
        await claims.advance(connection, group=GROUP, steps=[step()])
        await claims.tell_lag(connection, group=GROUP, lagging={OTHER: (1, True)})
    there = await clock(store)
    assert there.now(follows_input=False) is None
    assert there.now(follows_input=True) is None


async def test_an_old_owner_says_nothing_about_lag(store: Store) -> None:
    await claimed(store, PLACE)
    await claimed(store, PLACE)
    async with transaction(store.pool) as connection:
        await claims.tell_lag(connection, group=GROUP, lagging={PLACE: (1, True)})
    assert not (await clock(store)).unknown


async def test_groups_do_not_know_each_other(store: Store) -> None:
    await claimed(store, PLACE)
    async with transaction(store.pool) as connection:
        other = await claims.claim(connection, group="shadow", partitions=[PLACE], owner="me")
        assert other[PLACE].epoch == 1
        assert list(await claims.read(connection, group=GROUP)) == [PLACE]
        assert not await claims.advance(connection, group=GROUP, steps=[step()])
