"""`patron partitions`, `patron resume`: where the input stands, and letting it go on."""

import getpass
import socket
from typing import Annotated

import typer

from patron.cli.environment import as_json, kafka_connection, settings, with_pool
from patron.errors import Misconfigured
from patron.store import claims, interventions
from patron.store.claims import Listed
from patron.store.interventions import Intervention
from patron.store.pool import Pool, session, transaction
from patron.store.sealing import Sealer
from patron.stream.records import Partition
from patron.stream.tail import bounds

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(partitions)
    app.command()(resume)


def partitions(json: Json = False) -> None:
    """List the partitions of the input: where each goes on, who holds it, why one is stopped."""
    group = settings().kafka.group_id

    async def work(pool: Pool, sealer: Sealer) -> list[Listed]:
        async with session(pool) as connection:
            return await claims.listed(connection, group=group)

    found = with_pool(work)
    for each in found:
        typer.echo(as_json({**each._asdict(), "state": _state(each)}) if json else _line(each))
    if not found and not json:
        typer.echo("No partition was claimed yet: patron run intake")


def _state(each: Listed) -> str:
    if each.stopped is not None:
        return "stopped"
    if each.next_offset is None:
        return "not begun"
    return "lagging" if each.lagging else "caught up"


def _line(each: Listed) -> str:
    place = f"{each.topic}[{each.partition}]@{each.next_offset}"
    line = f"{place:<44} {_state(each):<10} epoch {each.epoch} of {each.owner}"
    if each.crash_tries:
        line += f"; {each.crash_tries} attempts at what comes next"
    if each.stopped is not None:
        line += f"\n    {each.stopped}: {each.stopped_detail}"
    return line


def resume(
    topic: str,
    partition: int,
    at: Annotated[int, typer.Option(help="The offset of the record to go on with.")],
    reason: Annotated[str, typer.Option(help="Why; it is written down for good.")],
    json: Json = False,
) -> None:
    """Let a stopped partition go on at an offset. What was applied before changes nothing again."""
    if not reason.strip():
        raise Misconfigured("--reason is empty; say why, for those who ask later")
    in_force = settings()
    place = Partition(topic, partition)

    async def work(pool: Pool, sealer: Sealer) -> Intervention:
        log = await bounds(kafka_connection(in_force), topic)
        if place not in log:
            raise Misconfigured(f"Kafka has no partition {topic}[{partition}]")
        begin, end = log[place]
        if not begin <= at <= end:
            raise Misconfigured(
                f"{topic}[{partition}] has no offset {at}; it begins at {begin} and ends at {end}"
            )
        async with transaction(pool) as connection:
            stopped = await claims.resume(
                connection, group=in_force.kafka.group_id, place=place, offset=at
            )
            if stopped is None:
                raise Misconfigured(
                    f"{topic}[{partition}] is not stopped, so there is nothing to resume; "
                    "`patron partitions` lists those that are"
                )
            did = Intervention(
                who=f"{getpass.getuser()}@{socket.gethostname()}",
                what="resume",
                subject=f"{topic}[{partition}]",
                before=f"stopped at {stopped.next_offset}: {stopped.reason}",
                after=f"goes on at {at}",
                why=reason,
            )
            await interventions.append(connection, did)
        return did

    did = with_pool(work)
    typer.echo(as_json(did._asdict()) if json else f"{did.subject} {did.after}")
