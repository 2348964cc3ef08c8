"""Closings on a real Postgres: on one snapshot, each gift once, whatever stops them."""

from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from core.grocery import TENANT, at, bought, did, voided
from engine.counter import Counter, counters, reached
from patron.audit.check import audit
from patron.core.decision import Answer
from patron.core.facts import DrawClosed, EventName, ShareOutClosed
from patron.engine import following
from patron.engine.apply import Engine
from patron.engine.following import follow
from patron.engine.history import fold
from patron.store import accounts, ledger
from patron.store.pool import session
from patron.wire.bodies import decode_body

SEED = "ten black horses"
PROGRAM = f"""
format: 1
program: club
zone: America/New_York
currency: USD
assets: {{points: {{}}}}
meters:
  spent: {{counts: basis, window: month}}
draws:
  spring:
    {{from: "2025-03-01", to: "2025-04-01", winners: 3, reward: hamper,
      seed_sha256: {sha256(SEED.encode()).hexdigest()}}}
share_outs:
  march: {{meter: spent, window: 2025-03, asset: points}}
rules:
  - rule: entries
    text: {{en: An entry for each 10.00}}
    enter: spring
    per_step: {{points: 1, step: "10.00"}}
rewards:
  hamper: {{kind: free_product, text: {{en: A hamper}}}}
"""
PEOPLE = ("ann", "bob", "cat", "dan")
CLOSED = at("2025-04-01 12:00")


@pytest.fixture
async def club(database: str) -> AsyncIterator[Counter]:
    async for made in counters(database, PROGRAM):
        for place, member in enumerate(PEOPLE, start=1):
            await made.put(bought(f"o-{member}", 1000 * place, member=member))
        yield made


def draw_closed(event: str = "close", *, seed: str = SEED) -> DrawClosed:
    return DrawClosed(EventName(TENANT, "/shop", event), CLOSED, "spring", seed)


def share_out(amount: int, *, event: str = "share") -> ShareOutClosed:
    return ShareOutClosed(EventName(TENANT, "/shop", event), CLOSED, "march", amount)


async def follow_all(club: Counter, *, facts_max: int = 100) -> list[int]:
    """Follow until nothing is left; how many facts each time."""
    done = []
    while (followed := (await follow(club.engine, facts_max=facts_max))[0]) > 0:
        done.append(followed)
    return done


async def has(club: Counter) -> dict[str, int]:
    return {member: await club.available(member) for member in PEOPLE}


async def test_a_closing_waits_until_all_that_came_before_it_is_in(club: Counter) -> None:
    await club.put(share_out(1000))
    await reached(club, "2025-04-01 11:59")
    assert await follow_all(club) == []

    await reached(club, "2025-04-01 12:00")
    assert sum(await follow_all(club)) == 5


async def test_a_share_out_is_exact_to_the_cent_and_each_share_is_one_entry(
    club: Counter,
) -> None:
    await club.put(share_out(1001))
    await reached(club, "2025-04-02")
    await follow_all(club)

    # 1001 by 1, 2, 3 and 4 of 10: 100.1, 200.2, 300.3, 400.4.
    assert await has(club) == {"ann": 100, "bob": 200, "cat": 300, "dan": 401}
    assert await club.value("SELECT count(*) FROM waiting") == 0


async def test_a_restart_in_the_middle_gives_each_share_once(
    club: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await club.put(share_out(1001))
    await reached(club, "2025-04-02")
    put = following._put

    async def put_and_die(*arguments: object) -> None:
        await put(*arguments)  # type: ignore[arg-type]
        raise RuntimeError("the process dies before it commits")

    monkeypatch.setattr(following, "_put", put_and_die)
    with pytest.raises(RuntimeError):
        await follow(club.engine, facts_max=2)
    monkeypatch.undo()
    assert set((await has(club)).values()) == {0}

    for _ in range(2):
        # Another process goes on from where the tables are.
        club.engine = await Engine.open(club.pool, group="till", sealer=club.sealer)
        assert await follow(club.engine, facts_max=2)
    assert await follow_all(club) == []
    assert await has(club) == {"ann": 100, "bob": 200, "cat": 300, "dan": 401}
    assert [len(await club.entries(member)) for member in PEOPLE] == [2, 2, 2, 2]


async def test_a_draw_happens_once_and_a_second_request_is_refused(club: Counter) -> None:
    await club.put(draw_closed(), draw_closed("again"))
    await club.put(draw_closed())
    await reached(club, "2025-04-02")
    await follow_all(club)

    entries = [f"{member}#{k}" for n, member in enumerate(PEOPLE, 1) for k in range(1, n + 1)]
    lowest = sorted(entries, key=lambda entry: sha256(f"{SEED}:{entry}".encode()).hexdigest())
    answers = [(answer.granted, answer.code) for answer in await house(club) if answer]
    assert answers == [(True, ""), (False, "closed")]
    assert await club.value("SELECT count(*) FROM held") == 3
    winners = {entry.partition("#")[0] for entry in lowest[:3]}
    assert {m for m in PEOPLE if len(await club.entries(m)) == 2} == winners


async def house(club: Counter) -> list[Answer | None]:
    """The answers of the program's own account, folded again from its entries."""
    async with session(club.pool) as connection:
        row = await accounts.read(connection, program=club.served.number, member=0)
        assert row is not None
        entries = await ledger.entries(connection, row.account)
    assert all(decode_body(entry.kind, entry.body)[1].tally for entry in entries)
    _, told = fold(entries, member="", served=club.served)
    return [each.decision.answer for each in told]


async def test_what_comes_after_the_close_changes_nothing(club: Counter) -> None:
    await club.put(draw_closed())
    await reached(club, "2025-04-02")
    await follow_all(club)
    held = await club.value("SELECT array_agg(account ORDER BY account) FROM held")

    await club.put(*(voided(f"o-{member}", when="2025-04-03") for member in PEOPLE))
    await club.put(bought("late", 9000, member="ann", when="2025-03-09"))
    assert await follow_all(club) == []
    assert await club.value("SELECT array_agg(account ORDER BY account) FROM held") == held


async def test_the_audit_finds_nothing_wrong_with_winners_shares_and_the_house(
    club: Counter,
) -> None:
    await club.put(did("review", "tea", event="r1"), draw_closed(), share_out(1001))
    await reached(club, "2025-04-02")
    await follow_all(club)

    async with session(club.pool) as connection:
        report = await audit(connection)
    assert report.differences == []
    assert report.accounts == len(PEOPLE) + 1
