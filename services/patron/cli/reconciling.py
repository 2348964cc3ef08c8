"""`patron reconcile`: whether the world has every notice that the ledger owes it, once."""

from typing import Annotated

import typer

from patron.cli.environment import as_json, kafka_connection, settings, with_pool
from patron.engine.catalogue import Catalogue
from patron.engine.reconciling import Reconciled, owed, reconciled, unsent
from patron.store.pool import Pool, session
from patron.store.sealing import Sealer
from patron.stream.tail import bounds, notice_ids

NAMED_MAX = 20  # In words; JSON names all.


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(reconcile)


def reconcile(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Compare notices that the ledger owes with those on the topic. Exit code 1: they differ."""
    in_force = settings()
    kafka, topic = kafka_connection(in_force), in_force.kafka.topics.notices

    async def work(pool: Pool, sealer: Sealer) -> tuple[Reconciled, int]:
        async with session(pool) as connection:
            catalogue = await Catalogue.load(connection, sealer)
        by_ledger = await owed(pool, catalogue)
        waiting, parked = await unsent(pool, sealer)
        forgotten = sum(begin for begin, _ in (await bounds(kafka, topic)).values())
        return reconciled(by_ledger, waiting, parked, await notice_ids(kafka, topic)), forgotten

    found, forgotten = with_pool(work)
    if json:
        typer.echo(as_json({**found._asdict(), "forgotten": forgotten, "holds": found.holds}))
    else:
        typer.echo(_in_words(found, forgotten))
    raise typer.Exit(0 if found.holds else 1)


def _in_words(found: Reconciled, forgotten: int) -> str:
    lines = [
        f"{found.owed} notices owed: {found.published} published, {found.waiting} waiting, "
        f"{found.parked} parked, {len(found.missing)} missing, {len(found.twice)} there twice"
    ]
    for what, ids in (("missing", found.missing), ("twice", found.twice)):
        lines += [f"  {what}: {each}" for each in ids[:NAMED_MAX]]
    if forgotten:
        lines.append(
            f"  the topic has forgotten its first {forgotten} records, so what it had of these "
            "counts as missing"
        )
    if found.foreign:
        lines.append(f"  {found.foreign} on the topic are newer than this look, or not ours")
    return "\n".join(lines)
