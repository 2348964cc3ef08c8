"""`patron topics`, `db`, `tenant`, `config`, `doctor`: what must be there before anything runs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

import typer

from patron.cli.environment import as_json, kafka_connection, settings, with_pool
from patron.errors import Misconfigured, PatronError
from patron.runtime.settings import Settings
from patron.store import migrate, tenants
from patron.store.pool import Pool, connect, transaction
from patron.store.sealing import Sealer
from patron.stream import topics as stream_topics
from patron.stream.topics import TopicReport

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

topics_app = typer.Typer(help="The topics that Patron reads and writes.")
database_app = typer.Typer(help="The tables.")
tenant_app = typer.Typer(help="Whose members there are.")
config_app = typer.Typer(help="The settings in force.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(topics_app, name="topics")
    app.add_typer(database_app, name="db")
    app.add_typer(tenant_app, name="tenant")
    app.add_typer(config_app, name="config")
    app.command()(doctor)


@topics_app.command()
def ensure(json: Json = False) -> None:
    """Create the topics that are missing and check the others."""
    in_force = settings()
    reports = asyncio.run(
        stream_topics.ensure(
            kafka_connection(in_force), stream_topics.all_topics(in_force.kafka.topics)
        )
    )
    for report in reports:
        typer.echo(as_json(report._asdict()) if json else _told(report))


def _told(report: TopicReport) -> str:
    lines = [f"{report.name}: {'created' if report.was_created else 'there'}"]
    return "\n".join([*lines, *(f"  {difference}" for difference in report.differences)])


@database_app.command("migrate")
def migrate_tables(json: Json = False) -> None:
    """Bring the tables up to date."""
    applied = asyncio.run(migrate.migrate(settings().database.dsn.get_secret_value()))
    if json:
        typer.echo(as_json({"applied": applied}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in applied) or "up to date")


@tenant_app.command()
def add(
    name: str,
    late_max_days: Annotated[
        int, typer.Option(min=1, help="Events older than this when sent are set aside.")
    ] = tenants.LATE_MAX.days,
    history: Annotated[
        bool, typer.Option(help="No limit on lateness, and time follows the input.")
    ] = False,
    unknown: Annotated[
        tenants.Unknown,
        typer.Option(
            help="An event by a card, phone or e-mail that leads to nobody opens a member, waits "
            "until the name is somebody's, or stays anonymous: counted, and earning nothing."
        ),
    ] = tenants.Unknown.OPEN,
    json: Json = False,
) -> None:
    """Add a tenant."""

    async def work(pool: Pool, sealer: Sealer) -> int:
        async with transaction(pool) as connection:
            return await tenants.add(
                connection,
                sealer,
                name=name,
                late_max=None if history else timedelta(days=late_max_days),
                follows_input=history,
                unknown=unknown,
            )

    number = with_pool(work)
    typer.echo(as_json({"tenant": name, "number": number}) if json else f"added {name}")


@config_app.command("show")
def show_settings() -> None:
    """Print the settings in force, secrets masked."""
    typer.echo(as_json(settings().shown()))


def doctor(json: Json = False) -> None:
    """Look at everything that must be there, and say what to do about what is not."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("Postgres", _postgres),
        ("Kafka", _kafka),
        ("master key", _key),
    ]
    failed = False
    try:
        in_force = settings()
    except Misconfigured as error:
        typer.echo(as_json({"settings": str(error)}) if json else f"✗ settings: {error}")
        raise typer.Exit(1) from None
    for name, look in checks:
        try:
            said, well = asyncio.run(_looked(look, in_force)), True
        except PatronError as error:
            said, well, failed = str(error), False, True
        line = {"check": name, "ok": well, "said": said}
        typer.echo(as_json(line) if json else f"{'✓' if well else '✗'} {name}: {said}")
    raise typer.Exit(1 if failed else 0)


async def _looked(look: Callable[[Settings], Awaitable[str]], in_force: Settings) -> str:
    return await look(in_force)


async def _postgres(in_force: Settings) -> str:
    connection = await connect(in_force.database.dsn.get_secret_value())
    try:
        missing = await migrate.missing(connection)
        if missing:
            raise Misconfigured(f"lacks {', '.join(missing)}: patron db migrate")
        version = str(connection.get_server_version().major)
    finally:
        await connection.close()
    return f"version {version}, tables up to date"


async def _kafka(in_force: Settings) -> str:
    wanted = stream_topics.all_topics(in_force.kafka.topics)
    names = [spec.name for spec in wanted]
    counts = await stream_topics.partition_counts(kafka_connection(in_force), names)
    missing = [name for name, count in counts.items() if count is None]
    if missing:
        raise Misconfigured(f"no topic {', '.join(missing)}: patron topics ensure")
    return f"{len(names)} topics"


async def _key(in_force: Settings) -> str:
    Sealer(in_force.master_key)
    return "32 bytes"
