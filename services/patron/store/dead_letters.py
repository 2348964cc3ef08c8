"""Dead letters: poison, set aside in the batch's own commit, with its bytes as they came."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from patron.store.pool import Connection, columns, sql
from patron.store.sealing import Sealer

LONGEST_DETAIL = 1024


class Original(NamedTuple):
    """A record as it came from the topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class DeadLetter(NamedTuple):
    """A record that can never succeed, and the code of its reason."""

    record: Original
    code: str
    detail: str  # Never holds what the record says.


class Listed(NamedTuple):
    """A dead letter as lists show it: where it lay and why, never what it says."""

    id: int
    received_at: datetime
    topic: str
    partition: int
    offset: int
    record_at: datetime
    code: str
    detail: str
    state: str
    tries: int


async def append(connection: Connection, sealer: Sealer, letters: Sequence[DeadLetter]) -> None:
    """Set records aside."""
    if not letters:
        return

    rows = [
        (
            letter.record.topic,
            letter.record.partition,
            letter.record.offset,
            datetime.fromtimestamp(letter.record.timestamp_ms / 1000, UTC),
            letter.code,
            letter.detail[:LONGEST_DETAIL],
            sealer.seal(_packed(letter.record)),
        )
        for letter in letters
    ]
    await connection.execute(sql("dead_letters", "append"), *columns(rows, 7))


def _packed(record: Original) -> bytes:
    # JSON holds no bytes: hexadecimal does, whatever they are.
    return orjson.dumps(
        {
            "timestamp_ms": record.timestamp_ms,
            "key": None if record.key is None else record.key.hex(),
            "value": None if record.value is None else record.value.hex(),
            "headers": [(name, value.hex()) for name, value in record.headers],
        }
    )


async def open_letters(
    connection: Connection, *, state: str = "open", letters_max: int = 100
) -> list[Listed]:
    """The newest dead letters in a state."""
    rows = await connection.fetch(sql("dead_letters", "list"), state, letters_max)
    return [Listed(*row) for row in rows]


async def open_of_code(connection: Connection, *, code: str) -> list[int]:
    """Every open dead letter with one code."""
    return [row["id"] for row in await connection.fetch(sql("dead_letters", "open_of_code"), code)]


async def get(connection: Connection, sealer: Sealer, letter: int) -> tuple[DeadLetter, str] | None:
    """One dead letter with its bytes, and its state; locked to the commit."""
    row = await connection.fetchrow(sql("dead_letters", "get"), letter)
    if row is None:
        return None

    packed = orjson.loads(sealer.open(row["sealed"]))
    record = Original(
        row["topic"],
        row["partition"],
        row["record_offset"],
        packed["timestamp_ms"],
        None if packed["key"] is None else bytes.fromhex(packed["key"]),
        None if packed["value"] is None else bytes.fromhex(packed["value"]),
        tuple((name, bytes.fromhex(value)) for name, value in packed["headers"]),
    )
    return DeadLetter(record, row["code"], row["detail"]), row["state"]


async def mark(connection: Connection, letter: int, *, state: str) -> None:
    """What became of a dead letter: replayed or dropped."""
    await connection.execute(sql("dead_letters", "mark"), letter, state)


async def by_code(connection: Connection) -> dict[str, int]:
    """How many are open, by code."""
    rows = await connection.fetch(sql("dead_letters", "by_code"))
    return {row["code"]: row["letters"] for row in rows}


async def purge(connection: Connection, *, before: datetime) -> int:
    """Forget what is older than it may be kept; return how many."""
    status = await connection.execute(sql("dead_letters", "purge"), before)
    return int(status.rpartition(" ")[2])
