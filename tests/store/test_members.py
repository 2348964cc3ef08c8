"""Members: every name leads to one of them, and what is personal is sealed apart."""

import asyncio
import os

import pytest

from patron.errors import Misconfigured, Raced
from patron.store import members
from patron.store.pool import transaction
from patron.store.sealing import KEY_BYTES, Sealer
from store.ground import Store, uid

TENANT = 1
PERSON = b'{"email":"ann@example.org"}'


def by_id(id: str) -> members.Name:
    return ("id", uid(id))


async def enrolled(store: Store, *ids: str, tenant: int = TENANT) -> dict[str, members.Member]:
    async with transaction(store.pool) as connection:
        new = await members.open_members(connection, tenant, ids)
        names = {by_id(id): member.member for id, member in new.items()}
        await members.name(connection, tenant, names)
        return new


async def found(
    store: Store, *names: members.Name, tenant: int = TENANT
) -> dict[members.Name, members.Member]:
    async with transaction(store.pool) as connection:
        return await members.find(connection, tenant, names)


async def test_only_names_that_lead_somewhere_are_found(store: Store) -> None:
    new = await enrolled(store, "ann", "bob")
    assert await found(store, by_id("bob"), by_id("nobody"), by_id("ann")) == {
        by_id("ann"): new["ann"],
        by_id("bob"): new["bob"],
    }
    assert await found(store) == {}


async def test_a_member_may_have_more_than_one_name(store: Store) -> None:
    ann = (await enrolled(store, "ann"))["ann"]
    card = ("card", uid("ann"))  # The same hash under another kind is another name.
    assert await found(store, card) == {}

    async with transaction(store.pool) as connection:
        await members.name(connection, TENANT, {card: ann.member})
    assert await found(store, card, by_id("ann")) == {card: ann, by_id("ann"): ann}


async def test_a_name_belongs_to_one_tenant(store: Store) -> None:
    await enrolled(store, "ann")
    assert await found(store, by_id("ann"), tenant=2) == {}
    other = (await enrolled(store, "ann", tenant=2))["ann"]
    assert await found(store, by_id("ann"), tenant=2) == {by_id("ann"): other}


async def test_a_name_that_is_taken_is_raced_for_and_leaves_no_member_behind(
    store: Store,
) -> None:
    ann = (await enrolled(store, "ann"))["ann"]
    with pytest.raises(Raced):
        await enrolled(store, "bob", "ann")

    assert await found(store, by_id("ann"), by_id("bob")) == {by_id("ann"): ann}
    async with transaction(store.pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM member") == 1


async def test_of_ten_that_enrol_the_same_people_at_once_exactly_one_does(store: Store) -> None:
    people = [str(number) for number in range(20)]

    async def one() -> bool:
        try:
            await enrolled(store, *people)
        except Raced:
            return False
        return True

    assert sorted(await asyncio.gather(*(one() for _ in range(10)))) == [False] * 9 + [True]
    assert len(await found(store, *map(by_id, people))) == len(people)


async def test_numbers_lead_back_to_ids_and_of_who_was_erased_to_what_stands_for_it(
    store: Store,
) -> None:
    new = await enrolled(store, "ann", "bob")
    ann, bob = new["ann"].member, new["bob"].member
    async with transaction(store.pool) as connection:
        await connection.execute("UPDATE member SET id = NULL WHERE member = $1", bob)
        assert await members.ids(connection, [ann, bob]) == {ann: "ann", bob: members.stand_in(bob)}


async def test_personal_data_can_be_read_with_the_key_and_without_it_says_nothing(
    store: Store, sealer: Sealer
) -> None:
    async with transaction(store.pool) as connection:
        await members.save_person(connection, sealer, member=1, data=PERSON)
        await members.save_person(connection, sealer, member=2, data=PERSON)
        assert await members.person(connection, sealer, member=1) == PERSON
        assert await members.person(connection, sealer, member=3) is None

        kept = await connection.fetch("SELECT data_key, ciphertext FROM person")
        with pytest.raises(Misconfigured, match="MASTER_KEY"):
            await members.person(connection, Sealer(os.urandom(KEY_BYTES)), member=1)

    assert not any(b"ann" in row["ciphertext"] for row in kept)
    # The same data of two people tells nobody that it is the same.
    assert len({row["ciphertext"] for row in kept}) == len({row["data_key"] for row in kept}) == 2


async def test_new_personal_data_takes_the_place_of_the_old(store: Store, sealer: Sealer) -> None:
    async with transaction(store.pool) as connection:
        await members.save_person(connection, sealer, member=1, data=PERSON)
        await members.save_person(connection, sealer, member=1, data=b"{}")
        assert await members.person(connection, sealer, member=1) == b"{}"
