"""Server processes: start, know again, end. Nothing here knows which server it is.

A server is known by its pid together with the instant at which it started, so that a pid
which the system has given to somebody else is never signalled. A server has a session of
its own: Ctrl-C in a terminal reaches the owner, and the owner decides.

For Unix only.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patron.errors import Misconfigured, Transient

POLL_S = 0.02

# Our own children, kept so that each is reaped when it ends.
_children: dict[int, subprocess.Popen[bytes]] = {}


class Running(NamedTuple):
    """A process that we started: who it is, and since when, in the system's own words."""

    pid: int
    started: str


def start(
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
) -> Running:
    """Start a server that writes to `log`; it reads nothing and outlives the terminal."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
        )
    _children[child.pid] = child
    started = _started(child.pid)
    if started is None:
        name = Path(command[0]).name.capitalize()
        raise Transient(f"{name} ended while it started. Its last words:\n{tail(log)}")
    return Running(pid=child.pid, started=started)


def alive(server: Running) -> bool:
    """Whether this very process still runs; one that has the pid by chance does not count."""
    if _started(server.pid) == server.started:
        return True
    child = _children.pop(server.pid, None)
    if child is not None:
        child.wait()  # It has ended; this only takes it off the system's list.
    return False


def wait_until(
    ready: Callable[[], bool], *, server: Running, log: Path, name: str, wait_s: float
) -> None:
    """Return when the server is ready; raise Transient with its last words if it is not."""
    deadline = time.monotonic() + wait_s
    while not ready():
        if not alive(server):
            raise Transient(f"{name} ended while it started. Its last words:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Transient(f"{name} was not ready in {wait_s:.0f} s. See {log}:\n{tail(log)}")
        time.sleep(POLL_S)


def stop(server: Running, *, gently: signal.Signals, hard: signal.Signals, wait_s: float) -> None:
    """End the process: ask, and after `wait_s` insist. One that has ended already is fine."""
    for sign in (gently, hard):
        if not alive(server):
            return
        os.kill(server.pid, sign)
        deadline = time.monotonic() + wait_s
        while alive(server) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    if alive(server):
        raise Transient(f"Process {server.pid} does not end, even when told to. End it by hand.")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; all are held until the last is found."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


def require_free(port: int) -> None:
    """Raise Misconfigured where somebody else listens already."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as taken:
        raise Misconfigured(
            f"Port {port} is taken by another program. End it, or choose another port."
        ) from taken


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def tail(log: Path, *, lines_max: int = 15) -> str:
    """The end of a log, for an error that a person reads."""
    if not log.exists():
        return "(no log)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-lines_max:])


def _started(pid: int) -> str | None:
    """When the process started, as the system writes it; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    except ProcessLookupError:
        return None
    # The name, in brackets, may hold blanks and brackets itself.
    fields = text.rpartition(")")[2].split()
    state, start_ticks = fields[0], fields[19]
    # A zombie has ended; only its parent has not looked yet.
    return None if state in "ZX" else start_ticks


def _started_by_ps(pid: int) -> str | None:
    """The same where there is no /proc, as on macOS."""
    asked = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()
