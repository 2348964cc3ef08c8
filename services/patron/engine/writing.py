"""What a book has decided, as rows: entries, lots, takes, orders, accounts, notices."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from patron.core.account import State
from patron.core.decision import Decision
from patron.core.facts import Closing, EventName, Fact, MemberMerged, TransferAsked
from patron.core.ledger import link, postings
from patron.core.merging import renumbered, shift
from patron.engine.decided import Decided
from patron.engine.noticing import NO_CODES, Codes, published_of
from patron.engine.pooling import Hold
from patron.engine.reading import Page
from patron.engine.rows import balance_numbers, grant_row, lot_row, take_row
from patron.store import accounts, grants, ledger, once, orders, outbox, partitions, pools, waiting
from patron.store.accounts import SavedAccount
from patron.store.ledger import EntryRow, LotRow, TakeRow
from patron.store.orders import OrderRow
from patron.store.pool import Connection
from patron.wire import bodies
from patron.wire.identity import ALL_ACCOUNTS, THEIR_TURN, event_key, name_key, order_key
from patron.wire.outgoing import pack, shard_of


class Encoded(NamedTuple):
    """A fact's bytes and the hash of its name, where they are known already."""

    body: bytes
    event: bytes


class Writing:
    """Rows of one page, collected; `save` writes them, one round trip a table."""

    def __init__(
        self, page: Page, *, recorded_at: datetime, shards: int, codes: Codes = NO_CODES
    ) -> None:
        self.page = page
        self.codes = codes
        self.recorded_at = recorded_at
        self.shards = shards
        self.entries: list[EntryRow] = []
        self.lots: list[LotRow] = []
        self.takes: list[TakeRow] = []
        self.taken: list[tuple[LotRow, int]] = []
        self.notices: list[outbox.OwedNotice] = []
        self._chains: dict[str, bytes] = {}

    def collect(self, encoded: Mapping[EventName, Encoded]) -> None:
        """Turn every decision of the book into rows."""
        names = self.page.served.names
        for decided in self.page.book.decided:
            member, decision, before, _ = decided
            account, seq = self.page.rows[member].account, decision.account.seq
            self._entry(decided, account, encoded.get(decision.fact.name))
            self.lots.extend([lot_row(lot, account, names) for lot in decision.opened])
            if decision.takes:
                self._take(decision, before, account)
            for notice in published_of(
                decision,
                member=decided.member,
                tenant=self.page.tenant.name,
                program=self.page.served.name,
                codes=self.codes,
            ):
                shard = shard_of(notice.member.encode(), self.shards)
                self.notices.append(outbox.OwedNotice(shard, notice.id, pack(notice)))
            assert seq == before.account.seq + 1

    def _entry(self, decided: Decided, account: int, known: Encoded | None) -> None:
        member, decision, _, _ = decided
        fact = decision.fact
        if known is None:
            known = Encoded(bodies.encode_fact(fact), event_key(fact.name))
        body = bodies.encode_body(known.body, reads_of(decided, closed=self._closed(decided)))
        moves = postings(decision.opened, decision.takes, giver=giver_of(decision))
        chain = link(
            self._chain(member),
            seq=decision.account.seq,
            at=decision.at,
            name=fact.name,
            body=body,
            moves=moves,
        )
        self._chains[member] = chain
        self.entries.append(
            EntryRow(
                account,
                decision.account.seq,
                decision.at,
                self.recorded_at,
                known.event,
                bodies.kind_of(fact),
                self._version(decision),
                body,
                chain,
            )
        )

    def _take(self, decision: Decision, before: State, account: int) -> None:
        names = self.page.served.names
        seq = decision.account.seq
        held = {(lot.seq, lot.n): lot for lot in before.lots or ()}
        for n, take in enumerate(decision.takes, start=1):
            self.takes.append(take_row(take, account, seq=seq, n=n, names=names))
            # A lot that this very entry opened is written with its takes off.
            if take.lot_seq is not None and take.lot_n is not None and take.lot_seq != seq:
                lot = held[take.lot_seq, take.lot_n]
                self.taken.append((lot_row(lot, account, names), take.amount))

    def _closed(self, decided: Decided) -> bytes:
        """The last hash of an account that an entry takes over."""
        closed = decided.before.other
        return self._chain(closed.account.member) if is_heirs(decided) and closed else b""

    def _chain(self, member: str) -> bytes:
        known = self._chains.get(member)
        return self.page.rows[member].chain if known is None else known

    def _version(self, decision: Decision) -> int:
        return self.page.served.lineage.number(decision.version)

    async def save(self, connection: Connection) -> None:
        """Write all rows."""
        self._fold_taken()
        await ledger.append(connection, entries=self.entries, lots=self.lots, takes=self.takes)
        await ledger.reduce_lots(connection, taken=self.taken)
        await self._save_orders(connection)
        await self._save_once(connection)
        await grants.save(connection, self._grants())
        await self._save_pools(connection)
        await accounts.save(connection, self._accounts())
        await self._save_waiting(connection)
        await outbox.append(connection, self.notices)
        for decided in self.page.book.decided:
            if is_heirs(decided):
                await self._close(connection, decided)

    async def _close(self, connection: Connection, decided: Decided) -> None:
        closed = decided.before.other
        assert closed is not None
        account = self.page.rows[closed.account.member].account
        heir = self.page.rows[decided.member].account
        by = shift(decided.before.account, closed.account)
        await accounts.close(connection, account=account, heir=heir, shift=by)
        await pools.inherit(
            connection,
            tenant=self.page.tenant.number,
            program=self.page.served.number,
            account=account,
            heir=heir,
        )

    def _fold_taken(self) -> None:
        """Several takes from one lot are one change; those from a lot of this batch are none.

        A lot that the batch itself opened is written with what the batch left in it.
        """
        total: dict[tuple[int, int, int], int] = {}
        rows: dict[tuple[int, int, int], LotRow] = {}
        for lot, amount in self.taken:
            name = (lot.account, lot.seq, lot.n)
            rows[name] = lot
            total[name] = total.get(name, 0) + amount
        for i, lot in enumerate(self.lots):
            amount = total.pop((lot.account, lot.seq, lot.n), 0)
            if amount:
                self.lots[i] = lot._replace(remaining=lot.remaining - amount)
        self.taken = [(rows[name], amount) for name, amount in total.items()]

    async def _save_orders(self, connection: Connection) -> None:
        page = self.page
        place = {"tenant": page.tenant.number, "program": page.served.number}
        changed = {
            order.order: decided.member
            for decided in page.book.decided
            for order in decided.decision.orders
        }
        rows = [self._order(order, member) for order, member in changed.items()]
        # The row is there from the first refund on, so that refund and order always meet.
        nobodys = {*page.book.waiting, *page.nameless.orders} - changed.keys()
        rows += [self._nobodys(order) for order in nobodys]
        new = [row for row in rows if row.order_id not in page.known_orders]
        await orders.insert(connection, **place, orders=new)
        known = [row for row in rows if row.order_id in page.known_orders]
        await orders.update(connection, **place, orders=known)

    def _nobodys(self, order: str) -> OrderRow:
        """An order that did not come yet, or came and is nobody's."""
        state = orders.NOBODYS if order in self.page.nameless.orders else b""
        return OrderRow(order, None, 0, 0, 0, state)

    def _order(self, order: str, member: str) -> OrderRow:
        page = self.page
        _, state, home = page.book.orders[order]
        if home is not None:
            state = renumbered(state, -home.shift)
        return OrderRow(
            order,
            page.rows[member].account if home is None else home.account,
            state.seq,
            page.served.lineage.number(state.version),
            page.served.names.tier[state.tier],
            bodies.encode_order(state),
        )

    async def _save_once(self, connection: Connection) -> None:
        page = self.page
        place = {"tenant": page.tenant.number, "program": page.served.number}
        used: dict[once.Key, int] = {}
        freed: set[once.Key] = set()
        for member, decision, _, _ in page.book.decided:
            for key in decision.freed:
                row = page.once_row(key, member)
                if used.pop(row, None) is None:
                    freed.add(row)
            for key in decision.once:
                used[page.once_row(key, member)] = page.rows[member].account
        await once.free(connection, **place, keys=sorted(freed))
        await once.insert(connection, **place, keys=sorted(used.items()))

    async def _save_pools(self, connection: Connection) -> None:
        page = self.page
        used: list[tuple[str, int]] = []
        released: list[tuple[str, Hold]] = []
        held: list[tuple[str, Hold]] = []
        for name, before in page.pools_before.items():
            pool = page.book.pools[name]
            if pool.used != before.used:
                used.append((name, pool.used))
            released += [(name, hold) for hold in before.holds.keys() - pool.holds.keys()]
            held += [(name, hold) for hold in pool.holds.keys() - before.holds.keys()]
        accounts_of = page.holders | {member: row.account for member, row in page.rows.items()}
        await pools.save(
            connection,
            tenant=page.tenant.number,
            program=page.served.number,
            used=used,
            released=[
                pools.HoldName(name, accounts_of[hold.member], hold.request)
                for name, hold in released
            ],
            held=[
                pools.NewHold(
                    name,
                    accounts_of[hold.member],
                    hold.request,
                    *page.book.pools[name].holds[hold],
                )
                for name, hold in held
            ],
        )

    def _grants(self) -> list[grants.GrantRow]:
        latest = {}
        for member, decision, _, _ in self.page.book.decided:
            account = self.page.rows[member].account
            for grant in decision.grants:
                latest[account, grant.seq, grant.n] = grant
        names = self.page.served.names
        return [grant_row(grant, name[0], names) for name, grant in latest.items()]

    def _accounts(self) -> list[SavedAccount]:
        page = self.page
        saved = []
        for member, state in page.book.states.items():
            row, account = page.rows[member], state.account
            if account.seq == row.seq and account.due_at == row.due_at:
                continue
            saved.append(
                SavedAccount(
                    row.account,
                    account.seq,
                    account.due_at,
                    page.served.names.tier[account.tier],
                    bodies.encode_account(account),
                    self._chain(member),
                    balance_numbers(account.balances, page.served.names),
                )
            )
        return saved

    async def _save_waiting(self, connection: Connection) -> None:
        page = self.page
        place = {"tenant": page.tenant.number, "program": page.served.number}
        still = {f.name: f for facts in page.book.waiting.values() for f in facts}
        done = {order_key(o) for name, o in page.waited.items() if name not in still}
        nameless = [(f, who) for who, facts in page.nameless.waiting.items() for f in facts]
        still |= {fact.name: fact for fact, _ in nameless}
        done |= {name_key(who) for name, who in page.awaiting.items() if name not in still}
        await waiting.drop(connection, **place, keys=sorted(done))
        new = [
            _waiting(fact, order_key(order))
            for order, facts in page.book.waiting.items()
            for fact in facts
            if fact.name not in page.waited
        ]
        new += [_waiting(f, name_key(who)) for f, who in nameless if f.name not in page.awaiting]
        new += [_waiting(fact, put_off_for(fact)) for fact in page.book.put_off]
        await waiting.put(connection, **place, facts=new)

    def partitions(self) -> set[partitions.Partition]:
        """Where the new rows will lie."""
        wanted = {partitions.of_lot(at) for at in {lot.expires_at for lot in self.lots}}
        if self.entries:
            wanted.add(partitions.of_entry(self.recorded_at))
        return wanted


