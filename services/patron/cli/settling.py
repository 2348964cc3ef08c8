"""`patron settle`: what each partner owes for what its rules gave within a period."""

from typing import Annotated

import typer

from patron.cli.environment import as_json, served, with_pool
from patron.cli.programs import instant
from patron.engine.settling import OWNER, Sum
from patron.engine.settling import settle as sums_of
from patron.errors import Misconfigured
from patron.store.pool import Pool, session
from patron.store.sealing import Sealer


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(settle)


def settle(
    program: Annotated[str, typer.Argument(help="The program.")],
    begins: Annotated[str, typer.Option("--from", help="From this instant on: 2026-01-01.")],
    ends: Annotated[str, typer.Option("--to", help="Up to and without this one: 2026-02-01.")],
    tenant: Annotated[str, typer.Option(help="Whose program it is.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sum up what each partner's rules gave and took back: what was written from … to."""
    begins_at, ends_at = instant(begins), instant(ends)
    if begins_at >= ends_at:
        raise Misconfigured(f"a period from {begins} to {ends} holds nothing")

    async def work(pool: Pool, sealer: Sealer) -> list[Sum]:
        _, found = await served(pool, sealer, tenant=tenant, program=program)
        async with session(pool) as connection:
            return await sums_of(connection, found, begins_at=begins_at, ends_at=ends_at)

    sums = with_pool(work)
    if json:
        for each in sums:
            typer.echo(as_json(each._asdict() | {"owed": each.owed}))
        return
    for each in sums:
        whose = "you" if each.partner == OWNER else each.partner
        typer.echo(
            f"{whose:16} {each.rule:24} {each.owed:>12} {each.asset}"
            f"  ({each.given} given, {each.taken_back} taken back)"
        )
    if not sums:
        typer.echo("Nothing was given in that time.")
