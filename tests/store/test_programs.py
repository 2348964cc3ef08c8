"""Programs and tenants: published once, numbered for ever, keys kept sealed."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from patron.errors import Misconfigured
from patron.store import programs, tenants
from patron.store.pool import Connection, transaction
from patron.store.programs import Numbering
from patron.store.sealing import KEY_BYTES, Sealer
from store.ground import NOW, Store

NAMES = {"asset": ["points"], "rule": ["base", "bonus"], "tier": [], "reward": ["mug"]}


@pytest.fixture
async def tenant(store: Store, sealer: Sealer) -> int:
    async with transaction(store.pool) as connection:
        return await tenants.add(connection, sealer, name="shop")


async def publish(
    connection: Connection,
    tenant: int,
    *,
    name: str = "club",
    document: str = "one",
    since: datetime = NOW,
    rules: Sequence[str] = ("base", "bonus"),
) -> int:
    return await programs.publish(
        connection,
        tenant=tenant,
        name=name,
        version_hash=f"hash of {document}",
        document=document,
        in_force_from=since,
        names=NAMES | {"rule": list(rules)},
    )


async def test_publishing_the_same_again_adds_nothing(store: Store, tenant: int) -> None:
    async with transaction(store.pool) as connection:
        first = await publish(connection, tenant)
        revision = await programs.revision(connection)
        assert await publish(connection, tenant) == first
        assert await programs.revision(connection) == revision
        assert len(await programs.versions(connection, tenant)) == 1


async def test_another_document_or_another_instant_is_another_version(
    store: Store, tenant: int
) -> None:
    later = NOW + timedelta(days=1)
    async with transaction(store.pool) as connection:
        revisions = [await programs.revision(connection)]
        for document, since in (("one", NOW), ("two", NOW), ("one", later)):
            await publish(connection, tenant, document=document, since=since)
            revisions.append(await programs.revision(connection))
        rows = await programs.versions(connection, tenant)

    assert [(row.document, row.hash, row.in_force_from) for row in rows] == [
        ("one", "hash of one", NOW),
        ("two", "hash of two", NOW),
        ("one", "hash of one", later),
    ]
    assert {(row.program, row.name) for row in rows} == {(rows[0].program, "club")}
    assert len(set(revisions)) == 4
    assert revisions == sorted(revisions)


async def test_numbers_are_given_in_order_and_never_taken_away(store: Store, tenant: int) -> None:
    async with transaction(store.pool) as connection:
        await publish(connection, tenant)
        await publish(connection, tenant, document="two", rules=["new", "bonus", "newer"])
        await publish(connection, tenant, document="three", rules=[])
        program = (await programs.versions(connection, tenant))[0].program
        numbering = await programs.numbering(connection, program)

    rules = {"base": 1, "bonus": 2, "new": 3, "newer": 4}
    assert numbering == Numbering({"points": 1}, rules, {}, {"mug": 1})


async def test_each_program_has_numbers_of_its_own(store: Store, tenant: int) -> None:
    async with transaction(store.pool) as connection:
        await publish(connection, tenant)
        await publish(connection, tenant, name="bar", rules=["bonus"])
        by_name = {row.name: row.program for row in await programs.versions(connection, tenant)}
        assert (await programs.numbering(connection, by_name["bar"])).rules == {"bonus": 1}
        assert await programs.versions(connection, tenant + 1) == []


async def test_many_that_publish_at_once_give_each_name_one_number(
    store: Store, tenant: int
) -> None:
    async def one(turn: int) -> int:
        async with transaction(store.pool) as connection:
            return await publish(connection, tenant, rules=[f"rule {turn}", "base"])

    assert len(set(await asyncio.gather(*map(one, range(10))))) == 1
    async with transaction(store.pool) as connection:
        program = (await programs.versions(connection, tenant))[0].program
        rules = (await programs.numbering(connection, program)).rules
    assert sorted(rules) == sorted(["base", *(f"rule {turn}" for turn in range(10))])
    assert sorted(rules.values()) == list(range(1, 12))


async def test_tenants_come_back_with_their_times_and_a_key_each(
    store: Store, sealer: Sealer
) -> None:
    async with transaction(store.pool) as connection:
        await tenants.add(connection, sealer, name="shop")
        await tenants.add(connection, sealer, name="past", late_max=None, follows_input=True)
        shop, past = await tenants.all_tenants(connection, sealer)
        kept = await connection.fetch("SELECT identifier_key FROM tenant")

    assert shop[1:5] == ("shop", timedelta(days=30), timedelta(hours=24), False)
    assert past[1:5] == ("past", None, timedelta(hours=24), True)
    assert shop.identifier_key != past.identifier_key
    assert len(shop.identifier_key) == KEY_BYTES
    assert shop.identifier_key not in {row["identifier_key"] for row in kept}


async def test_a_tenant_whose_name_is_taken_is_refused(
    store: Store, sealer: Sealer, tenant: int
) -> None:
    async with transaction(store.pool) as connection:
        with pytest.raises(Misconfigured, match='"shop"'):
            await tenants.add(connection, sealer, name="shop")
        assert [row.tenant for row in await tenants.all_tenants(connection, sealer)] == [tenant]


async def test_another_master_key_stops_the_start(
    store: Store, sealer: Sealer, tenant: int
) -> None:
    async with transaction(store.pool) as connection:
        with pytest.raises(Misconfigured, match="MASTER_KEY"):
            await tenants.all_tenants(connection, Sealer(os.urandom(KEY_BYTES)))


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(Misconfigured, match="16 bytes"):
        Sealer(bytes(16))
