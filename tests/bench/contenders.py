"""Who does the reference job: Patron as a user runs it, or a peer; each in its own processes.

A contender starts, and is ready to begin at once; then the clock runs until it is done:
all is committed and every notice lies on the topic. What it wrote is then read back.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bench.places import Place
from bench.reference import BEGINS, Change, Credit
from patron.demo.workers import PATRON, Workers
from patron.local.environment import environment_of
from patron.store import claims, outbox
from patron.store.pool import Connection

HERE = Path(__file__).parent
GROUP = "bench"
SAMPLES = "samples.json"
LOOK_EVERY_S = 0.05
DEADLINE_S = 900.0

CREDITS = """
SELECT member.id, entry.event, coalesce(sum(lot.amount), 0)::bigint AS points
FROM entry JOIN account USING (account) JOIN member USING (member)
    LEFT JOIN lot ON lot.account = entry.account AND lot.seq = entry.seq
GROUP BY entry.account, member.id, entry.seq, entry.event ORDER BY entry.account, entry.seq
"""
OWNERS = "SELECT count(DISTINCT owner) FROM claim WHERE grp = $1 AND next_offset IS NOT NULL"
SESSIONS = """
SELECT count(DISTINCT pid) FROM pg_stat_activity
WHERE application_name = 'patron' AND datname = current_database()
"""


class Patron:
    """Patron's ordinary roles on an ordinary program: nothing is switched off."""

    share = 1.0
    publishes = True

    def __init__(
        self, name: str, *, path: Sequence[Path] = (), intakes: int = 1, sampled: bool = False
    ) -> None:
        self.name = name
        # Where its code lies, and ours.
        self._path = os.pathsep.join(str(each) for each in (*path, HERE.parent))
        self._intakes = intakes
        self._sampled = sampled
        self._workers: list[Workers] = []
        self.pids: dict[str, int] = {}

    async def set_up(self, place: Place) -> None:
        """Topics, tables, a tenant and the program, by the commands that a user has."""
        environment = self._environment(place)
        since = BEGINS.isoformat()
        for command in (
            ("topics", "ensure"),
            ("db", "migrate"),
            ("tenant", "add", "default", "--history"),
            ("publish", str(HERE / "reference.yaml"), "--since", since),
        ):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "patron.cli", *command),
                env=os.environ | environment,
                stdout=asyncio.subprocess.DEVNULL,
            )
            assert await process.wait() == 0, command

    async def start(self, place: Place) -> None:
        """Start the other roles, then the intakes, until these have all partitions."""
        environment = self._environment(place)
        others = self._more(environment, place.folder)
        self.pids = {role: others.start(role) for role in ("relay", "jobs")}
        await until(lambda: _at_least(place.connection, SESSIONS, 2))
        sampled = ("-m", "bench.phases", str(place.folder / SAMPLES))
        for number in range(1, self._intakes + 1):
            folder, command = place.folder / str(number), sampled if self._sampled else PATRON
            name = "intake" if number == 1 else f"intake {number}"
            self.pids[name] = self._more(environment, folder, command).start("intake")
        await until(lambda: _at_least(place.connection, OWNERS, self._intakes, GROUP))

    async def applied(self, place: Place) -> int:
        """How many records are committed: the first of several intakes begins alone."""
        return await claims.applied(place.connection, group=GROUP)

    async def until_done(self, place: Place) -> None:
        """All offsets are committed, and the outbox is empty."""

        async def is_done() -> bool:
            for each in self._workers:
                each.check()
            if await self.applied(place) < place.events:
                return False
            return not await outbox.pending(place.connection, shard=0, counted_max=1)

        await until(is_done)

    async def stop(self) -> None:
        """End every role."""
        for each in self._workers:
            await asyncio.to_thread(each.stop)
        self._workers.clear()

    def samples(self, place: Place) -> dict[str, int]:
        """How often its intake was seen in each phase, once it has ended."""
        file = place.folder / SAMPLES
        return json.loads(file.read_text("utf-8")) if self._sampled else {}

    async def credits(self, connection: Connection) -> dict[bytes, Credit]:
        """What its entries say, by the key of the event."""
        found: dict[bytes, Credit] = {}
        whose, balance = "", 0
        for member, event, points in await connection.fetch(CREDITS):
            balance = points + (balance if member == whose else 0)
            whose = member
            found[event.bytes] = Credit(member, points, balance)
        return found

    @staticmethod
    def change_of(value: bytes, headers: Mapping[str, bytes]) -> Change:
        """What one of its notices says."""
        data = json.loads(value)
        cause = headers["ce_causationid"].decode()
        return Change(cause, data["member"], data["from_tier"], data["to_tier"])

    def _more(
        self, environment: Mapping[str, str], logs: Path, command: Sequence[str] = PATRON
    ) -> Workers:
        logs.mkdir(parents=True)
        self._workers.append(Workers(environment, logs, command))
        return self._workers[-1]

    def _environment(self, place: Place) -> dict[str, str]:
        return {
            **environment_of(place.servers),
            "PYTHONPATH": self._path,
            "PATRON_DATABASE__DSN": place.dsn,
            "PATRON_KAFKA__GROUP_ID": GROUP,
            "PATRON_KAFKA__TOPICS__ORDERS": place.topic,
            "PATRON_KAFKA__TOPICS__NOTICES": place.notices,
            "PATRON_TELEMETRY__PORT": "0",
            "PATRON_LOG__FORMAT": "json",
        }


