"""`patron replay`: the core over a file of events, without any server.

The same translation, the same book and the same order of things as the live path, in
memory: what comes out is what would have been published, and what members would have.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import orjson

from patron.core.account import HOUSE, Account, State
from patron.core.decision import Unfit
from patron.core.facts import MemberErased, MemberMerged, OrderCompleted, OrderRefunded
from patron.core.quote import Quote, ReturnQuote
from patron.core.referring import earned_at
from patron.core.refold import Past
from patron.engine.book import Book, Waits
from patron.engine.decided import past_of
from patron.engine.lineage import Lineage
from patron.engine.nameless import Kept, Nameless
from patron.engine.noticing import published_of
from patron.engine.quoting import quoted, quoted_return
from patron.engine.reading import Meant
from patron.engine.resolving import Names
from patron.engine.statement import shown
from patron.engine.wanted import HistoryWanted
from patron.store.tenants import Unknown
from patron.stream.records import RawRecord
from patron.wire.identity import Hasher
from patron.wire.incoming import Arrived, Binding, Sender, read
from patron.wire.outgoing import structured
from patron.wire.reasons import MEANING, Reason, Unreadable

T = TypeVar("T")

REPLAY_KEY = b"replay"  # Identifiers are only compared with each other here.


class Replay:
    """Programs over events, in the order in which the events come."""

    def __init__(self, lineages: dict[str, Lineage], *, unknown: Unknown = Unknown.OPEN) -> None:
        self._lineages = lineages
        self._unknown = unknown
        self._nameless: dict[tuple[str, str], Nameless] = {}
        self._books: dict[tuple[str, str], Book] = {}
        self._names: dict[str, Names] = {}
        self._past: dict[tuple[str, str], dict[str, list[Past]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._brought: dict[tuple[str, str], set[str]] = defaultdict(set)  # Whose stay is awaited.
        self._seen: dict[Any, int] = {}
        self._latest: datetime | None = None

    def events(self, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """Put events in; get notices, and what could not be applied, out."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield from self._one(self._read(number, line.strip()))
            except Unreadable as why:
                yield {"line": number, "dead_letter": str(why.reason), "detail": why.detail}

    def _read(self, number: int, value: bytes) -> Arrived:
        try:
            event = orjson.loads(value)
            tenant = str(event.get("tenant", "default"))
            at = datetime.fromisoformat(event["time"])
        except (orjson.JSONDecodeError, AttributeError, KeyError, ValueError):
            tenant, at = "default", datetime.fromtimestamp(0)
        # A replay has no limit on lateness: each event is received when it happened.
        record = RawRecord("", 0, number, int(at.timestamp() * 1000), None, value, ())
        sender = {tenant: Sender(Hasher(REPLAY_KEY), None, timedelta(days=1))}
        return read(record, Binding(key="any"), sender)

    def _one(self, arrived: Arrived) -> Iterator[dict[str, Any]]:
        fact = arrived.fact
        content = self._seen.get(arrived.event)
        if content is not None:
            if content != arrived.content:
                raise Unreadable(Reason.ID_REUSE, MEANING[Reason.ID_REUSE])
            return
        meant = self._names_of(fact.name.tenant).meant(fact)
        if isinstance(meant, Unfit):
            raise Unreadable(Reason(meant.code), meant.detail)
        self._seen[arrived.event] = arrived.content
        self._latest = max(self._latest or fact.at, fact.at)
        unfit: Unfit | None = None
        for program, lineage in self._lineages.items():
            book = self._book(fact.name.tenant, program, lineage)
            yield from self._stayed(book, program, until=fact.at)
            for member in (meant.member, meant.other):
                if member is not None and member not in book.states:
                    book.states[member] = State(Account(member), (), ())
            for old in self._names[fact.name.tenant].before(meant.member or ""):
                book.once.setdefault(meant.member or "", set()).update(book.once.get(old, ()))
            said = self._decide(book, program, meant)
            self._follow(book, program)
            yield from self._said(book, program)
            unfit = said if isinstance(said, Unfit) else unfit
        names = self._names[fact.name.tenant]
        if isinstance(fact, MemberMerged):
            assert meant.member is not None
            assert meant.other is not None
            names.lead(meant.member, meant.other)
        elif isinstance(fact, MemberErased):
            assert meant.member is not None
            names.erase(meant.member)
        if unfit is not None:
            del self._seen[arrived.event]
            raise Unreadable(Reason(unfit.code), unfit.detail)

    def _names_of(self, tenant: str) -> Names:
        return self._names.setdefault(tenant, Names({}, unknown=self._unknown))

    def _decide(self, book: Book, program: str, meant: Meant) -> Unfit | Waits | Kept | None:
        """One fact, and right after it what waited for the names that it brings."""
        nameless = self._nameless.setdefault((book.tenant, program), Nameless(self._unknown))
        kept = nameless.keep(meant.fact, owned=book.orders) if meant.member is None else None
        said = kept or self._put(book, program, meant)
        for fact in nameless.take(meant.fact):
            why = self._put(book, program, Meant(fact, meant.member))
            if isinstance(why, Unfit):
                book.unfit.append((fact, why))
        return said

    def _put(self, book: Book, program: str, meant: Meant) -> Unfit | Waits | None:
        put = partial(book.put_fact, meant.fact, member=meant.member, other=meant.other)
        return self._with_history(book, program, put)

    def _follow(self, book: Book, program: str) -> None:
        self._with_history(book, program, book.follow)

    def _with_history(self, book: Book, program: str, do: Callable[[], T]) -> T:
        while True:
            try:
                return do()
            except HistoryWanted as wanted:
                book.put_history(wanted.member, self._past[book.tenant, program][wanted.member])

    def _stayed(self, book: Book, program: str, *, until: datetime) -> Iterator[dict[str, Any]]:
        """Let those stay, in order of time, from whom something follows for others."""
        brought = self._brought[book.tenant, program]
        while brought:
            compiled = self._lineages[program].at(until)
            assert compiled is not None, "an account is older than its program"
            at, member = min(
                (earned_at(compiled, book.states[member].account.referral), member)
                for member in brought
            )
            if at > until:
                return
            book.pass_time(member, until=at)
            self._follow(book, program)
            yield from self._said(book, program)

    def _book(self, tenant: str, program: str, lineage: Lineage) -> Book:
        return self._books.setdefault((tenant, program), Book(tenant, lineage))

    def _said(self, book: Book, program: str) -> Iterator[dict[str, Any]]:
        decided, book.decided = book.decided, []
        tenant, brought = book.tenant, self._brought[book.tenant, program]
        for each in decided:
            self._past[tenant, program][each.member].append(past_of(each))
            said = published_of(each.decision, member=each.member, tenant=tenant, program=program)
            referral = each.decision.account.referral
            if referral is not None:
                (brought.discard if referral.is_earned else brought.add)(each.member)
            yield from map(structured, said)
        waited, book.unfit = book.unfit, []
        for fact, why in waited:
            yield {"event": fact.name.id, "dead_letter": why.code, "detail": why.detail}

    def quoted(self, order: OrderCompleted, *, program: str) -> Quote | Unfit | None:
        """What a basket would cost and bring its member, after all events so far."""
        assert order.member is not None, "a quote is somebody's"
        tenant = order.name.tenant
        member = self._names_of(tenant).known(order.member)
        book = self._book(tenant, program, self._lineages[program])
        return quoted(book, order, member=member)

    def quoted_return(self, refund: OrderRefunded, *, program: str) -> ReturnQuote | Unfit:
        """What would come back of a member's order, after all events so far."""
        assert refund.member is not None, "a quote is somebody's"
        tenant = refund.name.tenant
        member = self._names_of(tenant).known(refund.member)
        book = self._book(tenant, program, self._lineages[program])
        return quoted_return(book, refund, member=member)

    @property
    def latest(self) -> datetime | None:
        """The time of the latest event so far."""
        return self._latest

    def members(self, *, until: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Let time pass up to `until` (None: the latest event), then every member's state."""
        until = until or self._latest
        if until is None:
            return
        for (_, program), book in sorted(self._books.items()):
            yield from self._stayed(book, program, until=until)
            for member in sorted(book.states):
                book.pass_time(member, until=until)
                yield from self._said(book, program)
        for (_, program), book in sorted(self._books.items()):
            compiled = self._lineages[program].at(until)
            for member in sorted(book.states):
                state = book.states[member]
                shows = member != HOUSE and member not in book.heirs and not state.account.erased
                if compiled is not None and state.account.seq and shows:
                    yield shown(state, program=compiled)
