"""One simulated run: real services, core and SQL on a real Postgres; all else is the seed's.

Two workers take turns, lose partitions without being told, die at any failpoint, meet
faults; the relay and the jobs between them. A run whose seed is the same is the same.

`python -m simulation.run FIRST LAST` runs seeds against a Postgres of its own.
"""

import asyncio
import logging
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import structlog

from conftest import local_stack, on_server
from patron.audit import check
from patron.core.facts import Who
from patron.engine.apply import Engine
from patron.engine.history import fold
from patron.engine.lineage import InForce, Lineage
from patron.engine.publish import publish
from patron.engine.reach import reach
from patron.engine.replay import Replay
from patron.engine.statement import shown
from patron.errors import Transient
from patron.intake.claiming import Claims
from patron.intake.committing import Committer
from patron.intake.crashing import CrashGuard
from patron.intake.service import Intake
from patron.relay import service as relay_service
from patron.relay.service import Relay
from patron.runtime import failpoints
from patron.runtime import settings as runtime_settings
from patron.runtime.failpoints import Armed, FailAt
from patron.runtime.settings import Settings
from patron.store import accounts, ledger, members, migrate, outbox, tenants
from patron.store import claims as claim_rows
from patron.store.pool import Pool, open_pool, session, transaction
from patron.store.sealing import Sealer
from patron.wire.documents import compile_document
from patron.wire.identity import who_key
from patron.wire.incoming import Binding
from simulation.histories import ENGAGEMENT, FAMILIES, MEMBERS, ORDERS, PROGRAM, TENANT, History
from simulation.logs import Publisher, Source, Topic, end_of

GROUP = "simulated"
LONG_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
STEPS_MAX = 3000
CALM_AFTER = 200  # Steps; from then on nothing fails, and all must come to rest.
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


class Died(BaseException):
    """The process is no more; nothing may catch it."""


class Fate(Armed):
    """A failure of the simulation: a death is an exception that nobody expects."""

    def fail(self, wanted: FailAt, point: str) -> None:
        if wanted.action == "kill":
            raise Died(point)
        super().fail(wanted, point)


class Outcome(NamedTuple):
    """What a run went through, and every difference that it ended with."""

    seed: int
    steps: int
    deaths: Counter[str]
    faults: int
    fenced: int
    differences: list[str]

    def told(self) -> str:
        """One line, and one more for each difference."""
        return "\n  ".join(
            [
                f"seed {self.seed}: {self.steps} steps, {self.deaths.total()} deaths at "
                f"{len(self.deaths)} points, {self.faults} failures, {self.fenced} fenced: "
                + ("EQUAL" if not self.differences else "DIFFERENT"),
                *self.differences,
            ]
        )


class Worker:
    """One intake process: what dies with it is here."""

    def __init__(self, settings: Settings, pool: Pool, engine: Engine, source: Source) -> None:
        held = Claims(pool, source, group=GROUP, owner="simulated")  # type: ignore[arg-type]
        topics = (ORDERS, ENGAGEMENT, MEMBERS)
        bindings = {topic: Binding() for topic in topics}
        self.source = source
        # Workers die here for no fault of a record's: however many, none is condemned.
        guard = CrashGuard(pool, held, group=GROUP, deaths_max=STEPS_MAX, alone=3)
        self.intake = Intake(settings, source, engine, held, guard, bindings)  # type: ignore[arg-type]
        self.intake._records_max = settings.intake.batch_records_max
        self._committer = Committer(engine, held, group=GROUP, stopping=asyncio.Event())

    async def step(self) -> None:
        """One turn, its commit included."""
        await self.intake._turn(self._committer)
        await self.intake._settle()


