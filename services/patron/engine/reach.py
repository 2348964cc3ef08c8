"""Time's own door: accounts whose `due_at` has come are brought up to the business clock.

What is found late acts at its own instant all the same, so how often and how late this
runs changes no result. Accounts that a batch holds are passed over and found again.
"""

from datetime import datetime

from patron.engine.apply import Engine
from patron.engine.business import Business
from patron.engine.reading import Page
from patron.runtime import failpoints
from patron.store import accounts, claims, members
from patron.store.pool import Connection


async def reach(engine: Engine, *, accounts_max: int) -> tuple[int, Business]:
    """Move due accounts of every program on; return how many, and what that meant.

    One transaction, so that an error leaves nothing half done.
    """
    reached = await engine.retried(lambda connection: _reach_all(engine, connection, accounts_max))
    failpoints.passed("jobs.reached")
    return reached


async def _reach_all(
    engine: Engine, connection: Connection, accounts_max: int
) -> tuple[int, Business]:
    recorded_at = await engine.begin(connection)
    clock = await claims.clock(connection, group=engine.group)
    moved, business = 0, Business()
    for tenant in engine.catalogue.tenants.values():
        until = clock.now(follows_input=tenant.follows_input)
        if until is None:
            continue
        for served in tenant.programs:
            page = Page(tenant, served, set())
            moved += await _reach(connection, page, until=until, accounts_max=accounts_max)
            business += (await engine.write(connection, page, {}, recorded_at)).business
    return moved, business


async def _reach(connection: Connection, page: Page, *, until: datetime, accounts_max: int) -> int:
    rows = await accounts.due(
        connection, program=page.served.number, until=until, accounts_max=accounts_max
    )
    ids = await members.ids(connection, [row.member for row in rows])
    for row in rows:
        page.put_account(row, ids[row.member])
    await page.load_holdings(connection, ids.values())
    failpoints.passed("jobs.found")
    for member in ids.values():
        page.book.pass_time(member, until=until)
    failpoints.passed("jobs.passed")
    return len(rows)
