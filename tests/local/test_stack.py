"""Real servers started and ended: nothing is left behind, and nobody else's is touched."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from patron.errors import Misconfigured, Transient
from patron.local import servers, stack
from patron.local.kafka import LocalKafka
from patron.local.servers import Running

QUICK = stack.StackOptions(servers=("postgres",), fsync=False)
BOTH = stack.StackOptions(fsync=False)
DEADLINE_S = 30.0


def silent(_: str) -> None:
    """Nobody to tell."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that other users may enter; whatever still runs in it is ended."""
    folder = Path(tempfile.mkdtemp(prefix="patron-test-stack-"))
    yield folder
    stack.down(folder, say=silent)
    shutil.rmtree(folder)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "The condition did not come true in time."
        time.sleep(servers.POLL_S)


async def answers(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT 1 = 1"))
    finally:
        await connection.close()


async def test_a_stack_comes_up_once_is_known_again_and_goes_down_whole(home: Path) -> None:
    assert stack.status(home) is None
    first = stack.up(home, say=silent, options=BOTH)
    again = stack.up(home, say=silent, options=BOTH)

    assert again == first._replace(ran_already=True)
    assert stack.status(home) == first
    assert first.is_up
    assert await answers(first.dsn)
    assert servers.listens(int(first.bootstrap.rpartition(":")[2]))

    assert stack.down(home, say=silent)
    after = stack.status(home)
    assert after is not None
    assert (after.kafka, after.postgres, after.is_up) == (None, None, False)
    assert not stack.down(home, say=silent)


async def test_what_was_written_is_there_after_down_and_up_and_at_the_same_address(
    home: Path,
) -> None:
    first = stack.up(home, say=silent, options=QUICK)
    connection = await asyncpg.connect(first.dsn)
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    await connection.close()
    stack.down(home, say=silent)

    second = stack.up(home, say=silent, options=QUICK)
    assert second.dsn == first.dsn
    connection = await asyncpg.connect(second.dsn)
    assert await connection.fetchval("SELECT n FROM kept") == 7
    await connection.close()


async def test_a_server_that_was_killed_is_noticed_and_started_again(home: Path) -> None:
    first = stack.up(home, say=silent, options=QUICK)
    assert first.postgres is not None
    os.kill(first.postgres.pid, signal.SIGKILL)

    def gone() -> bool:
        now = stack.status(home)
        return now is not None and not now.is_up

    until(gone)
    second = stack.up(home, say=silent, options=QUICK)
    assert not second.ran_already
    assert await answers(second.dsn)


def test_a_process_that_only_has_the_pid_by_chance_is_never_ended(home: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        up = stack.up(home, say=silent, options=QUICK)
        stack.down(home, say=silent)
        state = json.loads((home / stack.STATE).read_text())
        state["postgres"] = {"pid": bystander.pid, "started": "1"}
        (home / stack.STATE).write_text(json.dumps(state))

        now = stack.status(home)
        assert now is not None
        assert not now.is_up
        assert not stack.down(home, say=silent)
        assert bystander.poll() is None
        assert up.postgres is not None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_taken_port_is_left_to_its_owner(home: Path) -> None:
    first = stack.up(home, say=silent, options=QUICK)
    stack.down(home, say=silent)
    port = int(first.dsn.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        second = stack.up(home, say=silent, options=QUICK)
    assert second.dsn != first.dsn
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(Misconfigured, match=f"Port {port} is taken"),
    ):
        servers.require_free(port)


def test_a_server_that_ends_while_it_starts_is_told_with_its_last_words(home: Path) -> None:
    wrong = stack.StackOptions(
        servers=("postgres",), fsync=False, postgres_settings={"shared_buffers": "much"}
    )
    with pytest.raises(Transient, match=r"(?s)Postgres ended while it started.*shared_buffers"):
        stack.up(home, say=silent, options=wrong)
    now = stack.status(home)
    assert now is not None
    assert not now.is_up


def test_a_broker_that_ends_while_it_starts_is_told_with_its_last_words(home: Path) -> None:
    port, controller_port = servers.free_ports(2)
    broker = LocalKafka(
        folder=home / "kafka",
        port=port,
        controller_port=controller_port,
        settings={"num.io.threads": "none"},
    )
    with pytest.raises(Transient, match=r"(?s)could not prepare.*num\.io\.threads"):
        broker.start(say=silent)


def test_a_start_that_is_interrupted_half_way_leaves_nothing_running(home: Path) -> None:
    seen: list[Running] = []

    def interrupt(text: str) -> None:
        if text == "Starting Kafka.":
            now = stack.status(home)
            assert now is not None
            assert now.postgres is not None
            seen.append(now.postgres)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), stack.running(home, say=interrupt, options=BOTH):
        pytest.fail("It must not come up.")
    assert len(seen) == 1
    assert not servers.alive(seen[0])


OWNER = """
import sys, time
from pathlib import Path
from patron.local import stack
options = stack.StackOptions(fsync=False)
with stack.running(Path(sys.argv[1]), say=lambda _: None, options=options):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_both_servers_end_with_their_owner_however_it_ends(
    home: Path, sign: signal.Signals
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == b"up\n"
    now = stack.status(home)
    assert now is not None
    assert now.is_up

    # To the whole group, as a terminal does: the servers have sessions of their own.
    os.killpg(owner.pid, sign)
    owner.wait(timeout=DEADLINE_S)
    assert now.kafka is not None
    assert now.postgres is not None
    kafka, postgres = now.kafka, now.postgres
    until(lambda: not servers.alive(kafka) and not servers.alive(postgres))


def test_a_stack_that_ran_before_is_used_and_left_running(home: Path) -> None:
    stack.up(home, say=silent, options=QUICK)
    with stack.running(home, say=silent, options=QUICK) as used:
        assert used.ran_already
    now = stack.status(home)
    assert now is not None
    assert now.is_up


def test_a_broken_state_file_is_named_with_what_to_do(home: Path) -> None:
    (home / stack.STATE).write_text("{")
    with pytest.raises(Misconfigured, match=r"stack\.json can't be read.*delete it"):
        stack.status(home)
    (home / stack.STATE).unlink()
