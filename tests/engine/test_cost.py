"""What a purchase costs in rows and index entries: ARCHITECTURE.md says five and four."""

from core.grocery import bought
from engine.counter import Counter
from patron.store.pool import session

ROWS = {"seen": 1, "orders": 1, "entry": 1, "lot": 1}
INDEX_ENTRIES = 4

COUNTED = """
SELECT
    regexp_replace(stat.relname, '_(m?[0-9]+q?[0-9]*|never)$', '') AS name,
    sum(stat.n_tup_ins) AS inserted, sum(stat.n_tup_upd) AS updated,
    sum(stat.n_tup_hot_upd) AS hot,
    sum(stat.n_tup_ins * (SELECT count(*) FROM pg_index WHERE indrelid = stat.relid)) AS indexed
FROM pg_stat_user_tables AS stat GROUP BY 1
"""


async def counted(counter: Counter) -> dict[str, tuple[int, int, int, int]]:
    async with session(counter.pool) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        rows = await connection.fetch(COUNTED)
    return {
        row["name"]: (row["inserted"], row["updated"], row["hot"], row["indexed"]) for row in rows
    }


async def test_a_purchase_writes_five_rows_and_four_index_entries(counter: Counter) -> None:
    await counter.put(bought("o0", 10_00))  # The member's first: it makes the account, too.
    await flushed(counter, entries=1)
    before = await counted(counter)
    await counter.put(bought("o1", 10_00, when="2025-03-03 13:00"))
    await flushed(counter, entries=2)
    after = await counted(counter)

    inserted = {n: after[n][0] - before.get(n, (0,))[0] for n in after}
    updated = {n: after[n][1] - before.get(n, (0, 0))[1] for n in after}
    assert {n: rows for n, rows in inserted.items() if rows} == ROWS
    assert {n: rows for n, rows in updated.items() if rows} == {"account": 1}
    assert after["account"][2] - before["account"][2] == 1, "the update was not a HOT one"
    assert sum(after[n][3] - before.get(n, (0, 0, 0, 0))[3] for n in ROWS) == INDEX_ENTRIES


async def flushed(counter: Counter, *, entries: int) -> None:
    """Every session of the pool has told the server what it counted."""
    for _ in range(200):
        async with session(counter.pool) as connection:
            await connection.execute("SELECT pg_stat_force_next_flush()")
        if (await counted(counter)).get("entry", (0,))[0] == entries:
            return
    raise AssertionError("the statistics did not come")
