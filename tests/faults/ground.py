"""What every scenario stands on: a shop's history out of a seed, and what must come of it.

A scenario sends the history to a deployment, does its worst while real processes work,
and ends here: members, notices, dead letters and their copies are those of a replay in
memory, each notice and copy is there once, and the second model finds no difference.
"""

import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import orjson

from journeys.world import World, by_member
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.store.pool import session
from patron.stream.records import Record
from patron.wire.documents import compile_document
from simulation.histories import PROGRAM, TENANT, History

LONG_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
# Small batches, so that there is a middle; a group that soon misses its dead; and no record
# is blamed for deaths that a scenario brings about.
FRAIL = {
    "PATRON_INTAKE__CRASHES_MAX": "1000",
    "PATRON_INTAKE__BATCH_RECORDS_MAX": "5",
    "PATRON_RELAY__NOTICES_MAX": "3",
    "PATRON_RELAY__FAULT_WAIT_S": "0.1",
    "PATRON_JOBS__ACCOUNTS_MAX": "2",
    "PATRON_KAFKA__SESSION_TIMEOUT_S": "1",
}


async def open_shop(found: World, *, seed: int, events: int) -> History:
    """The tenant, its program, and all that the shop ever sends; nothing runs yet."""
    history = History(seed, events=events)
    await found.add_tenant(TENANT)
    await found.publish(PROGRAM, tenant=TENANT)
    names = {"orders": found.topics.orders, "members": found.topics.members}
    records = [each for log in history.logs.values() for each in log]
    # All at once: what trickles in is late for its siblings, and its order is arrival's.
    await found.send(
        [
            Record(names[r.topic], r.key or b"", r.value or b"", tuple(r.headers), r.timestamp_ms)
            for r in records
        ]
    )
    return history


async def fail_at(found: World, role: str, point: str, *, nth: int = 1) -> int:
    """Start a role that is killed at a point, and wait for its end; return its exit code."""
    fail = {
        "PATRON_TESTING__FAILPOINTS": "true",
        "PATRON_TESTING__FAIL_AT": f"{point}:{nth}:kill",
    }
    found.workers.start(role, fail)
    code = -1

    async def has_ended() -> bool:
        nonlocal code
        said = found.workers.ended(role)
        code = said if said is not None else code
        return said is not None

    await found.until_of_its_own(has_ended)
    return code


async def all_applied(found: World) -> None:
    """Wait until every record is committed."""

    async def is_applied() -> bool:
        return await found.applied() == found.sent

    await found.until(is_applied)


async def ends_as_a_replay(found: World, history: History) -> None:
    """Wait for rest, then compare everything."""
    began = time.monotonic()
    await found.settled()
    wanted, states, letters = replayed(history)
    async with session(found.pool) as connection:
        rows = await connection.fetch("SELECT code, count(*) AS n FROM dead_letter GROUP BY code")
    assert Counter({row["code"]: row["n"] for row in rows}) == letters
    notices = by_member(await found.notices())
    assert {who: [each["id"] for each in said] for who, said in notices.items()} == wanted
    copies = [dict(each.headers) for each in await found.copies(count=letters.total())]
    assert Counter(each["dlq-code"].decode() for each in copies) == letters
    assert len({each["dlq-id"] for each in copies}) == len(copies)
    for name, state in states.items():
        assert await found.member(name, tenant=TENANT) == state
    reconciled = await found.patron("reconcile", "--json")
    assert reconciled.code == 0, reconciled.out
    audited = await found.patron("audit", "--json")
    assert (audited.code, orjson.loads(audited.out)["differences"]) == (0, [])
    print(f"at rest {time.monotonic() - began:.1f} s later: EQUAL, {len(states)} members")


def replayed(history: History) -> tuple[dict[str, list[str]], dict[str, Any], Counter[str]]:
    """Ids of notices and the state of each member, and dead letters by code."""
    program = compile_document(PROGRAM, source="shop.yaml")
    replay = Replay({program.name: Lineage([InForce(LONG_BEFORE, program)])})
    latest_ms = max(each.timestamp_ms for log in history.logs.values() for each in log)
    until = datetime.fromtimestamp(latest_ms / 1000, UTC)
    said = [*replay.events(history.lines), *replay.members(until=until)]
    notices = defaultdict(list)
    for line in said:
        if "specversion" in line:
            notices[line["subject"]].append(line["id"])
    states = {line["member"]: line for line in said if "balances" in line}
    return dict(notices), states, Counter(s["dead_letter"] for s in said if "dead_letter" in s)
