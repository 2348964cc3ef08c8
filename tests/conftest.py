"""The servers that tests share. Where they come from is a ladder, tried from the top:

1. `PATRON_TEST_DATABASE_DSN` and `PATRON_TEST_KAFKA_BOOTSTRAP`, each for itself;
2. containers, where Docker answers;
3. `patron.local`: real servers of our own, on free ports in a folder that is removed.

No test is left out for want of a server. The header of a run says which rung it used.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from patron.local import stack
from patron.stream.connection import KafkaConnection

DSN_VARIABLE = "PATRON_TEST_DATABASE_DSN"
BOOTSTRAP_VARIABLE = "PATRON_TEST_KAFKA_BOOTSTRAP"


def pytest_report_header() -> str:
    return f"servers: Postgres by {rung(DSN_VARIABLE)}, Kafka by {rung(BOOTSTRAP_VARIABLE)}"


def rung(variable: str) -> str:
    """Which rung of the ladder a server is taken from."""
    if os.environ.get(variable):
        return variable
    return "container" if docker_answers() else "patron.local"


@cache
def docker_answers() -> bool:
    """Ask Docker itself: its command is often there where its service is not."""
    # Docker's own client leaves its socket open when nobody answers, so the command asks.
    command = shutil.which("docker")
    if command is None:
        return False
    asked = [command, "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(asked, capture_output=True, check=False, timeout=10).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A Postgres whose superuser we are; for a database of your own take `database`."""
    match rung(DSN_VARIABLE):
        case "container":
            from testcontainers.postgres import PostgresContainer

            with PostgresContainer("postgres:18-alpine", driver=None) as container:
                yield container.get_connection_url()
        case "patron.local":
            with local_stack("postgres") as running:
                yield running.dsn
        case _:
            yield os.environ[DSN_VARIABLE]


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap servers of a Kafka on which we may create topics."""
    match rung(BOOTSTRAP_VARIABLE):
        case "container":
            from testcontainers.kafka import KafkaContainer

            container = KafkaContainer().with_kraft()
            container.with_env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
            container.with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
            container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
            with container:
                yield container.get_bootstrap_server()
        case "patron.local":
            with local_stack("kafka") as running:
                yield running.bootstrap
        case _:
            yield os.environ[BOOTSTRAP_VARIABLE]


@pytest.fixture(scope="session")
def kafka_connection(kafka: str) -> KafkaConnection:
    return KafkaConnection(bootstrap_servers=kafka)


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty database for this test alone."""
    async for dsn in fresh_database(postgres_dsn):
        yield dsn


@pytest.fixture(scope="module")
async def module_database(postgres_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty database that the tests of one module share."""
    async for dsn in fresh_database(postgres_dsn):
        yield dsn


@pytest.fixture
def topic_name() -> Callable[[str], str]:
    """Names that no other test and no other run uses; the topic is the test's to create."""
    return lambda stem: f"test.{stem}.{uuid4().hex[:12]}"


async def fresh_database(dsn: str) -> AsyncIterator[str]:
    name = f"patron_test_{uuid4().hex[:12]}"
    base, slash, rest = dsn.rpartition("/")
    _, mark, options = rest.partition("?")
    await on_server(dsn, f"CREATE DATABASE {name}")
    yield f"{base}{slash}{name}{mark}{options}"
    # By force: a test that failed may have left a connection open.
    await on_server(dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def on_server(dsn: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def local_stack(server: stack.Server) -> Iterator[stack.Stack]:
    """One local server in a folder of its own, which is removed with it."""
    home = Path(tempfile.mkdtemp(prefix=f"patron-test-{server}-"))
    options = stack.StackOptions(servers=(server,), fsync=False)
    try:
        with stack.running(home, say=silent, options=options) as running:
            yield running
    finally:
        shutil.rmtree(home)


def silent(_: str) -> None:
    """Tests have nobody to tell."""
