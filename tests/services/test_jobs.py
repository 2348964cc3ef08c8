"""Jobs on real servers: time does what is due, as far as the input has come."""

from datetime import timedelta

from patron.store import partitions
from patron.store.pool import session
from patron.stream.tail import read_all
from services.shop import Shop, bought, until


async def test_points_end_when_the_input_has_come_so_far(shop: Shop) -> None:
    await shop.send([bought("o1", member="ann")])
    async with shop.intake(), shop.jobs(), shop.relay():
        await shop.drained()
        assert (await shop.letters(), await shop.points()) == ({}, {"ann": 200})
        # Another member's purchase, seven months later, is what time is read from.
        await shop.send([bought("o2", member="ben", minute=7 * 31 * 24 * 60)])
        await shop.drained()

        async def has_ended() -> bool:
            return (await shop.points())["ann"] == 0

        await until(has_ended)
        await shop.published()

    records = await read_all(shop.kafka, shop.topics.notices)
    told = [dict(record.headers)["ce_type"] for record in records]
    assert sorted(told) == [b"io.patron.points.earned.v1"] * 2 + [b"io.patron.points.expired.v1"]
    assert await shop.points() == {"ann": 0, "ben": 200}


async def test_partitions_are_made_before_anybody_waits_for_them(shop: Shop) -> None:
    async with shop.jobs():

        async def are_there() -> bool:
            now = (await shop.rows("SELECT now() AS now"))[0]["now"]
            wanted = {each.name for each in partitions.ahead(now + timedelta(days=7))}
            async with session(shop.pool) as connection:
                return len(wanted & await partitions.known(connection)) >= 4

        await until(are_there)


async def test_dead_letters_are_forgotten_after_their_time(shop: Shop) -> None:
    await shop.send([bought("o1", member="ann", type="io.patron.unheard.v1")])
    await shop.send([bought("o2", member="ann", type="io.patron.unheard.v1")])
    async with shop.intake():
        await shop.drained()
    assert len(await shop.letters()) == 2
    await shop.rows(
        "UPDATE dead_letter SET received_at = now() - interval '91 days' WHERE record_offset = 0"
    )
    async with shop.jobs():

        async def is_one() -> bool:
            return len(await shop.letters()) == 1

        await until(is_one)
