"""A Kafka and a Postgres that belong together, in one folder, known across commands.

`up` starts what does not run, `status` tells, `down` ends what `up` started; `running`
does both around a block. The folder's `stack.json` names the processes; each is known
again by its pid and the instant at which it started, so nobody else's is ever ended.
Ports are kept from one `up` to the next where they are still free.

A stack of `running` ends with its owner however the owner ends: a guard process (see
`guard.py`) holds a pipe to it, and takes the stack down when the pipe closes.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from patron.errors import Misconfigured, Transient
from patron.local import jars, servers
from patron.local.jars import Say
from patron.local.kafka import LocalKafka
from patron.local.postgres import LocalPostgres
from patron.local.servers import Running

Server = Literal["kafka", "postgres"]

SERVERS: tuple[Server, ...] = ("kafka", "postgres")
STATE = "stack.json"
LOCK_WAIT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """How a stack is started; a server that runs already is not changed by them."""

    servers: tuple[Server, ...] = ("postgres", "kafka")
    fsync: bool = True
    jar_cache: Path = field(default_factory=jars.default_cache)
    kafka_heap_mb: int = 512
    kafka_settings: Mapping[str, str] = field(default_factory=dict)
    postgres_settings: Mapping[str, str] = field(default_factory=dict)


class Stack(NamedTuple):
    """A stack as it stands: where its servers listen, and which of them run."""

    home: Path
    bootstrap: str
    dsn: str
    kafka: Running | None
    postgres: Running | None
    # The servers that it was started with: all of them, or only one.
    wanted: tuple[Server, ...]
    # True where `up` had nothing to do.
    ran_already: bool = False

    @property
    def is_up(self) -> bool:
        """Whether every wanted server's process runs."""
        runs = {"kafka": self.kafka, "postgres": self.postgres}
        return all(runs[name] is not None for name in self.wanted)

    @property
    def logs(self) -> dict[str, Path]:
        return {
            "kafka": self.home / "kafka" / "kafka.log",
            "postgres": self.home / "postgres" / "postgres.log",
        }


def default_home() -> Path:
    """`$PATRON_LOCAL__DIR`, else `.patron` in the folder that one stands in."""
    return Path(os.environ.get("PATRON_LOCAL__DIR") or ".patron").absolute()


def up(home: Path, *, say: Say, options: StackOptions | None = None) -> Stack:
    """Start what does not run yet and wait until it is ready.

    The servers start side by side. Raises Misconfigured or Transient with the failing server's
    last words; what had been started by then is ended again.
    """
    home = home.absolute()
    with _locked(home):
        return _up(home, say=say, options=options or StackOptions())


def down(home: Path, *, say: Say) -> bool:
    """End the servers that `up` started; False where none ran."""
    home = home.absolute()
    if not (home / STATE).exists():
        return False
    with _locked(home):
        return _down(home, say=say)


def status(home: Path) -> Stack | None:
    """The stack of this folder as it stands now; None where none was ever started."""
    home = home.absolute()
    state = _read(home)
    return None if state is None else _stack(home, state)


@contextmanager
def running(home: Path, *, say: Say, options: StackOptions | None = None) -> Iterator[Stack]:
    """A stack for the length of a block. One that ran before is used, and left running."""
    home = home.absolute()
    before = status(home)
    if before is not None and before.is_up:
        yield up(home, say=say, options=options)
        return
    home.mkdir(parents=True, exist_ok=True)
    with _guarded(home):
        try:
            yield up(home, say=say, options=options)
        finally:
            down(home, say=say)


