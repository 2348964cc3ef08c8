"""THE write path: a batch of facts becomes entries in one transaction, or nothing does.

Claims move first, then names of events are claimed, then what the facts may touch is
locked and loaded, decided in memory, and written; one commit covers all of it, notices
and dead letters included. Every service that changes anything comes through here.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from patron.core.decision import Unfit
from patron.core.facts import EventName
from patron.engine.aside import Aside
from patron.engine.business import Business, business_of
from patron.engine.catalogue import Catalogue, Tenant
from patron.engine.letters import letters_of
from patron.engine.moving import MOVES_NAMES, apart, move_names
from patron.engine.nameless import Kept
from patron.engine.noticing import codes_drawn
from patron.engine.reading import Meant, NamesMoved, Page
from patron.engine.received import ID_REUSED, Received, Repeats
from patron.engine.resolving import resolve
from patron.engine.seen_names import seen_name, week_of
from patron.engine.writing import Encoded, Writing
from patron.errors import Fenced, Raced
from patron.runtime import failpoints
from patron.store import claims, codes, members, partitions, programs, seen
from patron.store.claims import Advance
from patron.store.dead_letters import DeadLetter
from patron.store.members import Member, Name
from patron.store.pool import Connection, Pool, session, transaction
from patron.store.sealing import Sealer

T = TypeVar("T")

MET_MAX = 1_000_000  # Names that are kept at most: some 200 MB.
TRIES_MAX = 5  # Of a transaction that another one raced.


class Batch(NamedTuple):
    """What one transaction covers. `received` is in the order in which it acts."""

    group: str
    advances: Sequence[Advance] = ()
    received: Sequence[Received] = ()
    unreadable: Sequence[DeadLetter] = ()
    is_replay: bool = False  # Its records lie in dead letters already: none is written again.


class Applied(NamedTuple):
    """What became of a batch: how many records by outcome, dead letters by code."""

    outcomes: Mapping[str, int]
    dead_letters: Mapping[str, int]
    refused: Sequence[DeadLetter]  # Those letters themselves.
    notices: int
    business: Business


class Written(NamedTuple):
    """What a page came to: how many notices it owes, and what it meant."""

    notices: int
    business: Business


class _Published(Exception):
    """Something was published since the catalogue was read: read it again, and begin again."""


class Engine:
    """Applies batches, and time. Built once in a process; safe for one batch at a time."""

    def __init__(
        self,
        pool: Pool,
        catalogue: Catalogue,
        *,
        group: str,
        shards: int,
        sealer: Sealer,
        known_partitions: set[str],
        copies_letters: bool = False,
    ) -> None:
        self.pool = pool
        self.catalogue = catalogue
        self.group = group
        self._shards = shards
        self._sealer = sealer
        self._aside = Aside(sealer=sealer, group=group, shards=shards, copies=copies_letters)
        self._partitions = known_partitions
        # What this process has seen committed, so that it need not ask again.
        self.met_names: dict[int, dict[Name, Member]] = {}
        self.met_accounts: dict[int, set[int]] = {}

    @classmethod
    async def open(
        cls,
        pool: Pool,
        *,
        group: str,
        sealer: Sealer,
        shards: int = 1,
        copies_letters: bool = False,
    ) -> "Engine":
        """An engine that knows all that is published now."""
        async with session(pool) as connection:
            catalogue = await Catalogue.load(connection, sealer)
            known = await partitions.known(connection)
        return cls(
            pool,
            catalogue,
            group=group,
            shards=shards,
            sealer=sealer,
            known_partitions=known,
            copies_letters=copies_letters,
        )

    async def apply(self, batch: Batch) -> Applied:
        """Apply a batch whole. What was applied before changes nothing.

        Raises `Fenced`, `StoreUnavailable`, and `OutcomeUnknown` where only the claims
        can tell whether it was committed.
        """
        weeks = {week_of(received.arrived) for received in batch.received}
        await self._make({partitions.of_week(week) for week in weeks})
        return await self.retried(lambda connection: self._apply(connection, batch))

    async def retried(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do `work` in a transaction; again where a race or something new stopped it."""
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                async with transaction(self.pool) as connection:
                    return await work(connection)
            except _Published:
                await self._reload()
            except NamesMoved:
                self.met_names.clear()
            except Raced:
                if not tries_left:
                    raise
        raise Raced("the transaction found no quiet moment")

    async def _apply(self, connection: Connection, batch: Batch) -> Applied:
        failpoints.passed("engine.begun")
        if batch.advances:
            fenced = await claims.advance(connection, group=batch.group, steps=batch.advances)
            if fenced:
                raise Fenced(fenced)
        failpoints.passed("engine.advanced")
        recorded_at = await self.begin(connection)
        outcomes: Counter[str] = Counter()
        letters = list(batch.unreadable)
        business: Business = Counter()
        notices = 0
        for tenant, received in self._by_tenant(batch.received).items():
            part = _Part(self, connection, tenant, recorded_at)
            letters += await part.apply(received, outcomes)
            notices += part.notices
            business += part.business
        if not batch.is_replay:
            await self.set_aside(connection, letters)
        failpoints.passed("engine.set_aside")
        by_code = Counter(letter.code for letter in letters)
        if letters:
            outcomes["dead_letter"] += len(letters)
        return Applied(outcomes, by_code, letters, notices, business)

    async def set_aside(self, connection: Connection, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters, sealed, in the transaction that found them."""
        await self._aside.put(connection, letters)

    async def begin(self, connection: Connection) -> datetime:
        """The transaction's clock, once the catalogue is what is published."""
        recorded_at, revision = await programs.revision(connection)
        if revision != self.catalogue.revision:
            raise _Published
        return recorded_at

    async def refresh(self) -> None:
        """Read the catalogue again where something was published since."""
        async with session(self.pool) as connection:
            _, revision = await programs.revision(connection)
        if revision != self.catalogue.revision:
            await self._reload()

    async def forget_names(self, *, now: datetime) -> list[str]:
        """Drop the names of events that no tenant would take any more, with a week to spare.

        None while a tenant takes events however late. Returns the tables that went.
        """
        await self.refresh()
        limits = [tenant.late_max for tenant in self.catalogue.tenants.values()]
        if not limits or None in limits:
            return []
        longest = max(limit for limit in limits if limit is not None)
        gone = await partitions.drop_weeks(self.pool, before=now - longest - timedelta(weeks=1))
        self._partitions.difference_update(gone)
        return gone

    async def _reload(self) -> None:
        async with session(self.pool) as connection:
            self.catalogue = await Catalogue.load(connection, self._sealer)
        # A member who was merged has no account in a program that is new.
        self.met_names.clear()

    async def _make(self, wanted: set[partitions.Partition]) -> None:
        missing = {partition for partition in wanted if partition.name not in self._partitions}
        if missing:
            await partitions.ensure(self.pool, missing)
            self._partitions |= {partition.name for partition in missing}

    def _by_tenant(self, received: Sequence[Received]) -> dict[Tenant, list[Received]]:
        by_tenant: dict[str, list[Received]] = {}
        for each in received:
            by_tenant.setdefault(each.arrived.fact.name.tenant, []).append(each)
        # Tenants in one order everywhere, so that no two transactions wait in a circle.
        return {self.catalogue.tenants[name]: by_tenant[name] for name in sorted(by_tenant)}

    async def write(
        self,
        connection: Connection,
        page: Page,
        encoded: Mapping[EventName, Encoded],
        recorded_at: datetime,
    ) -> Written:
        """Write what a page's book has decided."""
        drawn = codes_drawn(decided.decision for decided in page.book.decided)
        told = await codes.read(connection, self._sealer, program=page.served.number, codes=drawn)
        writing = Writing(page, recorded_at=recorded_at, shards=self._shards, codes=told)
        writing.collect(encoded)
        # On a session of its own, which waits for no row that this transaction holds.
        await self._make(writing.partitions())
        await writing.save(connection)
        failpoints.passed("engine.written")
        return Written(len(writing.notices), business_of(page))

    async def save_persons(
        self, connection: Connection, received: Sequence[Received], numbers: Mapping[str, int]
    ) -> None:
        """Personal data goes to its own table, and nowhere else."""
        for each in received:
            person, fact = each.arrived.person, each.arrived.fact
            if person is not None:
                member = numbers[fact.member.value]  # type: ignore[union-attr]
                await members.save_person(connection, self._sealer, member=member, data=person)


class _Part:
    """One tenant's part of a batch."""

    def __init__(
        self, engine: Engine, connection: Connection, tenant: Tenant, recorded_at: datetime
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.tenant = tenant
        self.recorded_at = recorded_at
        self.notices = 0
        self.business: Business = Counter()

    async def apply(self, received: list[Received], outcomes: Counter[str]) -> list[DeadLetter]:
        """Apply these facts to every program of the tenant; return what cannot be applied."""
        met = self.engine.met_names.setdefault(self.tenant.number, {})
        if len(met) > MET_MAX:
            met.clear()
        parts = apart(received)
        if len(parts) == 1 and not isinstance(received[0].arrived.fact, MOVES_NAMES):
            return await self._each_name(received, outcomes, met, self.engine.met_accounts)
        # What later parts find, earlier ones may have written, and it is not committed yet.
        met.clear()
        letters = []
        for part in parts:
            letters += await self._each_name(part, outcomes, {}, {})
        return letters

    async def _each_name(
        self,
        received: list[Received],
        outcomes: Counter[str],
        met: dict[Name, Member],
        met_accounts: dict[int, set[int]],
    ) -> list[DeadLetter]:
        """The first event of each name, and then what that leaves to be decided of the others."""
        repeats = Repeats(received)
        letters = await self._apply(repeats, outcomes, met, met_accounts)
        while again := repeats.settle(letters, outcomes):
            repeats = Repeats(again)
            letters += await self._apply(repeats, outcomes, {}, {})
        return letters

    async def _apply(
        self,
        repeats: Repeats,
        outcomes: Counter[str],
        met: dict[Name, Member],
        met_accounts: dict[int, set[int]],
    ) -> list[DeadLetter]:
        unfit: dict[EventName, Unfit] = {}
        facts = [each.arrived.fact for each in repeats.first]
        resolved = await resolve(
            self.connection, self.tenant.number, facts, met, unknown=self.tenant.unknown
        )
        failpoints.passed("engine.resolved")
        fresh, letters = await self._claim(repeats, resolved.meant, outcomes, resolved.numbers)
        failpoints.passed("engine.named")
        meant = [each for _, each in fresh]
        applied: dict[EventName, str] = {}  # What became of each, as it is counted.
        for served in self.tenant.programs:
            page = Page(self.tenant, served, met_accounts.setdefault(served.number, set()))
            await page.load(self.connection, meant, resolved.numbers)
            failpoints.passed("engine.loaded")
            for brought, each in fresh:
                received_at = brought.arrived.received_at
                said = await page.decide(self.connection, each, received_at=received_at)
                if isinstance(said, Unfit):
                    unfit[each.fact.name] = said
                else:
                    applied[each.fact.name] = said if isinstance(said, Kept) else "applied"
            failpoints.passed("engine.decided")
            arrived = {each.fact.name for each in meant}
            unfit |= {fact.name: why for fact, why in page.book.unfit if fact.name in arrived}
            waited = [each for each in page.book.unfit if each[0].name not in arrived]
            letters += letters_of(page, waited)
            await self._write(page, fresh)
        await move_names(self.connection, self.tenant.number, meant, resolved.numbers)
        await self.engine.save_persons(
            self.connection, [each for each, _ in fresh], resolved.numbers
        )
        return letters + await self._set_aside(repeats, fresh, unfit, applied, outcomes)

    async def _claim(
        self,
        repeats: Repeats,
        meant: list[Meant | Unfit],
        outcomes: Counter[str],
        numbers: Mapping[str, int],
    ) -> tuple[list[tuple[Received, Meant]], list[DeadLetter]]:
        """Those whose names are new, claimed; and dead letters of names that said else before."""
        letters: list[DeadLetter] = []
        first = list(zip(repeats.first, meant, strict=True))
        names = [seen_name(each.arrived, self.tenant, numbers, whom) for each, whom in first]
        fresh, unclaimed = [], []
        said = await seen.claim(self.connection, names)
        for (each, whom), outcome, claimed in zip(first, said, names, strict=True):
            if outcome == seen.FRESH and isinstance(whom, Unfit):
                letters.append(repeats.refused(each, whom))
                unclaimed.append(claimed)
            elif outcome == seen.FRESH:
                assert isinstance(whom, Meant)
                fresh.append((each, whom))
            elif outcome == seen.DUPLICATE:
                outcomes["duplicate"] += 1
            else:
                letters.append(repeats.refused(each, ID_REUSED))
        if unclaimed:
            await seen.forget(self.connection, unclaimed)
        return fresh, letters

    async def _write(self, page: Page, fresh: list[tuple[Received, Meant]]) -> None:
        encoded = {
            each.arrived.fact.name: Encoded(each.arrived.body, each.arrived.event)
            for each, _ in fresh
        }
        written = await self.engine.write(self.connection, page, encoded, self.recorded_at)
        self.notices += written.notices
        self.business += written.business

    async def _set_aside(
        self,
        repeats: Repeats,
        fresh: list[tuple[Received, Meant]],
        unfit: Mapping[EventName, Unfit],
        applied: Mapping[EventName, str],
        outcomes: Counter[str],
    ) -> list[DeadLetter]:
        """Dead letters of what no program could apply; they give their names back."""
        letters, forgotten = [], []
        for each, _ in fresh:
            name = each.arrived.fact.name
            if name not in unfit:
                outcomes[applied[name]] += 1
                continue
            if name in applied:
                letters.append(DeadLetter(each.record, unfit[name].code, unfit[name].detail))
                continue
            letters.append(repeats.refused(each, unfit[name]))
            forgotten.append(seen_name(each.arrived, self.tenant, {}, None))
        if forgotten:
            await seen.forget(self.connection, forgotten)
        return letters
