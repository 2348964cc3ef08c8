"""`patron check`, `publish`, `replay`: programs as files."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from patron.cli.environment import as_json, with_pool
from patron.engine.lineage import InForce, Lineage
from patron.engine.publish import Publication
from patron.engine.publish import publish as publish_document
from patron.engine.replay import Replay
from patron.errors import Misconfigured
from patron.store.pool import Pool
from patron.store.sealing import Sealer
from patron.store.tenants import Unknown
from patron.wire.checking import check_file, text_of
from patron.wire.documents import compile_document

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Tenant = Annotated[str, typer.Option(help="Whose program it is.")]
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(check)
    app.command()(publish)
    app.command()(replay)


def check(
    files: list[Path],
    json: Json = False,
    strict: Annotated[bool, typer.Option(help="Take doubts for problems too.")] = False,
) -> None:
    """Say what is wrong or doubtful in program files, where, why, and what to write instead."""
    reports = [check_file(file) for file in files]
    for report in reports:
        if json:
            typer.echo(
                as_json(
                    {
                        "source": report.source,
                        "version": report.program.version if report.program else None,
                        "problems": [problem._asdict() for problem in report.problems],
                        "doubts": [doubt._asdict() for doubt in report.doubts],
                    }
                )
            )
            continue
        for problem in report.problems:
            typer.echo(problem.at(report.source))
        for doubt in report.doubts:
            typer.echo(doubt.at(report.source))
        if report.program is not None:
            typer.echo(f"{report.source}: good, version {report.program.version}")
    failed = any(report.problems or (strict and report.doubts) for report in reports)
    raise typer.Exit(1 if failed else 0)


def publish(
    file: Path,
    tenant: Tenant = "default",
    since: Annotated[
        str | None, typer.Option(help="In force from this instant; now if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Publish a program: from an instant on, it decides."""
    from_instant = None if since is None else instant(since)

    async def work(pool: Pool, sealer: Sealer) -> Publication:
        return await publish_document(
            pool,
            sealer,
            tenant=tenant,
            document=text_of(file),
            source=file.name,
            since=from_instant,
        )

    done = with_pool(work)
    said = {
        "program": done.program.name,
        "version": done.program.version,
        "tenant": done.tenant,
        "since": done.since.isoformat(),
    }
    typer.echo(
        as_json(said)
        if json
        else f"{done.program.name} {done.program.version} decides for {done.tenant} "
        f"from {done.since:%Y-%m-%d %H:%M:%S %Z}"
    )


def replay(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="PROGRAM[@FROM]... EVENTS.jsonl",
            help="Program files, each with the instant it is in force from; then the events.",
        ),
    ],
    until: Annotated[
        str | None, typer.Option(help="Let time pass up to this instant at the end.")
    ] = None,
    unknown: Annotated[
        Unknown, typer.Option(help="What an event by a name that leads to nobody does.")
    ] = Unknown.OPEN,
    json: Json = False,
) -> None:
    """Run programs over a file of CloudEvents, without servers: notices, then members."""
    *programs, events = arguments
    if not programs:
        raise Misconfigured("replay needs a program file and then a file of events")
    end = None if until is None else instant(until)
    run = Replay(lineages(programs), unknown=unknown)
    write = sys.stdout.write
    try:
        with open(events, "rb") as lines:
            for said in run.events(lines):
                write(as_json(said) + "\n")
    except OSError as error:
        raise Misconfigured(f"{events} can't be read ({error.strerror})") from None
    for said in run.members(until=end):
        write(as_json(said) + "\n")


def lineages(programs: list[str]) -> dict[str, Lineage]:
    """Programs by name from arguments `FILE` or `FILE@INSTANT`."""
    versions: dict[str, list[InForce]] = {}
    for argument in programs:
        path, _, since = argument.partition("@")
        program = compile_document(text_of(Path(path)), source=path)
        from_instant = instant(since) if since else LONG_AGO
        versions.setdefault(program.name, []).append(InForce(from_instant, program))
    return {name: Lineage(each) for name, each in versions.items()}


def instant(text: str) -> datetime:
    """An instant of RFC 3339; a day alone is its first instant in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(
            f'"{text}" is no instant; write 2026-01-31 or 2026-01-31T12:00:00Z'
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
