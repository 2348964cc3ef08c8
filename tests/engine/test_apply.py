"""The write path on a real Postgres: once, whole, and the same however it is cut."""

import asyncio
from collections import Counter as Counted
from datetime import timedelta

import pytest

from core.grocery import adjust, article, at, bought, did, redeem, returned, transfer, voided
from engine.counter import PROGRAM, TENANT, Counter, batches, reached
from patron.engine.apply import Batch
from patron.engine.history import as_of
from patron.engine.publish import publish
from patron.engine.reach import reach
from patron.errors import Fenced
from patron.store.claims import Advance
from patron.wire.bodies import encode_fact


async def test_a_purchase_gives_points_once_however_often_it_comes(counter: Counter) -> None:
    order = bought("o1", 10_00)
    first = await counter.put(order, order)
    again = await counter.put(order)
    assert first.outcomes == {"applied": 1, "duplicate": 1}
    assert again.outcomes == {"duplicate": 1}
    assert await counter.available("ann") == 10
    assert len(await counter.entries("ann")) == 1


async def test_a_redelivery_in_a_later_week_changes_nothing(counter: Counter) -> None:
    order = bought("o1", 10_00)
    await counter.put(order)
    again = await counter.put(order, received_at=order.at + timedelta(days=20))
    assert again.outcomes == {"duplicate": 1}
    assert await counter.available("ann") == 10


async def test_another_content_under_one_name_is_set_aside_and_the_first_stands(
    counter: Counter,
) -> None:
    order = bought("o1", 10_00)
    await counter.put(order)
    other = order._replace(lines=(article(99_00, line="l1"),))
    same_batch = await counter.put(other)
    assert same_batch.dead_letters == {"id_reuse": 1}
    assert await counter.available("ann") == 10


async def test_a_dead_letter_claims_no_name(counter: Counter) -> None:
    refund = returned("o1", l1=99_00)
    await counter.put(bought("o1", 10_00))
    assert (await counter.put(refund)).dead_letters == {"refund_exceeds_order": 1}
    assert (await counter.put(refund)).dead_letters == {"refund_exceeds_order": 1}
    assert await counter.value("SELECT count(*) FROM seen") == 1
    assert await counter.value("SELECT count(*) FROM dead_letter") == 2


@pytest.mark.parametrize("size", [1, 2, 4])
async def test_what_comes_twice_and_is_unfit_is_set_aside_twice_however_it_is_cut(
    counter: Counter, size: int
) -> None:
    order, unfit = bought("o1", 10_00), returned("o1", l1=99_00)
    # What the name is for comes last: the dead letters before it did not claim it.
    right = returned("o1", l1=4_00)._replace(name=unfit.name)
    letters: Counted[str] = Counted()
    for batch in batches([order, unfit, unfit, right, right, unfit], size):
        letters.update((await counter.put(*batch)).dead_letters)
    assert letters == {"refund_exceeds_order": 2, "id_reuse": 1}
    assert await counter.available("ann") == 6
    assert await counter.value("SELECT count(*) FROM seen") == 2


async def test_a_refund_in_another_batch_takes_back_what_its_order_gave(counter: Counter) -> None:
    await counter.put(bought("o1", 10_00, 5_00))
    await counter.put(returned("o1", l1=10_00))
    assert await counter.available("ann") == 5
    await counter.put(voided("o1"))
    assert await counter.available("ann") == 0


async def test_a_refund_that_comes_before_its_order_waits_across_batches(counter: Counter) -> None:
    early = await counter.put(returned("o1", l1=4_00))
    assert early.notices == 0
    assert await counter.value("SELECT count(*) FROM waiting") == 1
    await counter.put(bought("o1", 10_00))
    assert await counter.available("ann") == 6
    assert await counter.value("SELECT count(*) FROM waiting") == 0
    assert await counter.value("SELECT count(*) FROM orders") == 1


async def test_a_review_pays_once_for_a_product_across_batches(counter: Counter) -> None:
    await counter.put(did("review", "tea", event="r1"))
    await counter.put(did("review", "tea", event="r2"), did("review", "jam", event="r3"))
    assert await counter.available("ann") == 100


async def test_a_request_is_answered_and_its_entry_keeps_the_answer(counter: Counter) -> None:
    await counter.put(bought("o1", 10_00))
    done = await counter.put(redeem(4), redeem(99, when="2025-03-04"))
    assert done.outcomes == {"applied": 2}
    assert await counter.available("ann") == 6
    _, told = await counter.history("ann")
    answers = [each.decision.answer for each in told if each.decision.answer]
    assert [(each.granted, each.code) for each in answers] == [
        (True, ""),
        (False, "insufficient_points"),
    ]


async def test_a_transfer_makes_an_entry_on_each_side(counter: Counter) -> None:
    await counter.put(bought("o1", 10_00))
    await counter.put(transfer(7, to="bob"))
    assert await counter.available("ann") == 3
    assert await counter.available("bob") == 7
    state, _ = await counter.history("bob")
    assert state.account.balances["points"].available == 7


