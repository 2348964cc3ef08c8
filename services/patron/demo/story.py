"""The demo, told from its beginning: servers, a program, a year of baskets, a verdict."""

import asyncio
import logging
import os
import shutil
import sys
import time
from datetime import UTC, datetime

import orjson
from rich.console import Console

from patron.demo.baskets import WHOLE_YEAR, Slice
from patron.demo.figures import outcome
from patron.demo.flow import Flow
from patron.demo.groceries import DEFAULT_SLICE, Groceries
from patron.demo.outcome import Outcome
from patron.demo.progress import Bars, progress
from patron.demo.report import show
from patron.demo.workers import Workers, working
from patron.engine.publish import publish
from patron.local import stack
from patron.local.environment import environment_of
from patron.local.stack import Stack
from patron.runtime import settings as runtime_settings
from patron.runtime.settings import Settings
from patron.store import migrate, tenants
from patron.store.pool import open_pool, transaction
from patron.store.sealing import Sealer
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import EventProducer
from patron_schemas.ready import program_text

TENANT = "grocer"
LONG_BEFORE = datetime(2016, 1, 1, tzinfo=UTC)
KEPT = (
    "patron member household-1 --tenant grocer",
    "patron explain household-1 --tenant grocer",
    "patron dlq list",
    "patron local down",
)


def tell(*, everything: bool, households: int | None, keep: bool, json: bool) -> int:
    """Run the whole demo; return the exit code: 1 where the two models differ."""
    # What the client retries by itself is nothing that a person has to look at.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    part = WHOLE_YEAR if everything else DEFAULT_SLICE
    if households is not None:
        part = Slice(households_max=households)
    console = Console(stderr=json)
    home = stack.default_home() if keep else stack.default_home() / "demo"
    if home.exists() and stack.status(home) is None:
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)

    def say(text: str) -> None:
        console.print(f"[grey58]{text}[/]", highlight=False)

    try:
        if keep:
            told = _with(stack.up(home, say=say), part, console, KEPT)
        else:
            with stack.running(home, say=say) as servers:
                told = _with(servers, part, console, ("patron demo --keep",))
    except KeyboardInterrupt:
        say("Stopped; nothing is left running.")
        return 130
    if json:
        sys.stdout.write(orjson.dumps(told.as_json(), default=str).decode() + "\n")
    else:
        show(told, console)
    return 0 if told.verdict.equal else 1


def _with(servers: Stack, part: Slice, console: Console, next_steps: tuple[str, ...]) -> Outcome:
    environment = process_environment(servers)
    in_force = runtime_settings.load({**_inherited(), **environment})
    console.print("[grey58]Reading the grocer's year.[/]", highlight=False)
    groceries = Groceries(part, tenant=TENANT)
    asyncio.run(set_up(in_force))
    with (
        working(environment, servers.home / "logs") as workers,
        progress(console, sys.stderr, clock=time.monotonic) as bars,
    ):
        return asyncio.run(_run(in_force, groceries, workers, bars, console, next_steps))


async def _run(
    in_force: Settings,
    groceries: Groceries,
    workers: Workers,
    bars: Bars,
    console: Console,
    next_steps: tuple[str, ...],
) -> Outcome:
    """Events through the services, then what they came to."""
    pool = await open_pool(in_force.database.dsn.get_secret_value())
    kafka = _kafka(in_force)
    try:
        async with EventProducer(kafka) as producer:
            flow = Flow(pool, producer, workers, in_force.kafka.group_id)
            went = await flow.run(iter(groceries), expected=groceries.events_expected, bars=bars)
        console.print("[grey58]Computing every account again, with the second model.[/]")
        return await outcome(
            pool,
            Sealer(in_force.master_key),
            kafka,
            tenant=TENANT,
            topic=in_force.kafka.topics.notices,
            summary=groceries.summary,
            went=went,
            next_steps=next_steps,
        )
    finally:
        await pool.close()


def _inherited() -> dict[str, str]:
    """The environment without settings of another deployment: the demo has its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PATRON_")}


def process_environment(servers: Stack) -> dict[str, str]:
    """The settings of processes that use this stack."""
    own = {"PATRON_TELEMETRY__PORT": "0", "PATRON_LOG__FORMAT": "json"}
    return environment_of(servers) | own


async def set_up(in_force: Settings) -> None:
    """Topics, tables, a tenant whose time is its input's, and the program."""
    await topics.ensure(_kafka(in_force), topics.all_topics(in_force.kafka.topics))
    dsn = in_force.database.dsn.get_secret_value()
    await migrate.migrate(dsn)
    pool, sealer = await open_pool(dsn), Sealer(in_force.master_key)
    try:
        async with transaction(pool) as connection:
            known = {row.name for row in await tenants.all_tenants(connection, sealer)}
            if TENANT not in known:
                await tenants.add(
                    connection, sealer, name=TENANT, late_max=None, follows_input=True
                )
        await publish(
            pool,
            sealer,
            tenant=TENANT,
            document=program_text("grocer"),
            source="grocer.yaml",
            since=LONG_BEFORE,
        )
    finally:
        await pool.close()


def _kafka(in_force: Settings) -> KafkaConnection:
    return KafkaConnection(bootstrap_servers=in_force.kafka.bootstrap_servers)
