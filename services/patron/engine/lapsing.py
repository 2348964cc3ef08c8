"""What waited in vain: refunds whose order never came, events whose name led to nobody.

Once a tenant's `late_max` has passed since a fact's own time, nothing that it waits for can
come any more: that would be too late itself. So it becomes a dead letter, unless its order
came and is nobody's: such a refund changes no account either, and is forgotten.
"""

from collections import Counter
from datetime import datetime, timedelta

from patron.core.decision import Unfit
from patron.core.facts import Fact, TakenBack
from patron.engine.apply import Engine
from patron.engine.letters import letters_of
from patron.engine.nameless import NAME_UNKNOWN
from patron.engine.reading import Page
from patron.engine.rows import facts_of
from patron.store import claims, orders, waiting
from patron.store.pool import Connection
from patron.wire.identity import ALL_ACCOUNTS, THEIR_TURN
from patron.wire.reasons import MEANING, Reason

# Whether input lags is told with a delay; nothing hangs on how soon a letter is written.
SPARE = timedelta(hours=1)
ORDER_UNKNOWN = Unfit(Reason.ORDER_UNKNOWN, MEANING[Reason.ORDER_UNKNOWN])


async def lapse(engine: Engine, *, facts_max: int) -> tuple[int, Counter[str]]:
    """Set aside some of what waited in vain; return how many facts, and letters by code."""
    return await engine.retried(lambda connection: _lapse(engine, connection, facts_max))


async def _lapse(
    engine: Engine, connection: Connection, facts_max: int
) -> tuple[int, Counter[str]]:
    await engine.begin(connection)
    clock = await claims.clock(connection, group=engine.group)
    lapsed, codes = 0, Counter[str]()
    for tenant in engine.catalogue.tenants.values():
        now = clock.now(follows_input=tenant.follows_input)
        if now is None or tenant.late_max is None:
            continue
        for served in tenant.programs:
            page = Page(tenant, served, set())
            until = now - tenant.late_max - SPARE
            facts = await _taken(connection, page, until=until, facts_max=facts_max)
            letters = letters_of(page, await _in_vain(connection, page, facts))
            await engine.set_aside(connection, letters)
            codes.update(letter.code for letter in letters)
            lapsed += len(facts)
    return lapsed, codes


async def _taken(
    connection: Connection, page: Page, *, until: datetime, facts_max: int
) -> list[Fact]:
    rows = await waiting.lapse(
        connection,
        tenant=page.tenant.number,
        program=page.served.number,
        until=until,
        but=(ALL_ACCOUNTS, THEIR_TURN),
        facts_max=facts_max,
    )
    return facts_of(rows)


async def _in_vain(
    connection: Connection, page: Page, facts: list[Fact]
) -> list[tuple[Fact, Unfit]]:
    refunds = [fact for fact in facts if isinstance(fact, TakenBack)]
    nobodys = await orders.nobodys(
        connection,
        tenant=page.tenant.number,
        program=page.served.number,
        order_ids=[refund.order for refund in refunds],
    )
    return [
        (fact, ORDER_UNKNOWN if isinstance(fact, TakenBack) else NAME_UNKNOWN)
        for fact in facts
        if not (isinstance(fact, TakenBack) and fact.order in nobodys)
    ]
