"""What was put off: closings, which look at all accounts at once, and facts that follow.

A batch of events cannot wait for either, so it leaves them in `waiting`. A closing is
decided in one transaction, with the house's account locked and on one snapshot of all
others; what it gives is left to wait in the same commit. Each fact is taken out in the
transaction that decides it: whatever stops this, it happens once.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from patron.core.account import HOUSE, Standing
from patron.core.closings import standing
from patron.core.decision import Unfit
from patron.core.facts import Closing, Fact
from patron.engine.apply import Engine
from patron.engine.business import Business
from patron.engine.letters import letters_of
from patron.engine.reading import Meant, Page
from patron.engine.resolving import resolve
from patron.engine.rows import facts_of
from patron.store import accounts, claims, waiting
from patron.store.dead_letters import DeadLetter
from patron.store.pool import Connection, unhurried
from patron.wire import bodies
from patron.wire.identity import ALL_ACCOUNTS, THEIR_TURN

log = structlog.get_logger()

HOUSE_NUMBER = 0  # Of the member that no row of `member` has.
CLOSINGS_MAX = 100


async def follow(engine: Engine, *, facts_max: int) -> tuple[int, Business]:
    """Decide some of what was put off; return how many facts, and what that meant.

    A closing waits until the business clock has passed it: so all that happened before
    it, and has arrived, counts.
    """
    closed, business = await engine.retried(lambda connection: _close_all(engine, connection))
    followed, more = await engine.retried(
        lambda connection: _take_turns(engine, connection, facts_max)
    )
    return closed + followed, business + more


async def _close_all(engine: Engine, connection: Connection) -> tuple[int, Business]:
    recorded_at = await engine.begin(connection)
    clock = await claims.clock(connection, group=engine.group)
    closed, business = 0, Business()
    for page in _pages(engine):
        until = clock.now(follows_input=page.tenant.follows_input)
        if until is None:
            continue
        facts = await _taken(
            connection, page, key=ALL_ACCOUNTS, until=until, facts_max=CLOSINGS_MAX
        )
        if facts:
            await _close(connection, page, facts)
            business += (await engine.write(connection, page, {}, recorded_at)).business
            closed += len(facts)
    return closed, business


async def _close(connection: Connection, page: Page, facts: Sequence[Fact]) -> None:
    await unhurried(connection)
    await page.lock(connection, {HOUSE_NUMBER: HOUSE})
    for fact in facts:
        assert isinstance(fact, Closing)
        page.book.close(fact, await _standings(connection, page, fact))


async def _standings(connection: Connection, page: Page, fact: Closing) -> list[Standing]:
    """What all accounts count for: of a million of them, some 150 MB."""
    program = page.served.lineage.at(fact.at)
    if program is None:
        return []

    found = []
    async for member, state in accounts.states(connection, program=page.served.number):
        stored = bodies.decode_account(state)
        value = 0 if stored is None else standing(program, fact, stored.meters)
        if value:
            found.append(Standing(member, value))
    return found


async def _take_turns(
    engine: Engine, connection: Connection, facts_max: int
) -> tuple[int, Business]:
    recorded_at = await engine.begin(connection)
    followed, business = 0, Business()
    for page in _pages(engine):
        facts = await _taken(connection, page, key=THEIR_TURN, until=None, facts_max=facts_max)
        if facts:
            await engine.set_aside(connection, await _put(connection, page, facts))
            business += (await engine.write(connection, page, {}, recorded_at)).business
            followed += len(facts)
    return followed, business


async def _put(connection: Connection, page: Page, facts: list[Fact]) -> list[DeadLetter]:
    """Decide these facts; those that are unfit are dead letters."""
    tenant = page.tenant
    resolved = await resolve(connection, tenant.number, facts, {}, unknown=tenant.unknown)
    meant = [each for each in resolved.meant if isinstance(each, Meant)]
    await page.load(connection, meant, resolved.numbers)
    unfit = []
    for fact, whom in zip(facts, resolved.meant, strict=True):
        why = whom if isinstance(whom, Unfit) else await page.decide(connection, whom)
        if isinstance(why, Unfit):
            log.warning("follow_up.unfit", code=why.code, detail=why.detail)
            unfit.append((fact, why))
    return letters_of(page, unfit + page.book.unfit)


def _pages(engine: Engine) -> list[Page]:
    # In the order in which batches lock accounts, so that nobody waits in a circle.
    tenants = engine.catalogue.tenants
    return [
        Page(tenants[name], served, set())
        for name in sorted(tenants)
        for served in tenants[name].programs
    ]


async def _taken(
    connection: Connection, page: Page, *, key: bytes, until: datetime | None, facts_max: int
) -> list[Fact]:
    rows = await waiting.take(
        connection,
        tenant=page.tenant.number,
        program=page.served.number,
        key=key,
        until=until,
        facts_max=facts_max,
    )
    return facts_of(rows)