def _waiting(fact: Fact, key: bytes) -> waiting.WaitingFact:
    return waiting.WaitingFact(
        key, event_key(fact.name), fact.at, bodies.kind_of(fact), bodies.encode_fact(fact)
    )


def put_off_for(fact: Fact) -> bytes:
    """What a fact that was put off waits for."""
    return ALL_ACCOUNTS if isinstance(fact, Closing) else THEIR_TURN


def is_heirs(decided: Decided) -> bool:
    """Whether an entry takes another account over."""
    decision = decided.decision
    return isinstance(decision.fact, MemberMerged) and decision.other is None


def reads_of(decided: Decided, *, closed: bytes = b"") -> bodies.Reads | None:
    """What a decision read from outside its own account; None for nearly all.

    `closed` is the last hash of the account that a merge takes over.
    """
    before, decision = decided.before, decided.decision
    if is_heirs(decided):
        taken = before.other
        assert taken is not None
        whole = bodies.Inherited(taken.account, taken.lots or (), taken.grants or (), closed.hex())
        return bodies.Reads(inherited=whole)
    if _is_received(decision):
        return bodies.Reads(
            received=tuple(
                bodies.Received(lot.amount, lot.expires_at, lot.earned_at, lot.rule)
                for lot in decision.opened
            )
        )
    if before.tally is not None:
        return bodies.Reads(tally=before.tally)
    outside = (
        before.order, before.once, before.ended, before.pools, decision.answer, decision.had,
        before.then,
    )  # fmt: skip
    if not any(outside):
        return None

    return bodies.Reads(
        None if before.order is None else bodies.stored_order(before.order),
        tuple(sorted(before.once)),
        ended=before.ended,
        pools=tuple(sorted(before.pools.items())),
        answer=decision.answer,
        had=decision.had,
        lines=_lines_of(decided),
        then=before.then,
    )


def _lines_of(decided: Decided) -> bodies.Lines | None:
    order = decided.before.order
    if not decided.takes_order_over or order is None or order.completed is None:
        return None

    return bodies.Lines(order.completed, order.tier)


def _is_received(decision: Decision) -> bool:
    # Of a transfer's two entries the giver's has the answer.
    return isinstance(decision.fact, TransferAsked) and decision.answer is None


def giver_of(decision: Decision) -> str:
    """Where an entry's new points come from."""
    of_a_member = _is_received(decision) or isinstance(decision.fact, MemberMerged)
    return "transferred" if of_a_member else "issuer"
