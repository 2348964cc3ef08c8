"""A book filled from the tables: whatever a batch's facts may touch, locked and loaded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from patron.core.account import Grant, Lot, OnceKey, State
from patron.core.decide import Needs, needs
from patron.core.decision import Unfit
from patron.core.facts import (
    Engaged,
    EventName,
    Fact,
    OrderCompleted,
    OrderFact,
    Who,
)
from patron.core.merging import renumbered
from patron.engine.book import Book, Waits
from patron.engine.catalogue import Served, Tenant
from patron.engine.nameless import MAY_BE_NOBODYS, NAME_UNKNOWN, Kept, Nameless, brought
from patron.engine.owned import Home, Owned
from patron.engine.pooling import Held, Hold, Pool
from patron.engine.rows import account_of, grant_of, lot_of, past_of_entry
from patron.engine.wanted import HistoryWanted, HoldingsWanted
from patron.store import accounts, grants, ledger, once, orders, pools, waiting
from patron.store import members as members_table
from patron.store.accounts import AccountRow
from patron.store.orders import LockedOrder
from patron.store.pool import Connection
from patron.store.pools import HoldRow, PoolRow
from patron.store.tenants import Unknown
from patron.wire import bodies
from patron.wire.identity import id_key, name_key, once_key, order_key, who_key


class Meant(NamedTuple):
    """A fact, and whom it means: members' ids, as resolved."""

    fact: Fact
    member: str | None
    other: str | None = None


class Touched(NamedTuple):
    """What a fact may touch: an order that is there, what waits for it, and what is needed."""

    meant: Meant
    owned: Owned | None
    is_awaited: bool
    needs: Sequence[Needs]


class NamesMoved(Exception):
    """A name that this process knew leads elsewhere now: another member was merged into."""


class Counted(NamedTuple):
    """A pool as a batch found it."""

    used: int
    holds: Mapping[Hold, Held]


