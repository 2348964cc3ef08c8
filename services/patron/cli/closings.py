"""`patron closings`: which draws and share-outs were closed, with all that checks them."""

from typing import Annotated, Any

import typer

from patron.cli.environment import as_json, served, with_pool
from patron.core.account import HOUSE
from patron.engine.following import HOUSE_NUMBER
from patron.engine.history import Told, fold
from patron.engine.statement import what
from patron.store import accounts, ledger
from patron.store.pool import Pool, session
from patron.store.sealing import Sealer

CLOSED = ("draw.closed", "share_out.closed")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(closings)


def closings(
    tenant: Annotated[str, typer.Option(help="Whose program it is.")] = "default",
    program: Annotated[str | None, typer.Option(help="Which, if there are several.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was asked of a program itself: seeds, hashes, winners, and what was refused."""

    async def work(pool: Pool, sealer: Sealer) -> list[Told]:
        _, found = await served(pool, sealer, tenant=tenant, program=program)
        async with session(pool) as connection:
            row = await accounts.read(connection, program=found.number, member=HOUSE_NUMBER)
            entries = [] if row is None else await ledger.entries(connection, row.account)
        return fold(entries, member=HOUSE, served=found)[1]

    told = with_pool(work)
    for each in told:
        typer.echo(as_json(_closing(each)) if json else _in_words(each))
    if not told and not json:
        typer.echo("Nothing was closed yet.")


def _closing(told: Told) -> dict[str, Any]:
    entry, _, decision = told
    assert decision.answer is not None
    said = [dict(notice.data) for notice in decision.notices if notice.type in CLOSED]
    return {
        "entry": entry.seq,
        "at": entry.at.isoformat(),
        "request": decision.fact.name.id,
        "what": what(decision.fact),
        "granted": decision.answer.granted,
        "code": decision.answer.code,
        "closed": said[0] if said else None,
    }


def _in_words(told: Told) -> str:
    closing = _closing(told)
    answer = "granted" if closing["granted"] else f"refused: {closing['code']}"
    head = f"{closing['entry']:>5}  {told.entry.at:%Y-%m-%d %H:%M}  {closing['what']}: {answer}"
    parts = [f"{'':26}{name}: {value}" for name, value in (closing["closed"] or {}).items()]
    return "\n".join([head, *parts])