class Peer:
    """A peer: one process, which says when it is ready and when it is done.

    A slow one does a share of the records. One that publishes nothing is not compared.
    """

    def __init__(self, module: str, *, share: float = 1.0, publishes: bool = True) -> None:
        self.name = module.replace("_", " ")
        self.share = share
        self.publishes = publishes
        self._module = module
        self._process: Process | None = None
        self.pids: dict[str, int] = {}

    async def set_up(self, place: Place) -> None:
        """Its tables."""
        await place.connection.execute((HERE / "peers" / "tables.sql").read_text("utf-8"))

    async def start(self, place: Place) -> None:
        """Start it, until it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"bench.peers.{self._module}"),
            env=os.environ
            | {
                "BENCH_DSN": place.dsn,
                "BENCH_BOOTSTRAP": place.servers.bootstrap,
                "BENCH_TOPIC": place.topic,
                "BENCH_NOTICES": place.notices,
            },
            stdin=PIPE,
            stdout=PIPE,
        )
        self.pids = {"worker": self._process.pid}
        await self._says("ready")

    async def applied(self, place: Place) -> int:
        """None: it has only said that it is ready."""
        return 0

    async def until_done(self, place: Place) -> None:
        """It says so."""
        await self._says("done")

    async def _says(self, word: str) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        said = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S)
        assert said.decode().strip() == word, f"{self.name} ended before it was {word}"

    async def stop(self) -> None:
        """Let it go."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()

    async def credits(self, connection: Connection) -> dict[bytes, Credit]:
        """What its ledger says, by the key of the event."""
        rows = await connection.fetch("SELECT event, member, points, balance FROM ledger")
        return {event.bytes: Credit(*rest) for event, *rest in rows}

    @staticmethod
    def change_of(value: bytes, headers: Mapping[str, bytes]) -> Change:
        """What one of its notices says."""
        return Change(*json.loads(value))


Contender = Patron | Peer
PEERS = (
    Peer("one_by_one", share=0.1),
    Peer("batch_loop"),
    Peer("limit", publishes=False),
)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds. Raises `TimeoutError`."""
    deadline = time.monotonic() + DEADLINE_S
    while not await holds():
        if time.monotonic() > deadline:
            raise TimeoutError("the run did not come so far")
        await asyncio.sleep(LOOK_EVERY_S)


async def _at_least(connection: Connection, query: str, count: int, *arguments: str) -> bool:
    return bool(await connection.fetchval(query, *arguments) >= count)
