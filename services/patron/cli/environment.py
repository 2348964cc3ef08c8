"""Where a command finds its servers: the environment, else the stack of this folder."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from patron.engine.catalogue import Catalogue, Served, Tenant
from patron.errors import Misconfigured
from patron.local import stack
from patron.local.environment import BOOTSTRAP, DSN, MASTER_KEY, environment_of
from patron.runtime import settings as runtime_settings
from patron.runtime.settings import Settings
from patron.store import claims
from patron.store.pool import Pool, close, open_pool, session
from patron.store.sealing import Sealer
from patron.stream.connection import KafkaConnection

T = TypeVar("T")


def settings() -> Settings:
    """The settings in force. Without servers in the environment, those of `patron local up`."""
    environ = dict(os.environ)
    if DSN not in environ and f"{DSN}_FILE" not in environ and BOOTSTRAP not in environ:
        local = local_environment(stack.default_home())
        if not local:
            raise Misconfigured(
                f"no servers: set {DSN}, {BOOTSTRAP} and {MASTER_KEY}, or start a Kafka and a "
                "Postgres for this folder with `patron local up`"
            )
        environ |= local
    return runtime_settings.load(environ)


def local_environment(home: Path) -> dict[str, str]:
    """The variables that point at a running local stack; none where none runs."""
    known = stack.status(home)
    return environment_of(known) if known is not None and known.is_up else {}


def kafka_connection(settings: Settings) -> KafkaConnection:
    """How to reach Kafka."""
    kafka = settings.kafka
    password = kafka.sasl_password
    return KafkaConnection(
        bootstrap_servers=kafka.bootstrap_servers,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username,
        sasl_password=password.get_secret_value() if password else None,
        ssl_cafile=kafka.ssl_cafile,
        ssl_certfile=kafka.ssl_certfile,
        ssl_keyfile=kafka.ssl_keyfile,
    )


async def pool_of(settings: Settings) -> Pool:
    """A pool on the database of these settings."""
    database = settings.database
    return await open_pool(
        database.dsn.get_secret_value(),
        size=database.pool_size,
        statement_cache_size=database.statement_cache_size,
    )


def with_pool(work: Callable[[Pool, Sealer], Awaitable[T]]) -> T:
    """Run `work` with a pool and a sealer of the settings in force."""
    in_force = settings()

    async def run() -> T:
        pool = await pool_of(in_force)
        try:
            return await work(pool, Sealer(in_force.master_key))
        finally:
            await close(pool)

    return asyncio.run(run())


async def served(
    pool: Pool, sealer: Sealer, *, tenant: str, program: str | None
) -> tuple[Tenant, Served]:
    """A tenant's program by name, or its only one. Raises `Misconfigured`."""
    async with session(pool) as connection:
        catalogue = await Catalogue.load(connection, sealer)
    known = catalogue.tenants.get(tenant)
    if known is None:
        names = ", ".join(sorted(catalogue.tenants)) or "none"
        raise Misconfigured(f'there is no tenant "{tenant}" (there are: {names})')
    found = [each for each in known.programs if program in (None, each.name)]
    if len(found) != 1:
        names = ", ".join(each.name for each in known.programs) or "none"
        raise Misconfigured(f"name one program of {tenant} by --program (there are: {names})")
    return known, found[0]


async def now_of(pool: Pool, tenant: Tenant) -> datetime | None:
    """How far the business clock has come for a tenant; None before anything was read."""
    async with session(pool) as connection:
        clock = await claims.clock(connection, group=settings().kafka.group_id)
    return clock.now(follows_input=tenant.follows_input)


def as_json(value: Any) -> str:
    """A value as one line of JSON."""
    import orjson

    return orjson.dumps(value, default=str).decode()