class Page:
    """A book and the rows behind it: one program's part of a batch."""

    def __init__(self, tenant: Tenant, served: Served, met: set[int]) -> None:
        self.tenant = tenant
        self.served = served
        self.book = Book(tenant.name, served.lineage)
        self.nameless = Nameless(tenant.unknown)
        self.awaiting: dict[EventName, Who] = {}  # What waits in the tables, and for which name.
        self.rows: dict[str, AccountRow] = {}  # By member id.
        self.known_orders: set[str] = set()
        self.met: set[int] = met  # Members whose accounts are known to be there.
        self.pools_before: dict[str, Counted] = {}
        self.holders: dict[str, int] = {}  # Accounts of those who hold something of a pool.
        self.waited: dict[EventName, str] = {}  # What waits in the tables, and for which order.

    async def load(
        self, connection: Connection, facts: Sequence[Meant], members: Mapping[str, int]
    ) -> None:
        """Lock and load what `facts` may touch, one round trip a table.

        `members` has the numbers of all that the facts mean; those of orders are added.
        """
        facts = [*facts, *await self._load_nameless(connection, facts)]
        found = await self._load_orders(connection, facts)
        ids = {number: member for member, number in members.items()}
        for order in found:
            if order.member is not None and order.member not in ids:
                ids |= await _ids(connection, found)
                break
        await self.lock(connection, ids)
        if any(self.book.states[member].account.erased for member in members):
            raise NamesMoved  # A name that this process knew is nobody's now.
        await self._fill_orders(connection, found, ids)
        await self._load_once(connection, facts)
        touched = [self._touched(meant) for meant in facts]
        await self.load_holdings(connection, self._want_holdings(touched))
        wanted = [each for fact in touched for each in fact.needs]
        await self._load_ended(connection, wanted)
        await self._lock_pools(connection, wanted)

    async def _load_nameless(self, connection: Connection, facts: Sequence[Meant]) -> list[Meant]:
        """What waits for a name that one of these facts brings, as that one's member's."""
        whose = brought((fact, member) for fact, member, _ in facts)
        if self.tenant.unknown is not Unknown.WAIT or not whose:
            return []
        by_key = {name_key(who): who for who in whose}
        for key, fact in await self._waiting(connection, list(by_key)):
            self.nameless.waiting.setdefault(by_key[key], []).append(fact)
            self.awaiting[fact.name] = by_key[key]
        here = (fact for fact, member, _ in facts if member is None)
        awaited = (*here, *chain.from_iterable(self.nameless.waiting.values()))
        return [
            Meant(fact, whose[fact.member])
            for fact in awaited
            if isinstance(fact, MAY_BE_NOBODYS) and fact.member and fact.member in whose
        ]

    async def _load_orders(
        self, connection: Connection, facts: Sequence[Meant]
    ) -> list[LockedOrder]:
        wanted = [order for fact, _, _ in facts if (order := _order_of(fact))]
        return await orders.lock(
            connection, tenant=self.tenant.number, program=self.served.number, order_ids=wanted
        )

    async def lock(self, connection: Connection, ids: Mapping[int, str]) -> None:
        rows = await accounts.lock(
            connection,
            tenant=self.tenant.number,
            program=self.served.number,
            members=list(ids),
            met=self.met,
        )
        for row in rows:
            self.put_account(row, ids[row.member])
            if row.seq:  # It was committed: an account without entries may be this batch's own.
                self.met.add(row.member)

    async def decide(
        self, connection: Connection, meant: Meant, *, received_at: datetime | None = None
    ) -> Unfit | Waits | Kept | None:
        """Decide one fact, and right after it what waited for the names that it brings."""
        kept = None
        if meant.member is None:
            kept = self.nameless.keep(meant.fact, owned=self.book.orders)
        said = kept or await self._put(connection, meant)
        late_max = self.tenant.late_max
        for fact in self.nameless.take(meant.fact):
            # By the record's own timestamp: it makes no difference whether jobs came first.
            is_over = received_at and late_max and fact.at < received_at - late_max
            whose = Meant(fact, meant.member)
            why = NAME_UNKNOWN if is_over else await self._put(connection, whose)
            if isinstance(why, Unfit):
                self.book.unfit.append((fact, why))
        return said

    async def _put(self, connection: Connection, meant: Meant) -> Unfit | Waits | None:
        """Put one fact into the book, and load what turns out to be wanted."""
        while True:
            try:
                return self.book.put_fact(meant.fact, member=meant.member, other=meant.other)
            except HoldingsWanted as wanted:
                await self.load_holdings(connection, [wanted.member])
            except HistoryWanted as wanted:
                await self.load_history(connection, wanted.member)

    def put_account(self, row: AccountRow, member: str) -> None:
        """Open an account's state in the book. Raises `NamesMoved` where it is closed."""
        if row.merged_into is not None:
            raise NamesMoved
        self.rows[member] = row
        self.book.states[member] = State(account_of(row, member, self.served.names))

    async def _fill_orders(
        self, connection: Connection, found: Sequence[LockedOrder], ids: Mapping[int, str]
    ) -> None:
        self.known_orders.update(order.row.order_id for order in found)
        whole = [o for o in found if o.row.account is not None]
        lines = await ledger.bodies(connection, [(o.row.account or 0, o.row.seq) for o in whole])
        for order in whole:
            row = order.row
            fact, _ = bodies.decode_body(bodies.ORDER_COMPLETED, lines[row.account or 0, row.seq])
            assert isinstance(fact, OrderCompleted)
            state = bodies.order_state(
                row.state,
                order=row.order_id,
                completed=fact,
                seq=row.seq,
                version=self.served.lineage.hash_of(row.version),
                tier=self.served.names.tier_named[row.tier],
            )
            home = None
            if order.is_inherited:
                home = Home(row.account or 0, order.shift)
                state = renumbered(state, order.shift)
            self.book.orders[row.order_id] = Owned(ids[order.member or 0], state, home)
        awaited = [o.row for o in found if o.row.account is None]
        self.nameless.orders |= {row.order_id for row in awaited if row.state == orders.NOBODYS}
        await self._load_waiting(connection, [row.order_id for row in awaited])

    async def _load_waiting(self, connection: Connection, order_ids: Iterable[str]) -> None:
        by_key = {order_key(order): order for order in order_ids}
        for key, fact in await self._waiting(connection, list(by_key)):
            self.book.waiting.setdefault(by_key[key], []).append(fact)
            self.waited[fact.name] = by_key[key]
        await self._load_heirs(connection)

    async def _waiting(
        self, connection: Connection, keys: Sequence[bytes]
    ) -> list[tuple[bytes, Fact]]:
        """What waits for these in the tables, each with what it waits for."""
        place = {"tenant": self.tenant.number, "program": self.served.number}
        rows = await waiting.find(connection, **place, keys=keys)
        return [(row.key, bodies.decode_fact(row.kind, row.fact)) for row in rows]

    async def _load_heirs(self, connection: Connection) -> None:
        """Who the members are now whom waiting facts name."""
        waiting = chain.from_iterable(self.book.waiting.values())
        named = {who for fact in waiting if (who := getattr(fact, "member", None)) is not None}
        by_name = {("id", who_key(who)): who.value for who in named if who.kind == "id"}
        found = await members_table.find(connection, self.tenant.number, list(by_name))
        for name, member in found.items():
            if member.id != by_name[name]:
                self.book.heirs[by_name[name]] = member.id

    async def _load_once(self, connection: Connection, facts: Sequence[Meant]) -> None:
        wanted: dict[once.Key, tuple[str, OnceKey]] = {}
        for fact, member, _ in facts:
            if member is None or not isinstance(fact, Engaged):
                continue
            program = self.served.lineage.at(fact.at)
            if program is None:
                continue
            for key in needs(program, fact).once:
                for whose in (member, *self.book.states[member].account.formerly):
                    wanted[self.once_row(key, whose)] = (member, key)
        if wanted:
            wanted |= await self._keys_of_erased(connection, list(wanted.values()))
        taken = await once.taken(
            connection,
            tenant=self.tenant.number,
            program=self.served.number,
            keys=list(wanted),
        )
        for row in taken:
            member, key = wanted[row]
            self.book.once.setdefault(key.holder(member), set()).add(key)

    async def _keys_of_erased(
        self, connection: Connection, wanted: Sequence[tuple[str, OnceKey]]
    ) -> dict[once.Key, tuple[str, OnceKey]]:
        """The same keys as those used them who had a member's names before, and were erased."""
        members = {self.rows[member].member: member for member, _ in wanted}
        found = await members_table.forgotten(connection, self.tenant.number, list(members))
        return {
            once.Key(self.served.names.rule[key.rule], once_key(erased, key.subject)): (member, key)
            for number, erased in found
            for member, key in wanted
            if member == members[number] and key.holder(member) == member
        }

    def once_row(self, key: OnceKey, member: str) -> once.Key:
        """A once-key as the tables keep it."""
        holder = id_key(key.holder(member))
        return once.Key(self.served.names.rule[key.rule], once_key(holder, key.subject))

    async def _load_ended(self, connection: Connection, touched: Sequence[Needs]) -> None:
        names = [order_key(each.recalls) for each in touched if each.recalls]
        if not names:
            return

        accounts_of = {row.account: member for member, row in self.rows.items()}
        for row in await grants.ended_grants(connection, list(accounts_of), names=names):
            grant = grant_of(row, self.served.names)
            self.book.put_ended(accounts_of[row.account], [grant])

    async def _lock_pools(self, connection: Connection, touched: Sequence[Needs]) -> None:
        """After the accounts, and held to the commit."""
        wanted = {pool for each in touched for pool in each.pools}
        place = {"tenant": self.tenant.number, "program": self.served.number}
        self._put_pools(*await pools.lock(connection, **place, pools=wanted))

    async def read_pools(self, connection: Connection) -> None:
        """Every pool of the program as it stands, for a question: it locks nothing."""
        place = {"tenant": self.tenant.number, "program": self.served.number}
        self._put_pools(*await pools.read(connection, **place))

    def _put_pools(self, rows: Iterable[PoolRow], holds: Iterable[HoldRow]) -> None:
        for row in rows:
            self.book.pools[row.pool] = Pool(row.used, row.loaded)
        for hold in holds:
            held = Held(hold.amount, hold.until)
            self.book.pools[hold.pool].holds[Hold(hold.member, hold.request)] = held
            self.holders[hold.member] = hold.account
        self.pools_before = {
            name: Counted(pool.used, dict(pool.holds)) for name, pool in self.book.pools.items()
        }

    def _touched(self, meant: Meant) -> Touched:
        """What a fact may touch, and what waits for its order, by any version's rules."""
        fact = meant.fact
        order = _order_of(fact)
        owned = None if order is None else self.book.orders.get(order)
        waiting = self.book.waiting.get(order, ()) if order else ()
        program = self.served.lineage.at(fact.at)
        versions = set() if program is None else {program}
        if owned is not None and owned.state.version:
            versions.add(self.served.lineage.named(owned.state.version))
        found = [needs(version, each) for version in versions for each in (fact, *waiting)]
        return Touched(meant, owned, bool(waiting), found)

    def _want_holdings(self, touched: Sequence[Touched]) -> set[str]:
        """Members whose lots and grants some fact will surely ask for."""
        wanted = set()
        for (fact, member, other), owned, is_awaited, found in touched:
            whose = owned.member if owned else member
            if whose is None:
                continue
            if (
                owned is not None
                or is_awaited
                or self.book.states[whose].account.due_at <= fact.at
                or any(each.holdings for each in found)
            ):
                wanted.add(whose)
                if other is not None:
                    wanted.add(other)
        return wanted

    async def load_holdings(self, connection: Connection, members: Iterable[str]) -> None:
        """Open lots and grants, as they were before this batch and after what it decided."""
        names = self.served.names
        wanted = {self.rows[m].account: m for m in members if self.book.states[m].lots is None}
        if not wanted:
            return

        lots = await ledger.open_lots(connection, list(wanted))
        held = await grants.open_grants(connection, list(wanted))
        lots_of: dict[int, list[Lot]] = {account: [] for account in wanted}
        grants_of: dict[int, list[Grant]] = {account: [] for account in wanted}
        for lot in lots:
            lots_of[lot.account].append(lot_of(lot, names))
        for grant in held:
            grants_of[grant.account].append(grant_of(grant, names))
        for account, member in wanted.items():
            self.book.put_holdings(
                member, lots=tuple(lots_of[account]), grants=tuple(grants_of[account])
            )

    async def load_history(self, connection: Connection, member: str) -> None:
        """All that an account has accepted, for a fact that came late."""
        entries = await ledger.entries(connection, self.rows[member].account)
        history = [past_of_entry(entry, self.served.lineage) for entry in entries]
        # Orders that it corrects have their rows, and this account's lock guards them.
        self.known_orders |= {p.fact.order for p in history if isinstance(p.fact, OrderCompleted)}
        self.book.put_history(member, history)


async def _ids(connection: Connection, found: Sequence[LockedOrder]) -> dict[int, str]:
    numbers = sorted({order.member for order in found if order.member is not None})
    return await members_table.ids(connection, numbers)


def _order_of(fact: Fact) -> str | None:
    return fact.order if isinstance(fact, OrderFact) else None
