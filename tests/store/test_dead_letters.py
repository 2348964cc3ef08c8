"""Dead letters: sealed, byte for byte what came, and listed without what they say."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from patron.errors import Misconfigured
from patron.store import dead_letters
from patron.store.dead_letters import DeadLetter, Original
from patron.store.pool import transaction
from patron.store.sealing import KEY_BYTES, Sealer
from store.ground import Store

RECORD = Original(
    "shop.orders.v1",
    3,
    99,
    1_700_000_000_123,
    b"ann",
    b'{"email":"ann@example.org"\xff',
    (("a", b"\x00"), ("a", b"")),
)
LETTER = DeadLetter(RECORD, "malformed", "not JSON at column 27")


async def appended(store: Store, sealer: Sealer, *letters: DeadLetter) -> list[int]:
    """Numbers of all that are open now, newest first."""
    async with transaction(store.pool) as connection:
        await dead_letters.append(connection, sealer, letters)
        return [listed.id for listed in await dead_letters.open_letters(connection)]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(RECORD, id="bytes-that-are-no-text"),
        pytest.param(RECORD._replace(key=None, value=None, headers=()), id="nothing-at-all"),
        pytest.param(RECORD._replace(key=b"", value=b""), id="empty"),
    ],
)
async def test_a_record_comes_back_byte_for_byte(
    store: Store, sealer: Sealer, record: Original
) -> None:
    letter = LETTER._replace(record=record)
    (number,) = await appended(store, sealer, letter)
    async with transaction(store.pool) as connection:
        assert await dead_letters.get(connection, sealer, number) == (letter, "open")
        assert await dead_letters.get(connection, sealer, number + 1) is None


async def test_no_row_holds_what_a_record_says_and_another_key_opens_none(
    store: Store, sealer: Sealer
) -> None:
    (number,) = await appended(store, sealer, LETTER)
    async with transaction(store.pool) as connection:
        row = await connection.fetchval("SELECT dead_letter::text FROM dead_letter")
        sealed = await connection.fetchval("SELECT sealed FROM dead_letter")
        with pytest.raises(Misconfigured, match="MASTER_KEY"):
            await dead_letters.get(connection, Sealer(os.urandom(KEY_BYTES)), number)
    assert "ann" not in row
    assert b"ann" not in sealed
    assert b"ann".hex().encode() not in sealed


async def test_lists_show_the_newest_first_and_where_each_lay(store: Store, sealer: Sealer) -> None:
    letters = [
        LETTER._replace(record=RECORD._replace(offset=n), code=code)
        for n, code in enumerate(("malformed", "late", "late"))
    ]
    await appended(store, sealer, *letters)
    async with transaction(store.pool) as connection:
        listed = await dead_letters.open_letters(connection)
        assert [letter.offset for letter in listed] == [2, 1, 0]
        assert listed[0].record_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
        assert (listed[0].topic, listed[0].partition, listed[0].code) == (RECORD.topic, 3, "late")
        assert len(await dead_letters.open_letters(connection, letters_max=2)) == 2
        assert await dead_letters.by_code(connection) == {"late": 2, "malformed": 1}


async def test_a_letter_that_was_replayed_is_no_longer_open(store: Store, sealer: Sealer) -> None:
    second, first = await appended(store, sealer, LETTER, LETTER)
    async with transaction(store.pool) as connection:
        await dead_letters.mark(connection, first, state="replayed")
        assert [letter.id for letter in await dead_letters.open_letters(connection)] == [second]
        (replayed,) = await dead_letters.open_letters(connection, state="replayed")
        assert (replayed.id, replayed.tries) == (first, 1)
        assert await dead_letters.by_code(connection) == {"malformed": 1}


async def test_a_long_reason_is_cut_short(store: Store, sealer: Sealer) -> None:
    await appended(store, sealer, LETTER._replace(detail="x" * 5000))
    async with transaction(store.pool) as connection:
        (listed,) = await dead_letters.open_letters(connection)
    assert len(listed.detail) == dead_letters.LONGEST_DETAIL


async def test_what_is_older_than_it_may_be_kept_is_forgotten(store: Store, sealer: Sealer) -> None:
    await appended(store, sealer, LETTER, LETTER)
    async with transaction(store.pool) as connection:
        (newest, _) = await dead_letters.open_letters(connection)
        assert await dead_letters.purge(connection, before=newest.received_at) == 0
        later = newest.received_at + timedelta(seconds=1)
        assert await dead_letters.purge(connection, before=later) == 2
