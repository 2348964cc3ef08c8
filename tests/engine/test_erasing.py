"""Erasures on a real Postgres: names go, books stay, and nobody is paid a welcome twice."""

from typing import Any

from core.grocery import at, bought, did, erased, named, returned
from engine.counter import Counter
from patron.audit.check import audit
from patron.core.facts import Fact, IdentifiersLinked, MemberEnrolled, Who
from patron.engine.apply import Engine
from patron.store import members
from patron.store.pool import session, transaction
from patron.wire.identity import id_key

EMAIL = Who("email", "ab" * 16)


def enrolled(member: str = "ann", *, event: str = "hello") -> MemberEnrolled:
    name = named(event)
    return MemberEnrolled(name, at("2025-03-01"), Who("id", member), (EMAIL,), birthday="06-01")


def by_email(fact: Any) -> Fact:
    renamed: Fact = fact._replace(member=EMAIL)
    return renamed


async def number_of(counter: Counter, member: str) -> int:
    async with session(counter.pool) as connection:
        found = await members.find(connection, 1, [("id", id_key(member))])
    return found["id", id_key(member)].member


async def test_names_go_and_the_key_to_the_personal_data_is_destroyed(counter: Counter) -> None:
    await counter.put(enrolled())
    number = await number_of(counter, "ann")
    async with transaction(counter.pool) as connection:
        await members.save_person(connection, counter.sealer, member=number, data=b"Ann")
    await counter.put(erased(when="2025-03-03"))
    async with session(counter.pool) as connection:
        assert await members.person(connection, counter.sealer, member=number) is None
        assert await members.find(connection, 1, [("email", bytes.fromhex(EMAIL.value))]) == {}
    assert await counter.value("SELECT id FROM member WHERE member = $1", number) is None


async def test_an_event_that_names_the_erased_id_is_a_dead_letter(counter: Counter) -> None:
    await counter.put(bought("a1", 10_00), erased(when="2025-03-03"))
    done = await counter.put(bought("a2", 5_00, when="2025-03-04"))
    assert done.dead_letters == {"member_erased": 1}
    assert await counter.available("ann") == 10


async def test_also_within_one_batch(counter: Counter) -> None:
    done = await counter.put(
        bought("a1", 10_00), erased(when="2025-03-03"), bought("a2", 5_00, when="2025-03-04")
    )
    assert done.dead_letters == {"member_erased": 1}
    assert done.outcomes == {"applied": 2, "dead_letter": 1}


async def test_a_redelivery_changes_nothing_and_is_no_dead_letter(counter: Counter) -> None:
    facts = [bought("a1", 10_00), erased(when="2025-03-03")]
    await counter.put(*facts)
    again = await counter.put(*facts)
    assert again.outcomes == {"duplicate": 2}


async def test_a_worker_that_knew_the_name_learns_that_it_is_nobodys(counter: Counter) -> None:
    first = counter.engine
    late = Engine(
        counter.pool, first.catalogue, group="till", shards=1, sealer=counter.sealer,
        known_partitions=set(),
    )  # fmt: skip
    counter.engine = late
    await counter.put(bought("a0", 1_00))
    counter.engine = first
    await counter.put(erased(when="2025-03-03"))
    counter.engine = late
    done = await counter.put(bought("a2", 5_00, when="2025-03-04"))
    assert done.dead_letters == {"member_erased": 1}


async def test_a_refund_that_names_the_order_alone_finds_the_account(counter: Counter) -> None:
    await counter.put(bought("a1", 10_00), erased(when="2025-03-03"))
    done = await counter.put(returned("a1", l1=4_00, when="2025-03-04")._replace(member=None))
    assert done.dead_letters == {}
    assert await counter.available("ann") == 6


async def test_the_same_email_opens_a_new_member_with_nothing(counter: Counter) -> None:
    await counter.put(enrolled(), bought("a1", 10_00), erased(when="2025-03-03"))
    await counter.put(by_email(bought("b1", 3_00, when="2025-03-04")))
    assert await counter.available("ann") == 10
    opened = await counter.value("SELECT count(*) FROM member WHERE id IS NOT NULL")
    assert opened == 1
    total = await counter.value("SELECT balances[1] FROM account ORDER BY account DESC LIMIT 1")
    assert total == 3


async def test_an_email_that_opened_two_members_who_were_erased_opens_a_third(
    counter: Counter,
) -> None:
    for n in range(3):
        await counter.put(by_email(bought(f"o{n}", 1_00, when=f"2025-03-0{n + 1}")))
        gone = await counter.value("SELECT id FROM member WHERE id IS NOT NULL")
        await counter.put(erased(gone, when=f"2025-03-0{n + 1} 13:00"))
    assert await counter.value("SELECT count(*) FROM member WHERE id IS NULL") == 3


async def test_what_is_paid_once_is_not_paid_again_to_who_comes_back(counter: Counter) -> None:
    await counter.put(enrolled(), did("review", "tea", event="r1", when="2025-03-02"))
    await counter.put(erased(when="2025-03-03"))
    await counter.put(enrolled("new", event="hello again"))
    await counter.put(did("review", "tea", event="r2", when="2025-03-04", member="new"))
    assert await counter.available("new") == 0
    await counter.put(did("review", "jam", event="r3", when="2025-03-04", member="new"))
    assert await counter.available("new") == 50


async def test_a_name_that_is_linked_later_counts_too(counter: Counter) -> None:
    await counter.put(enrolled(), did("review", "tea", event="r1", when="2025-03-02"))
    await counter.put(erased(when="2025-03-03"))
    link = IdentifiersLinked(named("link"), at("2025-03-04"), Who("id", "new"), (EMAIL,))
    await counter.put(link, did("review", "tea", event="r2", when="2025-03-05", member="new"))
    assert await counter.available("new") == 0


async def test_the_second_model_agrees_with_an_erased_account(counter: Counter) -> None:
    await counter.put(enrolled(), bought("a1", 10_00), erased(when="2025-03-03"))
    await counter.put(returned("a1", l1=4_00, when="2025-03-04")._replace(member=None))
    async with session(counter.pool) as connection:
        report = await audit(connection)
    assert report.differences == []
