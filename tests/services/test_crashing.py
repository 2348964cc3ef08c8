"""What the claim rows count of those who died, and what is no death."""

from collections.abc import AsyncIterator

import pytest

from patron.intake.claiming import Claims
from patron.intake.crashing import CrashGuard
from patron.store import claims
from patron.store.claims import Advance, Place
from patron.store.migrate import migrate
from patron.store.pool import Pool, open_pool, transaction
from patron.stream.records import Partition, RawRecord

GROUP = "patron"
ORDERS = Partition("orders", 0)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await migrate(database)
    pool = await open_pool(database)
    yield pool
    await pool.close()


class Life:
    """One process after another, each with what it finds in the rows."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def begin(self) -> CrashGuard:
        """A new process has claimed, and has looked."""
        self.claims = Claims(self.pool, None, group=GROUP, owner="me")  # type: ignore[arg-type]
        async with transaction(self.pool) as connection:
            taken = await claims.claim(
                connection, group=GROUP, partitions=[ORDERS], owner=self.claims._owner
            )
            claim = taken[ORDERS]
            await claims.begin(connection, group=GROUP, place=ORDERS, epoch=claim.epoch, offset=7)
        self.claims.held = {ORDERS: claim._replace(next_offset=claim.next_offset or 7)}
        self.claims.unproven = {ORDERS}
        guard = CrashGuard(self.pool, self.claims, group=GROUP, deaths_max=4, alone=3)
        guard.look()
        return guard

    async def commit(self, last: int) -> None:
        """A batch up to this record is applied."""
        claim = self.claims.held[ORDERS]
        step = Advance(
            *ORDERS, claim.epoch, self.claims.next_offset(ORDERS), last + 1, b"h" * 16, None
        )
        async with transaction(self.pool) as connection:
            assert not await claims.advance(connection, group=GROUP, steps=[step])
        self.claims.advanced([step])

    async def tries(self) -> int:
        async with transaction(self.pool) as connection:
            held: dict[Place, claims.Claim] = await claims.read(connection, group=GROUP)
        return held[ORDERS].crash_tries


@pytest.fixture
def life(pool: Pool) -> Life:
    return Life(pool)


def records(first: int, last: int) -> list[RawRecord]:
    return [RawRecord(*ORDERS, at, 0, b"ann", b"{}", ()) for at in range(first, last + 1)]


async def test_two_deaths_together_and_two_alone_condemn_a_record_and_no_fewer(
    life: Life,
) -> None:
    found = []
    for _ in range(4):
        guard = await life.begin()
        taken = records(7, 7) if guard.is_careful else records(7, 9)
        assert not guard.condemns(taken)
        await guard.about_to_try(taken)
        found.append((len(taken), await life.tries()))
    assert found == [(3, 1), (3, 2), (1, 3), (1, 4)]
    guard = await life.begin()
    assert guard.condemns(records(7, 7))
    assert not guard.condemns(records(7, 9))


async def test_a_record_in_the_middle_is_found_by_two_deaths_of_its_own(life: Life) -> None:
    for _ in range(2):
        guard = await life.begin()
        await guard.about_to_try(records(7, 9))
    guard = await life.begin()
    await guard.about_to_try(records(7, 7))
    await life.commit(7)
    await guard.about_to_try(records(8, 8))
    guard = await life.begin()
    assert guard.is_careful
    assert not guard.condemns(records(8, 8))
    await guard.about_to_try(records(8, 8))
    assert (await life.begin()).condemns(records(8, 8))


async def test_a_batch_that_fails_and_leaves_its_process_alive_leaves_no_count(
    life: Life,
) -> None:
    for _ in range(9):
        guard = await life.begin()
        await guard.about_to_try(records(7, 9))
        await guard.about_to_try(records(7, 9))  # Tried again, and counted once.
        assert await life.tries() == 1
        await guard.lived()
        assert await life.tries() == 0


async def test_a_commit_clears_the_count_and_what_follows_is_not_counted(life: Life) -> None:
    guard = await life.begin()
    await guard.about_to_try(records(7, 9))
    await life.commit(9)
    await guard.about_to_try(records(10, 12))
    await guard.lived()
    assert await life.tries() == 0


async def test_records_are_tried_together_again_once_enough_have_passed_alone(
    life: Life,
) -> None:
    for _ in range(2):
        guard = await life.begin()
        await guard.about_to_try(records(7, 9))
    guard = await life.begin()
    for at in (7, 8, 9):
        assert guard.is_careful
        await guard.about_to_try(records(at, at))
        await life.commit(at)
    assert not guard.is_careful
