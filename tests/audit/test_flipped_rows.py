"""`patron audit` on a real Postgres: clean on what the engine wrote, and every flip is named."""

from collections.abc import AsyncIterator

import pytest

from core.grocery import adjust, article, bought, did, redeem, returned, transfer, voided
from engine.counter import Counter, counters
from patron.audit import check
from patron.store.pool import session

HISTORY = [
    bought("o1", article(30_00, category="COFFEE", units=2), when="2025-03-03 09:00"),
    bought("o2", article(80_00, category="COFFEE"), when="2025-03-04 09:00"),
    did("review", "tea", when="2025-03-05"),
    did("review", "tea", when="2025-03-05", event="again"),
    returned("o2", l1=60_00, when="2025-03-06"),
    bought("o3", 7_50, when="2025-03-07", member="bob"),
    redeem(reward="five-off", when="2025-03-08"),
    transfer(3, to="bob", when="2025-03-09"),
    adjust(12, when="2025-03-10"),
    voided("o1", when="2025-03-11"),
    returned("o4", l1=5_00, when="2025-10-30"),
    bought("o4", 15_00, when="2025-11-01"),
]


@pytest.fixture
async def counter(database: str) -> AsyncIterator[Counter]:
    async for made in counters(database):
        await made.put(*HISTORY)
        yield made


async def audited(counter: Counter) -> check.Report:
    async with session(counter.pool) as connection:
        return await check.audit(connection)


async def test_what_the_engine_wrote_is_what_the_second_model_computes(counter: Counter) -> None:
    report = await audited(counter)
    assert list(report.differences) == []
    assert report.accounts == 2
    assert report.entries == await counter.value("SELECT count(*) FROM entry")


@pytest.mark.parametrize(
    ("flip", "named"),
    [
        pytest.param("UPDATE lot SET remaining = 1 WHERE remaining > 1", "lot", id="lot"),
        pytest.param("UPDATE account SET balances[1] = balances[1] + 1", "available", id="balance"),
        pytest.param("UPDATE account SET tier = 2 WHERE tier <> 2", "tier", id="tier"),
        pytest.param("UPDATE held SET state = 5", "grant", id="grant"),
        pytest.param("UPDATE entry SET at = now() WHERE seq = 2", "entry 2", id="time"),
        pytest.param(
            "UPDATE entry SET body = replace(encode(body, 'escape'), '8000', '9000')::bytea "
            "WHERE seq = 2",
            "entry 2",
            id="body",
        ),
        pytest.param("UPDATE account SET chain = gen_random_uuid()", "chain", id="chain"),
        pytest.param("DELETE FROM entry WHERE seq = 3", "entries", id="an-entry-gone"),
        pytest.param("UPDATE take SET amount = amount + 1", "take", id="take"),
    ],
)
async def test_a_flipped_row_is_found_and_named(counter: Counter, flip: str, named: str) -> None:
    async with session(counter.pool) as connection:
        await connection.execute(flip)
    report = await audited(counter)
    assert report.differences
    said = [difference.what for difference in report.differences]
    if named != "take":  # What a take moved shows in its entry's hash, and in sums.
        assert any(named in what for what in said), said
