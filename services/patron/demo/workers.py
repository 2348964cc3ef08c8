"""The services as a user runs them: processes of `patron run`, started and stopped by pid."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from patron.errors import Transient

ROLES = ("intake", "relay", "jobs")
PATRON = ("-m", "patron.cli")
STOP_S = 20.0


class Workers:
    """One process for each role, with its log in a file."""

    def __init__(
        self, environment: Mapping[str, str], logs: Path, command: Sequence[str] = PATRON
    ) -> None:
        self._environment = {**os.environ, **environment}
        self._logs = logs
        self._command = command  # Python's arguments; another one runs the same, and watches.
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str, environment: Mapping[str, str] | None = None) -> int:
        """Start a role, with more or other variables where told; return its pid."""
        command = [sys.executable, *self._command, "run", role]
        with (self._logs / f"{role}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches us alone, and we stop it in order.
            process = subprocess.Popen(
                command,
                env={**self._environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes[role] = process
        return process.pid

    def check(self) -> None:
        """Raise `Transient` with the end of its log where a role has ended by itself."""
        for role, process in self._processes.items():
            if process.poll() is not None:
                text = (self._logs / f"{role}.log").read_text("utf-8", "replace")
                tail = "\n".join(text.splitlines()[-12:])
                raise Transient(f"{role} ended with code {process.returncode}:\n{tail}")

    def ended(self, role: str) -> int | None:
        """The exit code of a role that has ended by itself, below zero for a signal."""
        code = self._processes[role].poll()
        if code is not None:
            del self._processes[role]
        return code

    def kill(self, role: str) -> None:
        """End a role without a word, as a crash would."""
        process = self._processes.pop(role)
        process.kill()
        process.wait()

    def stop(self) -> dict[str, int]:
        """Ask every role to stop, wait for it, and return the exit codes."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = {}
        for role, process in self._processes.items():
            try:
                codes[role] = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[role] = process.wait()
        self._processes.clear()
        return codes


@contextmanager
def working(environment: Mapping[str, str], logs: Path) -> Iterator[Workers]:
    """All roles for the length of a block; none outlives it."""
    logs.mkdir(parents=True, exist_ok=True)
    workers = Workers(environment, logs)
    try:
        for role in ROLES:
            workers.start(role)
        yield workers
    finally:
        workers.stop()