async def test_time_passes_up_to_the_input_and_no_further(counter: Counter) -> None:
    await counter.put(bought("o1", 10_00, when="2025-03-03"))
    moved, _ = await reach(counter.engine, accounts_max=10)
    assert moved == 0  # Nothing has been read from a topic: time stands still.
    await reached(counter, "2025-09-30")
    assert (await reach(counter.engine, accounts_max=10))[0] == 0
    assert await counter.available("ann") == 10
    await reached(counter, "2025-10-01")
    assert (await reach(counter.engine, accounts_max=10))[0] == 1
    assert await counter.available("ann") == 0
    assert (await reach(counter.engine, accounts_max=10))[0] == 0


async def test_before_a_balance_is_read_what_time_has_done_up_to_then_is_applied(
    counter: Counter,
) -> None:
    await counter.put(bought("o1", 10_00, when="2025-03-03"))
    state, told = await counter.history("ann")
    seen = as_of(state, tenant=TENANT, served=counter.served, until=at("2025-10-01"))

    assert seen.account.balances["points"].available == 0
    assert len(told) == 1  # Reading writes nothing: time's entry is for jobs to write.
    assert await counter.available("ann") == 10


async def test_a_version_that_comes_in_force_is_looked_at_for_members_who_do_nothing(
    counter: Counter,
) -> None:
    lives = "{ends: {after: P6M, at_end_of: month}}"
    minding = PROGRAM.replace(lives, "{ends: {after: P6M, at_end_of: month}, remind: P7D}")
    assert minding != PROGRAM
    await counter.put(bought("o1", 10_00, when="2025-03-03"))
    published = {"tenant": TENANT, "document": minding, "source": "grocer.yaml"}
    await publish(counter.pool, counter.sealer, **published, since=at("2025-06-01"))
    await counter.put(bought("o2", 10_00, member="bob", when="2025-03-04"))
    await reached(counter, "2025-09-29")
    while (await reach(counter.engine, accounts_max=100))[0]:
        pass

    # Both end on 1 October in New York; the first version would have said nothing.
    for member in ("ann", "bob"):
        _, told = await counter.history(member)
        said = [(n.type, n.at) for each in told for n in each.decision.notices]
        assert said[-1] == ("points.expiring", at("2025-09-24 00:00"))


async def test_a_fenced_batch_changes_nothing(counter: Counter) -> None:
    step = Advance("orders", 0, 1, 0, 1, b"h", at("2025-03-03"))
    batch = Batch("till", [step], [counter.received(bought("o1", 10_00))], ())
    with pytest.raises(Fenced) as fenced:
        await counter.engine.apply(batch)
    assert fenced.value.partitions == {("orders", 0)}
    assert await counter.value("SELECT count(*) FROM entry") == 0
    assert await counter.value("SELECT count(*) FROM seen") == 0


HISTORY = [
    bought("o1", article(30_00, category="COFFEE", units=2), when="2025-03-03 09:00"),
    bought("o2", article(80_00, category="COFFEE"), when="2025-03-04 09:00"),
    did("review", "tea", when="2025-03-05"),
    returned("o2", l1=60_00, when="2025-03-06"),
    bought("o3", 7_50, when="2025-03-07", member="bob"),
    redeem(reward="five-off", when="2025-03-08"),
    transfer(3, to="bob", when="2025-03-09"),
    adjust(12, when="2025-03-10"),
    voided("o1", when="2025-03-11"),
    bought("o4", 15_00, when="2025-11-01"),
]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_however_facts_are_cut_into_batches_the_chain_is_the_same(
    counter: Counter, size: int
) -> None:
    for batch in batches(HISTORY, size):
        await counter.put(*batch)
    for member in ("ann", "bob"):
        state, told = await counter.history(member)
        row = await counter.account(member)
        # What the tables hold is what the entries, folded again, leave.
        assert state.account.seq == row.seq == len(told)
        assert told[-1].entry.hash == row.chain
        balance = state.account.balances["points"]
        assert tuple(row.balances[:4]) == balance
        assert CHAINS.setdefault(member, row.chain) == row.chain


CHAINS: dict[str, bytes] = {}


async def test_two_transactions_over_one_order_meet(counter: Counter) -> None:
    """Order and refund at once, on two sessions: whoever is first, the net is the same."""
    rounds = 20
    for n in range(rounds):
        await asyncio.gather(
            counter.put(bought(f"o{n}", 3_00)),
            counter.put(returned(f"o{n}", l1=1_00)),
        )
    assert await counter.available("ann") == 2 * rounds
    assert await counter.value("SELECT count(*) FROM waiting") == 0


async def test_twenty_transfers_of_a_whole_balance_at_once_move_it_once(counter: Counter) -> None:
    await counter.put(bought("o1", 10_00))
    gifts = [transfer(10, to="bob", when=f"2025-03-04 10:{n}") for n in range(10, 30)]
    await asyncio.gather(*(counter.put(gift) for gift in gifts))
    assert await counter.available("ann") == 0
    assert await counter.available("bob") == 10


def test_the_content_of_a_fact_is_all_that_it_says() -> None:
    order = bought("o1", 10_00)
    assert encode_fact(order) == encode_fact(bought("o1", 10_00))
    assert encode_fact(order) != encode_fact(bought("o1", 10_01))