class Simulation:
    """One seed's world."""

    def __init__(self, seed: int, pool: Pool, sealer: Sealer, settings: Settings) -> None:
        self.seed = seed
        self.choose = random.Random(seed)
        self.pool = pool
        self.sealer = sealer
        self.settings = settings
        self.history = History(seed, events=self.choose.randrange(40, 160))
        self.topic = Topic()
        self.workers: list[Worker] = []
        self.engine: Engine | None = None
        self.relay: Relay | None = None
        self.deaths: Counter[str] = Counter()
        self.faults = self.fenced = self.steps = 0
        self.offsets: dict[claim_rows.Place, int] = {}
        self.went_back: list[str] = []

    async def run(self) -> Outcome:
        """Run to rest, and compare with a replay in memory and with the second model."""
        Publisher.topic = self.topic
        for self.steps in range(1, STEPS_MAX):
            is_calm = self.steps > CALM_AFTER
            with failpoints.armed(None if is_calm else self._fate()) as fate:
                await self._step(is_calm=is_calm)
            self.faults += fate.has_failed
            await self._look_at_offsets()
            if is_calm and self.steps % 10 == 0 and await self._is_at_rest():
                break
        return Outcome(
            self.seed, self.steps, self.deaths, self.faults, self.fenced, await self._differences()
        )

    async def _look_at_offsets(self) -> None:
        """No offset ever goes back: whoever was fenced has changed nothing."""
        async with session(self.pool) as connection:
            held = await claim_rows.read(connection, group=GROUP)
        for place, claim in held.items():
            offset, before = claim.next_offset or 0, self.offsets.get(place, 0)
            if offset < before:
                self.went_back.append(f"step {self.steps}: {place} from {before} to {offset}")
            self.offsets[place] = offset

    def _fate(self) -> Fate:
        if self.choose.random() < 0.4:
            return Fate(None)
        action = self.choose.choice(["kill", "kill", "raise", "cancel"])
        return Fate(FailAt(failpoints.ANY, self.choose.randrange(1, 16), action))  # type: ignore[arg-type]

    async def _step(self, *, is_calm: bool) -> None:
        if not self.workers or (not is_calm and self.choose.random() < 0.2):
            await self._rebalance()
        who = self.choose.choice([*self.workers, *self.workers, "relay", "jobs"])
        try:
            if isinstance(who, Worker):
                who.source.faults = int(not is_calm and self.choose.random() < 0.05)
                await self._as_one(who.step())
            elif who == "relay":
                self.relay = self.relay or self._new_relay()
                await self._as_one(self.relay.send_round())
            else:
                engine = await self._engine()
                await self._as_one(reach(engine, accounts_max=3))
        except Transient as fault:
            self.fenced += type(fault).__name__ == "Fenced"
            await self._recover(who, fault)
        except (Died, asyncio.CancelledError) as death:
            self.deaths[str(death) or "cancelled"] += 1
            self._bury(who)

    async def _as_one(self, work: Any) -> None:
        """In a task of its own, which may be cancelled without ending the simulation."""
        await asyncio.ensure_future(work)

    async def _recover(self, who: Worker | str, fault: Transient) -> None:
        try:
            if isinstance(who, Worker):
                await who.intake._recover(fault)
                if who.intake._claim_again_at is not None:
                    who.intake._claim_again_at = 0.0  # The clock is ours: it is later now.
            elif who == "relay" and self.relay is not None:
                await self.relay._discard()
        except (Died, asyncio.CancelledError) as death:
            self.deaths[str(death) or "cancelled"] += 1
            self._bury(who)

    def _bury(self, who: Worker | str) -> None:
        if isinstance(who, Worker):
            if who.intake._committing is not None:
                who.intake._committing.cancel()
            self.workers.remove(who)
        elif who == "relay":
            self.relay = None

    async def _rebalance(self) -> None:
        """New shares; now and then one worker is frozen meanwhile and is told nothing."""
        while len(self.workers) < 2:
            engine = await Engine.open(self.pool, group=GROUP, sealer=self.sealer)
            # Batches of different sizes, so that no two workers cut the logs alike.
            intake = self.settings.intake.model_copy(
                update={"batch_records_max": self.choose.randrange(1, 6)}
            )
            settings = self.settings.model_copy(update={"intake": intake})
            source = Source(self.history.logs)
            self.workers.append(Worker(settings, self.pool, engine, source))
        frozen = self.choose.random() < 0.5
        told = self.workers[:1] if frozen else self.workers
        # As the group's assignor does: one number of all topics is one worker's.
        owner = [self.choose.randrange(len(told)) for _ in range(FAMILIES)]
        for number, worker in enumerate(told):
            worker.source.give([p for p in self.history.logs if owner[p.partition] == number])
        self.choose.shuffle(self.workers)

    async def _engine(self) -> Engine:
        if self.engine is None:
            self.engine = await Engine.open(self.pool, group=GROUP, sealer=self.sealer)
        return self.engine

    def _new_relay(self) -> Relay:
        return Relay(self.settings, self.pool, None, self.sealer, 0)  # type: ignore[arg-type]

    async def _is_at_rest(self) -> bool:
        if any(worker.source.faults for worker in self.workers):
            return False
        await self._whole_group()
        async with session(self.pool) as connection:
            held = await claim_rows.read(connection, group=GROUP)
            ends = end_of(self.history.logs)
            if any(each not in held or held[each].next_offset != ends[each] for each in ends):
                return False
            clock = await claim_rows.clock(connection, group=GROUP)
            until = clock.now(follows_input=True)
            if clock.lagging is not None or until is None:
                return False
            if await accounts.any_due(connection, until=until):
                return False
            return not await outbox.pending(connection, shard=0, counted_max=1)

    async def _whole_group(self) -> None:
        """Once all is calm, every partition is somebody's who knows it."""
        owned = [each for worker in self.workers for each in worker.source.assignment()]
        if sorted(owned) != sorted(self.history.logs):
            for worker in self.workers:
                worker.source.give(())
            self.workers[0].source.give(self.history.logs)

    async def _differences(self) -> list[str]:
        """Members, notices and dead letters, each against the replay; then the audit."""
        program = compile_document(PROGRAM, source="shop.yaml")
        replay = Replay({program.name: Lineage([InForce(LONG_BEFORE, program)])})
        said = list(replay.events(self.history.lines))
        letters = Counter(line["dead_letter"] for line in said if "dead_letter" in line)
        async with session(self.pool) as connection:
            held = await claim_rows.read(connection, group=GROUP)
            until = max(claim.reached_at for claim in held.values() if claim.reached_at)
            said += replay.members(until=until)
            states = {line["member"]: line for line in said if "balances" in line}
            found = {name: await self._shown(connection, name, program) for name in states}
            rows = await connection.fetch("SELECT code, count(*) n FROM dead_letter GROUP BY 1")
            report = await check.audit(connection)
        differences = [
            f"{name}: {found[name]} instead of {state}"
            for name, state in states.items()
            if found[name] != state
        ]
        wanted = defaultdict(list)
        for line in said:
            if "specversion" in line:
                wanted[line["subject"]].append(line["id"])
        published = defaultdict(list)
        for record in self.topic.committed:
            published[record.key.decode()].append(dict(record.headers)["ce_id"].decode())
        if published != wanted:
            differences.append(f"notices: {dict(published)} instead of {dict(wanted)}")
        there = Counter({row["code"]: row["n"] for row in rows})
        if there != letters:
            differences.append(f"dead letters: {dict(there)} instead of {dict(letters)}")
        return [*self.went_back, *differences, *map(str, report.differences)]

    async def _shown(self, connection: Any, name: str, program: Any) -> Any:
        who = ("id", who_key(Who("id", name)))
        engine = await self._engine()
        served = engine.catalogue.tenants[TENANT].programs[0]
        known = await members.find(connection, 1, [who])
        if who not in known:
            return None
        row = await accounts.read(connection, program=served.number, member=known[who].member)
        if row is None:
            return None
        state, _ = fold(await ledger.entries(connection, row.account), member=name, served=served)
        return shown(state, program=program)


