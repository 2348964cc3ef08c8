"""A database large enough that a bad plan shows, and the arguments of a large batch."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

from patron.store.partitions import Partition, of_entry, of_lot, of_week, week_of

NOW = datetime(2026, 3, 10, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
WEEK = week_of(NOW)
ACCOUNTS = 200_000
BATCH = 2_000
BIG_ROWS = 10_000

QUARTERS = [datetime(2026, 1 + 3 * n, 1, tzinfo=UTC) for n in range(4)]
PARTITIONS: list[Partition] = [
    *map(of_entry, QUARTERS),
    *map(of_lot, [*QUARTERS, NEVER]),
    *map(of_week, range(WEEK - 3, WEEK + 1)),
]

# Members, accounts and orders have the same numbers; ids that are hashes are md5 of them.
FILL = f"""
CREATE TEMPORARY TABLE n AS SELECT n::int AS n, md5(n::text)::uuid AS id
FROM generate_series(1, {ACCOUNTS}) AS n;

INSERT INTO member (tenant, id) SELECT 1, 'member-' || n FROM n;
INSERT INTO identifier SELECT 1, 'id', id, n FROM n;
INSERT INTO account (tenant, program, member, due_at, balances, state, seq)
SELECT 1, 1, n, CASE WHEN n % 50 = 0 THEN '{NOW}'::timestamptz + n * interval '1 minute'
    ELSE '{NEVER}' END, ARRAY[n, 0, 0, 0], convert_to(repeat('s', 100), 'UTF8'), 2 FROM n;
INSERT INTO entry
SELECT n, seq, '{NOW}', '2026-01-10'::timestamptz + (n + seq) % 4 * interval '3 months',
    id, 1, 1, convert_to(repeat('b', 200), 'UTF8'), id
FROM n CROSS JOIN generate_series(1, 2) AS seq;
INSERT INTO lot
SELECT n, 1, 0, CASE WHEN seq = 1 THEN '{NEVER}'::timestamptz
    ELSE '2026-01-10'::timestamptz + n % 4 * interval '3 months' END,
    '{NOW}', seq, 1, 100, CASE WHEN n % 3 = 0 THEN 0 ELSE 50 END, 1, seq
FROM n CROSS JOIN generate_series(1, 2) AS seq;
INSERT INTO take SELECT n, 2, 1, 1, 0, 50, 1, 1, 1 FROM n;
INSERT INTO orders SELECT 1, 1, 'order-' || n, n, 1, 1, 1, 'state' FROM n;
INSERT INTO seen SELECT {WEEK} - n % 4, id, n, n FROM n;
INSERT INTO once SELECT 1, 1, 1, id, n FROM n;
INSERT INTO held SELECT n, 1, 1, 1, n % 5, '{NOW}', '{NEVER}', '{NEVER}', 'detail' FROM n;
INSERT INTO waiting SELECT 1, 1, id, id, '{NOW}', 1, 'fact' FROM n WHERE n % 10 = 0;
INSERT INTO person SELECT n, 'key', 'data' FROM n WHERE n % 10 = 0;
INSERT INTO outbox (shard, notice, body) SELECT n % 4, id, 'body' FROM n WHERE n % 4 < 3;
INSERT INTO claim (grp, topic, partition, epoch, next_offset)
SELECT 'group-' || n % 10, 'topic', n, 1, 10 FROM n WHERE n <= 20000;
INSERT INTO dead_letter (topic, partition, record_offset, record_at, code, detail, sealed, state)
SELECT 'topic', 0, n, '{NOW}', 'late', '', '', CASE WHEN n % 100 = 0 THEN 'open'
    ELSE 'replayed' END FROM n WHERE n % 10 = 0;
"""


def array(values: Iterable[object]) -> str:
    """Values as SQL writes an array; its type is the parameter's."""
    return "'{" + ",".join(f'"{value}"' for value in values) + "}'"


def each(value: object) -> str:
    """The same value for every element of the batch."""
    return array([value] * BATCH)


