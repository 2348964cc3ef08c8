"""What a run came to, read from the tables, the output topic and the second model."""

import time
from collections import Counter
from statistics import quantiles

import orjson

from patron.audit import check
from patron.core.draft import EMPTY
from patron.demo.flow import Went
from patron.demo.groceries import Summary
from patron.demo.outcome import (
    Count,
    Outcome,
    Points,
    RewardCount,
    Statement,
    StatementRow,
    Throughput,
    Verdict,
)
from patron.engine.catalogue import Catalogue, Served
from patron.engine.history import fold
from patron.engine.statement import change, reasons, what
from patron.store import accounts, dead_letters, figures, ledger
from patron.store.pool import Connection, Pool, session
from patron.store.sealing import Sealer
from patron.stream.connection import KafkaConnection
from patron.stream.tail import read_all

ASSET = "points"
SHOWN_MAX = 10


async def outcome(
    pool: Pool,
    sealer: Sealer,
    kafka: KafkaConnection,
    *,
    tenant: str,
    topic: str,
    summary: Summary,
    went: Went,
    next_steps: tuple[str, ...],
) -> Outcome:
    """All that the report shows."""
    async with session(pool) as connection:
        catalogue = await Catalogue.load(connection, sealer)
        served = catalogue.tenants[tenant].programs[0]
        program = served.lineage.versions[-1].program
        letters = await dead_letters.by_code(connection)
        tiers = await _tiers(connection, served)
        points, members = await _points(connection, served)
        rewards = await _rewards(connection, served)
        statement = await _statement(connection, served)
        verdict = await _verdict(connection)
    notices, refused = await _notices(kafka, topic)
    return Outcome(
        program=program.name,
        zone=program.zone,
        first_at=summary.first_at,
        last_at=summary.last_at,
        members=members,
        tiers=tiers,
        points=points,
        rewards=rewards,
        notices=notices,
        applied=summary.events - summary.duplicates - sum(letters.values()),
        duplicates=summary.duplicates,
        refused=refused,
        dead_letters=tuple(Count(*each) for each in letters.items()),
        throughput=_throughput(went),
        statement=statement,
        verdict=verdict,
        made_up=summary.made_up(),
        next_steps=next_steps,
    )


def _throughput(went: Went) -> Throughput:
    cuts = quantiles(went.latencies_ms, n=100) if len(went.latencies_ms) > 1 else None
    return Throughput(
        events=went.events,
        took_s=went.took_s,
        latency_p50_ms=cuts[49] if cuts else None,
        latency_p99_ms=cuts[98] if cuts else None,
    )


async def _tiers(connection: Connection, served: Served) -> tuple[Count, ...]:
    ladder = served.lineage.versions[-1].program.ladder
    if ladder is None:
        return ()
    numbers = await accounts.by_tier(connection, program=served.number)
    by_place: Counter[int] = Counter()
    for number, members in numbers.items():
        by_place[ladder.place(served.names.tier_named[number])] += members
    return tuple(Count(tier.name, by_place[place]) for place, tier in enumerate(ladder.tiers))


async def _points(connection: Connection, served: Served) -> tuple[Points, int]:
    number = served.names.asset[ASSET]
    moved = await figures.points(connection, program=served.number, asset=number)
    held = await figures.balances(connection, program=served.number, asset=number)
    points = Points(
        asset=ASSET,
        issued=moved.issued,
        taken_back=moved.taken_back,
        spent=moved.spent,
        expired=moved.expired,
        available=held.available,
        pending=held.pending,
        debt=held.debt,
    )
    return points, held.members


async def _rewards(connection: Connection, served: Served) -> tuple[RewardCount, ...]:
    names = served.names.reward_named
    return tuple(
        RewardCount(names[row.reward], row.granted, row.claimed, row.lapsed)
        for row in await figures.rewards(connection, program=served.number)
    )


async def _statement(connection: Connection, served: Served) -> Statement | None:
    busiest = await figures.busiest(connection, program=served.number)
    if busiest is None:
        return None
    number, member = busiest
    row = await accounts.read(connection, program=served.number, member=number)
    assert row is not None
    state, told = fold(await ledger.entries(connection, row.account), member=member, served=served)
    rows = [
        StatementRow(
            each.entry.at,
            what(each.decision.fact),
            change(each.decision, ASSET),
            each.decision.account.balances.get(ASSET, EMPTY).available,
            "; ".join(reasons(each.decision, each.program)),
        )
        for each in told[-SHOWN_MAX:]
    ]
    account = state.account
    program = served.lineage.versions[-1].program
    return Statement(
        member=member,
        tier=program.tier_at(program.place(account.tier)),
        available=account.balances.get(ASSET, EMPTY).available,
        entries=account.seq,
        rows=tuple(rows),
    )


async def _verdict(connection: Connection) -> Verdict:
    began = time.perf_counter()
    report = await check.audit(connection)
    return Verdict(
        equal=not report.differences,
        accounts=report.accounts,
        entries=report.entries,
        took_s=time.perf_counter() - began,
        differences=tuple(
            f"{each.member}: {each.what} is {each.found}, expected {each.expected}"
            for each in report.differences[:5]
        ),
    )


async def _notices(
    kafka: KafkaConnection, topic: str
) -> tuple[tuple[Count, ...], tuple[Count, ...]]:
    """Notices by type, and refused requests by code, as a reader of the topic finds them."""
    types: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for record in await read_all(kafka, topic):
        kind = dict(record.headers)["ce_type"].decode()
        types[kind.removeprefix("io.patron.").removesuffix(".v1")] += 1
        if kind == "io.patron.request.answered.v1":
            answer = orjson.loads(record.value or b"{}")
            if not answer["granted"]:
                codes[answer["code"]] += 1
    return (
        tuple(Count(*each) for each in types.most_common()),
        tuple(Count(*each) for each in codes.most_common()),
    )
