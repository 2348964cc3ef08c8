"""Quotes: from a book, and from the tables, of which one snapshot is read and no row locked."""

from datetime import datetime
from typing import Any

from patron.core.account import LONG_AGO
from patron.core.decide import needs
from patron.core.decision import Unfit
from patron.core.facts import OrderCompleted, OrderRefunded
from patron.core.periods import stamp
from patron.core.program import Program
from patron.core.quote import Quote, ReturnQuote, quote, quote_needs, quote_return
from patron.engine.book import Book
from patron.engine.catalogue import Served, Tenant
from patron.engine.history import fold
from patron.engine.reading import Page
from patron.engine.resolving import opened_as
from patron.store import accounts, ledger, members
from patron.store.pool import Pool, snapshot
from patron.wire.identity import who_key


def quoted(book: Book, order: OrderCompleted, *, member: str) -> Quote | Unfit | None:
    """What a basket would cost and bring a member; None: no program is in force."""
    at = max(order.at, _reached(book, member))
    program = book.lineage.at(at)
    if program is None:
        return None
    return quote(program, book.foreseen(member, quote_needs(program, order), at=at), order)


def quoted_return(book: Book, refund: OrderRefunded, *, member: str) -> ReturnQuote | Unfit:
    """What would come back of a member's order."""
    owned = book.orders.get(refund.order)
    if owned is None or owned.member != member or not owned.state.version:
        return Unfit("order_unknown", "the member has no such order")
    program = book.lineage.named(owned.state.version)
    refund = refund._replace(at=max(refund.at, _reached(book, member)))
    state = book.foreseen(member, needs(program, refund), at=refund.at)
    return quote_return(program, state, refund)


def _reached(book: Book, member: str) -> datetime:
    """The latest time that the member's account has folded in."""
    return book.states[member].account.at if member in book.states else LONG_AGO


async def quoted_from_tables(
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
        if known is not None and known.is_erased:
            return Unfit("member_erased", "the basket names a member who was erased")
        if known is not None:
            row = await accounts.read(connection, program=served.number, member=known.member)
            if row is not None:
                page.put_account(row, known.id)
                await page.load_holdings(connection, [known.id])
        await page.read_pools(connection)
    return quoted(page.book, order, member=opened_as(who) if known is None else known.id)


async def return_from_tables(
    pool: Pool, tenant: Tenant, served: Served, refund: OrderRefunded
) -> ReturnQuote | Unfit:
    """What would come back of an order of the member's, by its account's entries."""
    who = refund.member
    assert who is not None, "a quote is somebody's"
    page, name = Page(tenant, served, set()), (who.kind, who_key(who))
    async with snapshot(pool) as connection:
        known = (await members.find(connection, tenant.number, [name])).get(name)
        row = None
        if known is not None:
            row = await accounts.read(connection, program=served.number, member=known.member)
        if known is None or known.is_erased or row is None:
            return Unfit("order_unknown", "the member has no such order")
        entries = await ledger.entries(connection, row.account)
        await page.read_pools(connection)
    state, told = fold(entries, member=known.id, served=served)
    page.book.recall(known.id, state, [each.decision for each in told])
    return quoted_return(page.book, refund, member=known.id)


def shown_return(quote: ReturnQuote, program: Program) -> dict[str, Any]:
    """A return's quote as programs read it: amounts in minor units of the order's currency."""
    told = quote._asdict() | {
        "at": stamp(quote.at),
        "lines": [line._asdict() for line in quote.lines],
        "amount_minor": quote.amount_minor,
        "changes": dict(quote.changes),
        "tier": quote.tier or None,
        "tier_after": quote.tier_after or None,
    }
    return {"program": program.name, "version": program.version, **told}


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
