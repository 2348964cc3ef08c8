"""Bad input among good: each is set aside with its own code, and its neighbours are applied."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
import pytest

from journeys.bad_input import BONUS, CANARY, PACK, order
from journeys.world import PARTITIONS, STRUCTURED, World, start_all, world
from patron.demo.workers import ROLES
from patron.store import dead_letters
from patron.store.dead_letters import DeadLetter, Listed
from patron.store.pool import session, transaction
from patron.stream.connection import KafkaConnection
from patron.stream.producer import partition_of
from patron.stream.records import Record
from patron_schemas.ready import program_text


class BadDay(NamedTuple):
    """A world that the whole pack was sent to, and what was sent, by offset."""

    world: World
    sent: list[Record]
    letters: dict[int, tuple[Listed, DeadLetter]]


@pytest.fixture(scope="module")
async def bad_day(
    module_database: str,
    kafka_connection: KafkaConnection,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[BadDay]:
    logs = tmp_path_factory.mktemp("logs")
    async with world(dsn=module_database, kafka=kafka_connection, logs=logs) as found:
        await found.add_tenant("default", follows_input=False)
        await found.publish(program_text("cashback"), tenant="default", since=None)
        # Nothing may be received before the program is in force, nor happen before it is.
        sent = pack(found, at=datetime.now(UTC))
        await found.send(sent)
        start_all(found)
        await found.settled()
        yield BadDay(found, sent, await letters_of(found))


def pack(found: World, *, at: datetime) -> list[Record]:
    """Each bad record between two good ones, all in one partition."""
    records = [good(found, 0, at)]
    for place, bad in enumerate(PACK, start=1):
        event = order(f"bad-{place}", member="ann", at=at)
        value, key = bad.bytes_of(event), stray_key() if bad.key else b"ann"
        at_ms = int(at.timestamp() * 1000)
        records.append(Record(found.topics.orders, key, value, bad.headers, at_ms))
        records.append(good(found, place, at))
    return records


def good(found: World, place: int, at: datetime) -> Record:
    event = order(f"neighbour-{place}", member="ann", at=at)
    at_ms = int(at.timestamp() * 1000)
    return Record(found.topics.orders, b"ann", orjson.dumps(event), STRUCTURED, at_ms)


def stray_key() -> bytes:
    """The key of somebody else whose records lie in the same partition."""
    here = partition_of(b"ann", PARTITIONS)
    keys = (f"other-{n}".encode() for n in range(1000))
    return next(key for key in keys if partition_of(key, PARTITIONS) == here)


async def letters_of(found: World) -> dict[int, tuple[Listed, DeadLetter]]:
    letters = {}
    async with transaction(found.pool) as connection:
        for listed in await dead_letters.open_letters(connection):
            got = await dead_letters.get(connection, found.sealer, listed.id)
            assert got is not None
            letters[listed.offset] = (listed, got[0])
    return letters


def test_each_bad_record_is_a_dead_letter_with_its_own_code(bad_day: BadDay) -> None:
    codes = {PACK[offset // 2].name: each.code for offset, (each, _) in bad_day.letters.items()}

    assert codes == {bad.name: bad.code for bad in PACK}


def test_bytes_key_and_headers_are_kept_as_they_came(bad_day: BadDay) -> None:
    for offset, (_, letter) in bad_day.letters.items():
        sent, kept = bad_day.sent[offset], letter.record
        assert (kept.key, kept.value or b"", kept.headers) == (sent.key, sent.value, sent.headers)
        assert (kept.topic, kept.offset) == (sent.topic, offset)
        assert kept.timestamp_ms == sent.timestamp_ms


async def test_each_is_copied_once_to_the_topic_of_dead_letters_with_place_and_reason(
    bad_day: BadDay,
) -> None:
    copies = await bad_day.world.copies(count=len(PACK))

    assert len(copies) == len(PACK)
    by_offset = {int(dict(each.headers)["dlq-offset"]): each for each in copies}
    assert by_offset.keys() == bad_day.letters.keys()
    for offset, copy in by_offset.items():
        sent, said = bad_day.sent[offset], dict(copy.headers)
        listed, letter = bad_day.letters[offset]
        assert said["dlq-code"].decode() == listed.code
        assert said["dlq-detail"].decode() == listed.detail
        assert said["dlq-topic"].decode() == sent.topic
        assert int(said["dlq-partition"]) == listed.partition
        assert (copy.key, copy.value) == (letter.record.key, letter.record.value)
        assert copy.headers[: len(sent.headers)] == sent.headers


async def test_reconciling_takes_no_copy_for_a_notice(
    bad_day: BadDay,
) -> None:
    said = await bad_day.world.patron("reconcile", "--json")

    assert (said.code, orjson.loads(said.out)["foreign"]) == (0, 0), said.out


async def test_all_neighbours_are_applied(bad_day: BadDay) -> None:
    member = await bad_day.world.member("ann", tenant="default")

    neighbours = len(PACK) + 1
    assert member["entries"] == neighbours
    assert member["balances"]["bonus"]["available"] == neighbours * BONUS


async def test_nothing_personal_reaches_a_log_a_metric_or_a_list(bad_day: BadDay) -> None:
    logs = {role: (bad_day.world.logs / f"{role}.log").read_text("utf-8") for role in ROLES}
    metrics = {role: await bad_day.world.metrics(role) for role in ROLES}
    listed = await bad_day.world.patron("dlq", "list")

    assert all(CANARY.encode() in record.value for record in bad_day.sent[0::2])
    assert "patron_" in metrics["intake"]
    for said in (*logs.values(), *metrics.values(), listed.out, listed.errors):
        assert CANARY not in said
        assert CANARY.partition("@")[0] not in said


async def test_dead_letters_are_listed_with_place_and_code(bad_day: BadDay) -> None:
    said = await bad_day.world.patron("dlq", "list", "--json")

    listed = [orjson.loads(line) for line in said.out.splitlines()]
    assert {each["offset"]: each["code"] for each in listed} == {
        2 * place + 1: bad.code for place, bad in enumerate(PACK)
    }


async def test_a_dead_letter_is_shown_whole_whatever_its_bytes(bad_day: BadDay) -> None:
    for offset, (listed, _) in bad_day.letters.items():
        said = await bad_day.world.patron("dlq", "show", str(listed.id), "--json")
        assert said.code == 0, said.errors
        shown = orjson.loads(said.out)
        expected = bad_day.sent[offset].value.decode("utf-8", "backslashreplace")
        assert ((shown["value"] or ""), shown["code"]) == (expected, listed.code)


async def test_replaying_all_of_them_twice_changes_nothing(bad_day: BadDay) -> None:
    before = await bad_day.world.member("ann", tenant="default")
    stays_bad = [listed for listed, _ in bad_day.letters.values() if listed.code not in MENDED]

    for _ in range(2):
        said = await bad_day.world.patron(
            "dlq", "replay", "--json", *(str(listed.id) for listed in stays_bad)
        )
        assert said.code == 0, said.errors
        assert CANARY not in said.out + said.errors
        outcomes = {o["id"]: o["outcome"] for o in map(orjson.loads, said.out.splitlines())}
        for listed in stays_bad:
            assert outcomes[listed.id].startswith(f"still {listed.code}")

    assert await bad_day.world.member("ann", tenant="default") == before


async def test_a_letter_that_is_refused_again_stays_one_letter(bad_day: BadDay) -> None:
    refused = [e.id for e, _ in bad_day.letters.values() if e.code in REFUSED_BY_THE_ENGINE]
    before = await count_letters(bad_day.world)

    await bad_day.world.patron("dlq", "replay", *map(str, refused))

    assert len(refused) == len(REFUSED_BY_THE_ENGINE)
    assert await count_letters(bad_day.world) == before


REFUSED_BY_THE_ENGINE = ("id_reuse", "no_rate", "refund_exceeds_order", "unknown_line")


# What a replay can mend: the tenant is there by now, and a replay knows no lateness.
MENDED = ("unknown_tenant", "too_late")


async def test_a_letter_whose_fault_is_mended_is_applied_once_however_often(
    bad_day: BadDay,
) -> None:
    found = bad_day.world
    await found.add_tenant("later")
    await found.publish(program_text("cashback"), tenant="later")
    letter = next(e.id for e, _ in bad_day.letters.values() if e.code == "unknown_tenant")

    outcomes = []
    for _ in range(2):
        said = await found.patron("dlq", "replay", "--json", str(letter))
        assert said.code == 0, said.errors
        outcomes.append(orjson.loads(said.out)["outcome"])

    assert outcomes == ["applied", "duplicate"]
    member = await found.member("ann", tenant="later")
    assert (member["entries"], member["balances"]["bonus"]["available"]) == (1, BONUS)
    replayed = await found.patron("dlq", "list", "--state", "replayed", "--json")
    assert [orjson.loads(line)["id"] for line in replayed.out.splitlines()] == [letter]


async def test_the_second_model_agrees_after_a_bad_day(bad_day: BadDay) -> None:
    audited = await bad_day.world.patron("audit")

    assert (audited.code, audited.out.split(": ")[-1].strip()) == (0, "EQUAL")


async def count_letters(found: World) -> int:
    async with session(found.pool) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM dead_letter"))