def _up(home: Path, *, say: Say, options: StackOptions) -> Stack:
    state = _read(home) or {"ports": {}, "servers": []}
    missing = [name for name in options.servers if _alive(state, name) is None]
    state["servers"] = sorted({*options.servers} | {n for n in SERVERS if _alive(state, n)})
    if not missing:
        return _stack(home, state)._replace(ran_already=True)
    state["ports"] = _ports(state["ports"], renew=missing)
    kafka, postgres = _described(home, state, options)
    started_at = time.monotonic()
    _write(home, state)  # Before the first start: what fails at once leaves a stack to look at.
    try:
        # Postgres first: it is there before Kafka's Java has read its classes.
        if "postgres" in missing:
            say("Starting Postgres.")
            started = postgres.start(say=say)
            _remember(home, state, "postgres", started)
        if "kafka" in missing:
            say("Starting Kafka.")
            started = kafka.start(say=say)
            _remember(home, state, "kafka", started)
        if "postgres" in missing:
            postgres.wait_ready(Running(**state["postgres"]))
        if "kafka" in missing:
            kafka.wait_ready(Running(**state["kafka"]))
    except BaseException:
        # Ctrl-C too: half a stack is of no use, and nobody would know of it.
        _down(home, say=say, names=missing)
        raise
    say(f"Ready after {time.monotonic() - started_at:.1f} s.")
    return _stack(home, state)


def _stack(home: Path, state: Mapping[str, Any]) -> Stack:
    kafka, postgres = _described(home, state, StackOptions())
    return Stack(
        home=home,
        bootstrap=kafka.bootstrap,
        dsn=postgres.dsn,
        kafka=_alive(state, "kafka"),
        postgres=_alive(state, "postgres"),
        wanted=tuple(state["servers"]),
    )


def _down(home: Path, *, say: Say, names: Collection[Server] = SERVERS) -> bool:
    state = _read(home)
    if state is None:
        return False
    kafka, postgres = _described(home, state, StackOptions())
    ended = False
    # Kafka first: it takes longest, and nothing writes to Postgres on its behalf.
    for name, stop in (("kafka", kafka.stop), ("postgres", postgres.stop)):
        server = _alive(state, name) if name in names else None
        if server is not None:
            say(f"Stopping {name.capitalize()}.")
            stop(server)
            _remember(home, state, name, None)
            ended = True
    return ended


def _described(
    home: Path, state: Mapping[str, Any], options: StackOptions
) -> tuple[LocalKafka, LocalPostgres]:
    ports = state["ports"]
    kafka = LocalKafka(
        folder=home / "kafka",
        port=ports["kafka"],
        controller_port=ports["controller"],
        jar_cache=options.jar_cache,
        heap_mb=options.kafka_heap_mb,
        settings=options.kafka_settings,
    )
    postgres = LocalPostgres(
        folder=home / "postgres",
        port=ports["postgres"],
        fsync=options.fsync,
        settings=options.postgres_settings,
    )
    return kafka, postgres


def _ports(kept: Mapping[str, int], *, renew: Collection[str]) -> dict[str, int]:
    """The ports of last time where they are free; else new ones. What runs keeps its own."""
    names = {"kafka": ("kafka", "controller"), "postgres": ("postgres",)}
    asked = [port for name in SERVERS for port in names[name]]
    fresh = dict(zip(asked, servers.free_ports(len(asked)), strict=True))
    ports = {**fresh, **kept}
    for name in renew:
        if any(servers.listens(ports[each]) for each in names[name]):
            ports |= {each: fresh[each] for each in names[name]}
    return ports


def _alive(state: Mapping[str, Any], name: str) -> Running | None:
    known = state.get(name)
    if known is None:
        return None
    server = Running(**known)
    return server if servers.alive(server) else None


def _remember(home: Path, state: dict[str, Any], name: str, server: Running | None) -> None:
    state[name] = None if server is None else server._asdict()
    _write(home, state)


def _write(home: Path, state: Mapping[str, Any]) -> None:
    # In one step: a reader beside us must never see half a file.
    draft = home / f"{STATE}.new"
    draft.write_text(json.dumps(state, indent=2), encoding="utf-8")
    draft.replace(home / STATE)


def _read(home: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((home / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as broken:
        raise Misconfigured(
            f"{home / STATE} can't be read ({broken}). If no server of it runs, delete it."
        ) from broken
    assert isinstance(state, dict)
    return state


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time in one folder, across processes."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if time.monotonic() > deadline:
                    raise Transient(
                        f"Another command has been at work in {home} for {LOCK_WAIT_S} s."
                    ) from held
                time.sleep(servers.POLL_S)
        yield


@contextmanager
def _guarded(home: Path) -> Iterator[None]:
    """A process that takes the stack down when we are gone, killed without a word included."""
    guard = subprocess.Popen(
        [sys.executable, "-m", "patron.local.guard", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()
