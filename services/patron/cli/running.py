"""`patron run`, `patron demo`, `patron audit`: work that takes a while."""

import asyncio
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from patron.cli.environment import as_json, kafka_connection, pool_of, settings, with_pool
from patron.engine.apply import Engine
from patron.errors import Misconfigured
from patron.runtime.health import Health
from patron.runtime.settings import Settings
from patron.store.pool import Pool, close, session
from patron.store.sealing import Sealer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Roles(StrEnum):
    """What a process does."""

    INTAKE = "intake"
    RELAY = "relay"
    JOBS = "jobs"
    ALL = "all"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(demo)
    app.command()(audit)


def run(roles: Annotated[list[Roles], typer.Argument(help="intake, relay, jobs or all.")]) -> None:
    """Run one role or more until told to stop (SIGTERM, Ctrl-C)."""
    from patron.runtime import logs, process

    in_force = settings()
    wanted = set(Roles) - {Roles.ALL} if Roles.ALL in roles else set(roles)
    logs.set_up(
        level=in_force.log.level, style=in_force.log.format, service="-".join(sorted(wanted))
    )
    work = {Roles.INTAKE: _intake, Roles.RELAY: _relay, Roles.JOBS: _jobs}
    code = process.run(in_force, {role: partial(work[role], in_force) for role in sorted(wanted)})
    raise typer.Exit(code)


async def _engine(in_force: Settings, pool: Pool) -> Engine:
    await _check_schema(pool)
    sealer = Sealer(in_force.master_key)
    group, shards = in_force.kafka.group_id, in_force.relay.shards
    copies = in_force.kafka.topics.dead_letters is not None
    return await Engine.open(pool, group=group, sealer=sealer, shards=shards, copies_letters=copies)


async def _check_schema(pool: Pool) -> None:
    from patron.store import migrate

    async with session(pool) as connection:
        missing = await migrate.missing(connection)
    if missing:
        raise Misconfigured(f"the database lacks {', '.join(missing)}: patron db migrate")


async def _intake(in_force: Settings, stopping: asyncio.Event, health: Health) -> None:
    from patron.intake import service
    from patron.stream.consumer import RecordSource

    pool = await pool_of(in_force)
    try:
        source = RecordSource(
            kafka_connection(in_force),
            topics=in_force.kafka.topics.incoming,
            group=in_force.kafka.group_id,
            session_timeout_s=in_force.kafka.session_timeout_s,
        )
        engine = await _engine(in_force, pool)
        await service.run(in_force, pool, engine, source, stopping, health)
    finally:
        await close(pool)


async def _relay(in_force: Settings, stopping: asyncio.Event, health: Health) -> None:
    from patron.relay import service

    pool = await pool_of(in_force)
    try:
        await _check_schema(pool)
        sealer = Sealer(in_force.master_key)
        await service.run(in_force, pool, kafka_connection(in_force), sealer, stopping, health)
    finally:
        await close(pool)


async def _jobs(in_force: Settings, stopping: asyncio.Event, health: Health) -> None:
    from patron.jobs import service

    pool = await pool_of(in_force)
    try:
        await service.run(in_force, await _engine(in_force, pool), stopping, health)
    finally:
        await close(pool)


def demo(
    everything: Annotated[
        bool, typer.Option("--all", help="The whole year: every household.")
    ] = False,
    households: Annotated[int | None, typer.Option(min=1, help="How many households.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the servers running, to look around.")
    ] = False,
    json: Json = False,
) -> None:
    """A year of a grocer's baskets, from Kafka through Patron and back, on real servers."""
    try:
        from patron.demo import story
    except ImportError as error:
        raise Misconfigured(
            f"the demo needs {error.name}: pip install 'patron[demo]', or run make demo"
        ) from None

    code = story.tell(everything=everything, households=households, keep=keep, json=json)
    raise typer.Exit(code)


def audit(json: Json = False) -> None:
    """Recompute every account with the second model, and compare."""
    from patron.audit import check

    async def work(pool: Pool, sealer: Sealer) -> check.Report:
        async with session(pool) as connection:
            return await check.audit(connection)

    report = with_pool(work)
    if json:
        typer.echo(as_json(report._asdict()))
    else:
        for difference in report.differences:
            typer.echo(
                f"{difference.member} (account {difference.account}): {difference.what} "
                f"is {difference.found}, the second model says {difference.expected}"
            )
        verdict = "EQUAL" if not report.differences else f"{len(report.differences)} differences"
        typer.echo(f"{report.accounts} accounts, {report.entries} entries: {verdict}")
    raise typer.Exit(1 if report.differences else 0)