async def simulate(seed: int, dsn: str) -> Outcome:
    """Run one seed in an empty database."""
    settings = runtime_settings.load(
        {
            "PATRON_KAFKA__BOOTSTRAP_SERVERS": "none:1",
            "PATRON_KAFKA__GROUP_ID": GROUP,
            "PATRON_DATABASE__DSN": dsn,
            "PATRON_SECRETS__MASTER_KEY": KEY,
            "PATRON_KAFKA__TOPICS__ORDERS": ORDERS,
            "PATRON_KAFKA__TOPICS__ENGAGEMENT": ENGAGEMENT,
            "PATRON_KAFKA__TOPICS__MEMBERS": MEMBERS,
            "PATRON_INTAKE__BATCH_RECORDS_MAX": "3",
            "PATRON_INTAKE__POLL_WAIT_S": "0.001",
            "PATRON_RELAY__NOTICES_MAX": "3",
        }
    )
    sealer = Sealer(settings.master_key)
    pool = await open_pool(dsn, size=4)
    try:
        return await Simulation(seed, pool, sealer, settings).run()
    finally:
        pool.terminate()


async def prepare(dsn: str) -> None:
    """Tables, the tenant, its program."""
    await migrate.migrate(dsn)
    pool = await open_pool(dsn)
    sealer = Sealer(b"kkk" * 10 + b"kk")
    async with transaction(pool) as connection:
        await tenants.add(connection, sealer, name=TENANT, late_max=None, follows_input=True)
    await publish(
        pool, sealer, tenant=TENANT, document=PROGRAM, source="shop.yaml", since=LONG_BEFORE
    )
    await pool.close()


async def simulate_all(dsn: str, seeds: Iterable[int]) -> AsyncGenerator[Outcome, None]:
    """Run seeds one after another, each in a copy of one prepared database."""

    base, _, _ = dsn.rpartition("/")
    template = f"patron_simulated_{uuid4().hex[:12]}"
    await on_server(dsn, f"CREATE DATABASE {template}")
    await prepare(f"{base}/{template}")
    for seed in seeds:
        await on_server(dsn, f"CREATE DATABASE {template}_run TEMPLATE {template}")
        yield await simulate(seed, f"{base}/{template}_run")
        await on_server(dsn, f"DROP DATABASE {template}_run WITH (FORCE)")
    await on_server(dsn, f"DROP DATABASE {template} WITH (FORCE)")


def quiet() -> None:
    """Faults are what is wanted here: nobody needs to be told of each."""
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


async def main(first: int, last: int) -> int:
    """Run seeds; print what each went through, and what it ended with."""
    failed = 0
    with local_stack("postgres") as servers:
        async for outcome in simulate_all(servers.dsn, range(first, last + 1)):
            print(outcome.told(), flush=True)
            failed += bool(outcome.differences)
    return failed


if __name__ == "__main__":
    relay_service.TransactionalPublisher = Publisher  # type: ignore[misc, assignment]
    quiet()
    sys.exit(1 if asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))) else 0)