# Spread over the whole table, as the members of one batch are.
PICKED = range(7, ACCOUNTS, ACCOUNTS // BATCH)
NUMBERS = array(PICKED)
IDS = array(UUID(md5(str(n).encode()).hexdigest()) for n in PICKED)
ORDERS = array(f"order-{n}" for n in PICKED)
TEXT = "'topic'"
AT = f"'{NOW}'"
DUE = f"'{NOW + timedelta(days=1)}'"
EXPIRIES = array(QUARTERS[n % 4] + timedelta(days=9) for n in PICKED)

# What a batch, the relay and the jobs ask, and with what: one string a parameter.
HOT: dict[tuple[str, str], list[str]] = {
    ("accounts", "lock"): ["1", NUMBERS],
    ("accounts", "open"): ["1", "1", NUMBERS],
    ("accounts", "save"): [
        NUMBERS, each(3), each(NOW), each(1), each("s"), IDS, array([1] * 4 * BATCH),
        array(range(1, 4 * BATCH, 4)), each(4),
    ],
    ("accounts", "due"): ["1", DUE, "500"],
    ("accounts", "any_due"): [DUE],
    ("accounts", "read"): ["1", "7"],
    ("orders", "lock"): ["1", "1", ORDERS],
    ("orders", "insert"): ["1", "1", ORDERS, NUMBERS, each(1), each(1), each(1), each("s")],
    ("orders", "update"): ["1", "1", ORDERS, NUMBERS, each(1), each(1), each(1), each("s")],
    ("seen", "claim"): [each(WEEK), IDS, NUMBERS, NUMBERS],
    ("seen", "find"): [array(range(WEEK - 3, WEEK + 1)), IDS],
    ("seen", "forget"): [each(WEEK), IDS],
    ("seen", "member"): ["'00000000-0000-0000-0000-000000000000'"],
    ("ledger", "lots"): [NUMBERS],
    ("ledger", "reduce"): [
        NUMBERS, each(1), each(0), EXPIRIES, each(NOW), each(2), each(1), each(1),
    ],
    ("ledger", "bodies"): [NUMBERS, each(1)],
    ("ledger", "entries"): ["7"],
    ("once", "taken"): ["1", "1", each(1), IDS],
    ("once", "free"): ["1", "1", each(1), IDS],
    ("once", "insert"): ["1", "1", each(1), IDS, NUMBERS],
    ("grants", "open"): [NUMBERS],
    ("grants", "save"): [
        NUMBERS, each(1), each(1), each(1), each(1), each(NOW), each(NOW), each(NOW), each("d"),
        IDS, IDS,
    ],
    ("grants", "ended"): [NUMBERS, IDS],
    ("pools", "lock"): ["1", "1", each("stock/mug")],
    ("pools", "holds"): ["1", "1", each("stock/mug")],
    ("pools", "save"): ["1", "1", each("stock/mug"), NUMBERS],
    ("pools", "hold"): ["1", "1", each("stock/mug"), NUMBERS, each("r"), NUMBERS, each(NOW)],
    ("codes", "read"): ["1", each("codes/mug"), NUMBERS],
    ("pools", "release"): ["1", "1", each("stock/mug"), NUMBERS, each("r")],
    ("members", "find"): ["1", each("id"), IDS],
    ("members", "ids"): [NUMBERS],
    ("members", "name"): ["1", each("id"), IDS, NUMBERS],
    ("members", "person"): ["7"],
    ("claims", "claim"): ["'group-1'", TEXT, each("topic"), NUMBERS],
    ("claims", "advance"): [
        "'group-1'", each("topic"), NUMBERS, each(1), each(10), each(20), each("h"), each(NOW),
        each("true"),
    ],
    ("claims", "tried"): ["'group-1'", each("topic"), NUMBERS, each(10), "1", "0"],
    ("claims", "stop"): [
        "'group-1'", each("topic"), NUMBERS, each(1), each("gap"), each("offsets 1 to 2 are gone"),
    ],
    ("claims", "begin"): ["'group-1'", TEXT, "7", "1", "10"],
    ("claims", "caught_up"): ["'group-1'", each("topic"), NUMBERS, each(1), each("true")],
    ("waiting", "find"): ["1", "1", IDS],
    ("waiting", "drop"): ["1", "1", IDS],
    ("outbox", "oldest"): ["1", "5000"],
    ("outbox", "delete"): ["1", NUMBERS],
    ("outbox", "positions"): ["1"],
    ("dead_letters", "list"): ["'open'", "100"],
    ("dead_letters", "by_code"): [],
    ("dead_letters", "get"): ["7"],
    ("dead_letters", "mark"): ["7", "'dropped'"],
}  # fmt: skip
