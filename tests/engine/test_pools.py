"""Pools on a real Postgres: no race gives away more than the limit."""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.grocery import bought, confirm, did, give_back, named, redeem, reserve, voided
from engine.counter import Counter, counters
from patron.core.facts import ConfirmAsked, Fact
from patron.engine.apply import Engine
from patron.engine.publish import publish
from patron.engine.reach import reach
from patron.store.pool import open_pool

RACERS = 20
EDITION = """
format: 1
program: edition
zone: America/New_York
currency: USD
assets: {points: {}}
rules:
  - {rule: base, earn: points, per_amount: {points: "1", per: "1.00"}, budget: 1000}
  - rule: first
    earn: points
    per_event: {points: 3, action: review, once: subject, once_for: program}
rewards:
  print: {kind: free_product, costs: {points: 10}, stock: 7, per_member: 1, hold: PT1H}
  voucher: {kind: gift_card, costs: {points: 1}, value: "5.00", budget: "42.00"}
"""


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    """Twenty members, each with 40 points of the edition's program."""
    async for made in counters(database, EDITION):
        yield made


def members() -> list[str]:
    return [f"m{n:02}" for n in range(RACERS)]


async def race(counter: Counter, facts: list[Fact]) -> None:
    """Each fact by an engine of its own, all at once."""
    await asyncio.gather(*[_alone(counter, fact) for fact in facts])


async def _alone(counter: Counter, fact: Fact) -> None:
    pool = await open_pool(counter.dsn, size=2)
    engine = await Engine.open(pool, group="till", sealer=counter.sealer)
    await Counter(pool, counter.sealer, engine, counter.dsn).put(fact)
    await pool.close()


async def earn(counter: Counter, dollars: int) -> None:
    orders = [bought(f"of-{m}", dollars * 100, when="2025-03-01", member=m) for m in members()]
    await race(counter, list(orders))


def asked(fact: Any, place: int, member: str) -> Any:
    return fact._replace(name=named(f"{type(fact).__name__}-{place}-{member}"))


async def states(counter: Counter) -> Tally[int]:
    async def of(query: str) -> Any:
        return await counter.value(query)

    return Tally(await of("SELECT array_agg(state) FROM held") or [])


async def used(counter: Counter, pool: str) -> int:
    return int(await counter.value("SELECT used FROM pool WHERE pool = $1", pool))


async def test_twenty_engines_give_away_no_more_than_the_stock(counter: Counter) -> None:
    await earn(counter, 40)
    await race(
        counter,
        [asked(redeem(reward="print", member=m), n, m) for n, m in enumerate(members())],
    )
    assert await states(counter) == {2: 7}
    assert await used(counter, "stock/print") == 7


async def test_twenty_engines_give_away_no_more_than_a_rewards_budget(counter: Counter) -> None:
    await earn(counter, 40)
    await race(
        counter,
        [asked(redeem(reward="voucher", member=m), n, m) for n, m in enumerate(members())],
    )
    assert await states(counter) == {2: 8}
    assert await used(counter, "worth/voucher") == 40_00


async def test_twenty_engines_give_away_no_more_than_a_rules_budget(counter: Counter) -> None:
    await earn(counter, 60)
    given = await counter.value("SELECT sum(amount) FROM lot")
    assert given == await used(counter, "budget/base") == 1000


async def test_reservations_hold_the_stock_and_lapsed_ones_are_taken_back(
    counter: Counter,
) -> None:
    await earn(counter, 40)
    holds = [
        reserve(reward="print", member=m, when="2025-03-03 10:00", request=f"hold-{m}")
        for m in members()
    ]
    await race(counter, list(holds))
    assert await counter.value("SELECT count(*) FROM hold") == 7
    await race(
        counter,
        [
            asked(redeem(reward="print", member=m, when="2025-03-03 11:00"), n, m)
            for n, m in enumerate(members())
        ],
    )
    assert await counter.value("SELECT count(*) FROM hold") == 0
    assert await used(counter, "stock/print") == 7
    # The holders' own lapses, written later, return the points and nothing else.
    await reach(counter.engine, accounts_max=100)
    assert await used(counter, "stock/print") == 7
    spent = await counter.value("SELECT sum(amount) FROM take WHERE to_account = 1")
    assert spent == 70


async def test_a_second_confirm_and_cancel_say_the_same_in_later_batches(counter: Counter) -> None:
    await counter.put(bought("o1", 40_00, when="2025-03-01"))
    await counter.put(reserve(reward="print", when="2025-03-03 10:00"))
    for when in ("2025-03-03 10:05", "2025-03-03 10:06"):
        sure: ConfirmAsked = confirm(when=when)._replace(order="o1")
        await counter.put(sure)
    await counter.put(give_back(when="2025-03-03 10:07"))
    _, told = await counter.history("ann")
    answers = [each.decision.answer for each in told if each.decision.answer]
    assert answers[1].granted
    assert answers[1] == answers[2]
    assert answers[3].code == "already_used"
    assert await used(counter, "stock/print") == 1
    await counter.put(voided("o1", when="2025-03-04"))
    assert await used(counter, "stock/print") == 0


async def test_a_redecided_entry_reads_the_pool_as_it_was(counter: Counter) -> None:
    await counter.put(
        *[bought(f"of-{m}", 900_00, when="2025-03-01", member=m) for m in ("m00", "m01")]
    )
    _, told = await counter.history("m01")
    proof = told[0].decision.proofs[0]
    assert (proof.amount, proof.why_not) == (100, "budget_spent")


async def test_a_new_version_may_raise_the_stock(counter: Counter) -> None:
    await earn(counter, 40)
    await race(
        counter,
        [asked(redeem(reward="print", member=m), n, m) for n, m in enumerate(members()[:9])],
    )
    assert await used(counter, "stock/print") == 7
    more = EDITION.replace("stock: 7", "stock: 8")
    await publish(
        counter.pool, counter.sealer, tenant="default", document=more, source="edition.yaml"
    )
    await race(
        counter,
        [
            asked(redeem(reward="print", member=m, when="2099-01-01"), n, m)
            for n, m in enumerate(members()[10:13])
        ],
    )
    assert await used(counter, "stock/print") == 8


async def test_of_twenty_first_reviews_at_once_one_is_paid(counter: Counter) -> None:
    await race(
        counter, [asked(did(subject="tea", member=m), n, m) for n, m in enumerate(members())]
    )
    assert await counter.value("SELECT sum(amount) FROM lot") == 3
    assert await counter.value("SELECT count(*) FROM entry") == RACERS
    for member in members():
        assert (await counter.history(member))[1][0].decision.proofs
