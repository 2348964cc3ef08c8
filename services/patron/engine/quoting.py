"""Quotes from the tables: one snapshot is read, and nothing is locked or written."""

from typing import Any

from patron.core.decision import Unfit
from patron.core.draft import stamp
from patron.core.facts import OrderCompleted
from patron.core.program import Program
from patron.core.quote import Quote
from patron.engine.catalogue import Served, Tenant
from patron.engine.reading import Page
from patron.engine.resolving import opened_as
from patron.store import accounts, members
from patron.store.pool import Pool, snapshot
from patron.wire.identity import who_key


async def quoted(
    pool: Pool, tenant: Tenant, served: Served, order: OrderCompleted
) -> Quote | Unfit | None:
    """What a basket would cost and bring its member; whom nobody knows is a new one.

    None: the program is not in force yet.
    """
    who = order.member
    assert who is not None, "a quote is somebody's"
    page, name = Page(tenant, served, set()), (who.kind, who_key(who))
    async with snapshot(pool) as connection:
        known = (await members.find(connection, tenant.number, [name])).get(name)
        if known is not None:
            row = await accounts.read(connection, program=served.number, member=known.member)
            if row is not None:
                page.put_account(row, known.id)
                await page.load_holdings(connection, [known.id])
        await page.read_pools(connection)
    return page.book.quoted(order, member=opened_as(who) if known is None else known.id)


def shown_quote(quote: Quote, program: Program) -> dict[str, Any]:
    """A quote as programs read it: amounts in minor units of its currency."""
    return {
        "member": quote.member,
        "program": program.name,
        "version": program.version,
        "at": stamp(quote.at),
        "tier": quote.tier or None,
        "currency": program.currency,
        "lines": [line._asdict() for line in quote.lines],
        "prices": [proof._asdict() for proof in quote.prices],
        "shipping_minor": quote.shipping_minor,
        "charged_minor": quote.charged_minor,
        "earns": [proof._asdict() for proof in quote.earns],
        "unlocks": list(quote.unlocks),
        "tier_after": quote.tier_after or None,
        "rewards": [usable._asdict() for usable in quote.usable],
        "points": None if quote.payable is None else quote.payable._asdict(),
    }
