"""`patron dlq`: records that could not be applied, and what to do with them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from patron.cli.environment import as_json, settings, with_pool
from patron.engine.apply import Applied, Batch, Engine
from patron.engine.letters import WAITED, wait_again
from patron.engine.received import Received
from patron.errors import Misconfigured
from patron.runtime import failpoints
from patron.store import dead_letters
from patron.store.dead_letters import DeadLetter, Listed
from patron.store.pool import Pool, session, transaction
from patron.store.sealing import Sealer
from patron.wire.incoming import Binding, read
from patron.wire.reasons import MEANING, Reason, Unreadable

app = typer.Typer(help="Records that could not be applied.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def show_all(
    state: Annotated[str, typer.Option(help="open, replayed or dropped.")] = "open",
    json: Json = False,
) -> None:
    """List the newest: where each lay and why, never what it says."""

    async def work(pool: Pool, sealer: Sealer) -> list[Listed]:
        async with session(pool) as connection:
            return await dead_letters.open_letters(connection, state=state)

    letters = with_pool(work)
    for letter in letters:
        if json:
            typer.echo(as_json(letter._asdict()))
        else:
            place = f"{letter.topic}[{letter.partition}]@{letter.offset}"
            typer.echo(f"{letter.id:>6}  {letter.code:<20} {place:<36} {letter.detail}")
    if not letters and not json:
        typer.echo(f"No dead letter is {state}.")


@app.command()
def show(letter: int, json: Json = False) -> None:
    """Show one whole, with what it says: it may hold personal data."""

    async def work(pool: Pool, sealer: Sealer) -> tuple[DeadLetter, str]:
        async with transaction(pool) as connection:
            return await _get(pool, sealer, letter, connection)

    found, state = with_pool(work)
    record = found.record
    value = None if record.value is None else record.value.decode("utf-8", "backslashreplace")
    shown = {
        "id": letter,
        "state": state,
        "code": found.code,
        "meaning": MEANING.get(Reason(found.code), ""),
        "detail": found.detail,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(),
        "key": None if record.key is None else record.key.decode("utf-8", "backslashreplace"),
        "headers": {name: raw.decode("utf-8", "backslashreplace") for name, raw in record.headers},
        "value": value,
    }
    if json:
        typer.echo(as_json(shown))
        return
    for name, each in shown.items():
        typer.echo(f"{name:>10}  {each}")


async def _get(
    pool: Pool, sealer: Sealer, letter: int, connection: object
) -> tuple[DeadLetter, str]:
    found = await dead_letters.get(connection, sealer, letter)
    if found is None:
        raise Misconfigured(f"there is no dead letter {letter}")
    return found


@app.command()
def replay(letters: list[int], json: Json = False) -> None:
    """Put events through the engine again, under their own names: twice changes nothing."""
    in_force = settings()
    topics = in_force.kafka.topics

    async def work(pool: Pool, sealer: Sealer) -> list[tuple[int, str]]:
        engine = await Engine.open(pool, group=in_force.kafka.group_id, sealer=sealer)
        bindings = {name: Binding(*bound) for name, bound in topics.bound.items()}
        return [
            (letter, await _again(pool, sealer, engine, bindings, letter)) for letter in letters
        ]

    for letter, outcome in with_pool(work):
        said = {"id": letter, "outcome": outcome}
        typer.echo(as_json(said) if json else f"{letter:>6}  {outcome}")


async def _again(
    pool: Pool, sealer: Sealer, engine: Engine, bindings: Mapping[str, Binding], letter: int
) -> str:
    """Apply one; it stays open where it still cannot be applied."""
    async with transaction(pool) as connection:
        found, state = await _get(pool, sealer, letter, connection)
        if found.record.topic == WAITED:
            if state == "replayed":
                return "replayed already"
            await wait_again(connection, found.record)
            await dead_letters.mark(connection, letter, state="replayed")
            return "waits for its turn again"
    if found.record.topic not in bindings:
        return f"still {found.code}: it is no event of the input, so there is nothing to apply"
    # A replay has no limit on lateness.
    senders = {
        name: sender._replace(late_max=None) for name, sender in engine.catalogue.senders.items()
    }
    try:
        received = Received(read(found.record, bindings[found.record.topic], senders), found.record)
    except Unreadable as why:
        return f"still {why.reason}: {why.detail}"
    batch = Batch(engine.group, received=(received,), is_replay=True)
    applied: Applied = await engine.apply(batch)
    failpoints.passed("letters.applied")
    async with transaction(pool) as connection:
        state = "open" if applied.refused else "replayed"
        await dead_letters.mark(connection, letter, state=state)
    for refused in applied.refused:
        return f"still {refused.code}: {refused.detail}"
    return next(iter(applied.outcomes), "applied")
