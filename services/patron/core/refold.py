"""An account's facts folded by time, whatever the order in which they came.

Facts are decided anew, each by its own program version, with time's own effects between
them; answers to requests stand. Entries get numbers of their own on the way: `real` leads
from those to the account's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from patron.core import orders
from patron.core.account import Account, Given, Grant, Had, Lot, OnceKey, OrderState, State, Then
from patron.core.decide import after, decide, decide_order, pass_time
from patron.core.decision import Answer, Decision, Unfit
from patron.core.engagement import once_keys
from patron.core.facts import (
    Engaged,
    Fact,
    OrderCompleted,
    OrderFact,
    OrderRefunded,
    Request,
    TakenBack,
    TransferAsked,
)
from patron.core.ledger import postings
from patron.core.pools import left_of, rule_budgets
from patron.core.program import Program
from patron.core.requests import receive
from patron.core.returns import with_worth
from patron.core.standing import Stands, done_again


class Programs(Protocol):
    """The versions of a program."""

    def at(self, instant: datetime) -> Program | None:
        """The one in force then; None before the first."""

    def named(self, version: str) -> Program:
        """The one with that hash."""


class Past(NamedTuple):
    """A fact that an account has accepted, as its entry keeps it."""

    seq: int  # Its entry.
    fact: Fact
    at: datetime  # Where it stands in time.
    version: str
    answer: Answer | None = None
    received: tuple[Lot, ...] = ()  # What a transfer brought.
    had: tuple[Had, ...] = ()  # Of what is shared: that stands.
    then: Then | None = None  # What a late one was rated by.


class Whose(NamedTuple):
    """Whose account is folded, and by which programs."""

    member: str
    programs: Programs


class Paid(NamedTuple):
    """What an engagement was paid, and when."""

    at: datetime
    given: tuple[Given, ...]


Shares = dict[int, Mapping[str, int]]  # Entry → rule → what it had of what is shared.
NOTHING: Mapping[str, int] = {}


class Asks(NamedTuple):
    """The late fact, and the state in which it asks what is left of what is shared."""

    past: Past
    state: State

    def of_order(self, fact: Fact) -> bool:
        """Whether a fact is of the late one's own order, which asks once more with it."""
        own = getattr(self.past.fact, "order", "")
        return bool(own) and isinstance(fact, OrderFact) and fact.order == own


def what_stands(history: Iterable[Past]) -> Shares:
    """What each entry has of what is shared, as the latest entry says that knows of it."""
    shares: dict[int, dict[str, int]] = {}
    for past in sorted(history, key=lambda past: past.seq):
        for had in past.had:
            shares.setdefault(had.entry, {})[had.rule] = had.amount
    return {
        entry: {rule: amount for rule, amount in rules.items() if amount}
        for entry, rules in shares.items()
    }


class Fold:
    """A state and the orders behind it, after the facts that were put in so far."""

    def __init__(self, whose: Whose, *, time_entries: Mapping[datetime, int], had: Shares) -> None:
        self.whose = whose
        self.state = State(Account(whose.member), (), ())
        self.orders: dict[str, OrderState] = {}
        self.once: set[OnceKey] = set()
        self.places: Counter[tuple[str, str]] = Counter()  # (asset, place) → what moves left there
        self.lapsed: Counter[str] = Counter()  # Rewards.
        self.paid: dict[int, Paid] = {}  # Engagements, by entry.
        self.shares = had  # By entry: what it has of shared rules, here at last.
        self.taken: Counter[str] = Counter()  # Of pools, by what is shared.
        self.claims: dict[str, dict[str, Grant]] = {}  # Order → request → what was used on it.
        self.unfit: Unfit | None = None  # The first fact that contradicts the others.
        self.real = [0]
        self._waiting: dict[str, list[Past]] = {}
        self._time_entries = time_entries
        self._asks: Asks | None = None

    def branch(self) -> "Fold":
        """The same once more, to go another way from here."""
        other = Fold(self.whose, time_entries=self._time_entries, had=dict(self.shares))
        other.state, other.unfit = self.state, self.unfit
        other.orders, other.once = dict(self.orders), set(self.once)
        other.places, other.lapsed = Counter(self.places), Counter(self.lapsed)
        other.paid, other.real = dict(self.paid), list(self.real)
        other.taken = Counter(self.taken)
        other.claims = {order: dict(claims) for order, claims in self.claims.items()}
        other._waiting = {order: list(facts) for order, facts in self._waiting.items()}
        return other

    def ask(self, past: Past, state: State) -> Decision | None:
        """Decide the late fact itself: it alone asks now what is left of what is shared."""
        self._asks = Asks(past, state)
        return self.put(past)

    def put(self, past: Past) -> Decision | None:
        """Decide one more fact; None: it says nothing here, waits, or is unfit."""
        fact = past.fact
        if isinstance(fact, TakenBack) and fact.order not in self.orders:
            # At one instant an order comes before its refunds.
            self._waiting.setdefault(fact.order, []).append(past)
            return None

        program = self._program(past)
        if program is None:
            return None
        self.reach(past.at)
        if past.then is not None:
            self.state = self.state._replace(then=past.then)
        said = self._decide(program, past)
        if isinstance(said, Unfit):
            self.unfit = self.unfit or said
            return None

        self._keep(said, seq=past.seq, is_received=bool(past.received))
        if isinstance(fact, OrderCompleted):
            for waited in self._waiting.pop(fact.order, ()):
                self.put(waited)
        return said

    def _program(self, past: Past) -> Program | None:
        if not isinstance(past.fact, OrderFact):
            return self.whose.programs.named(past.version)

        order = self.orders.get(past.fact.order)
        if order is None:
            return self.whose.programs.at(past.at)
        return self.whose.programs.named(order.version)

    def reach(self, until: datetime) -> None:
        """Let time do what is due up to `until`."""
        if self.state.account.due_at > until:
            return

        # What time's facts are called is no matter here: their entries are not written.
        self.state, decisions = pass_time(self._in_force, self.state, tenant="", until=until)
        for _, decision in decisions:
            self._count(decision, seq=self._time_entries.get(decision.at, 0))

    def _in_force(self, instant: datetime) -> Program:
        program = self.whose.programs.at(instant)
        assert program is not None, "an account is older than its program"
        return program

    def _decide(self, program: Program, past: Past) -> Decision | Unfit:
        fact, state = past.fact, self._with_shares(program, past)
        if past.received:
            assert isinstance(fact, TransferAsked)
            return receive(program, state, fact, at=past.at, lots=past.received)
        if past.answer is not None:
            assert isinstance(fact, Request)
            stands = Stands(past.seq, past.answer)
            return done_again(program, state, fact, stands=stands, at=past.at)
        if isinstance(fact, OrderFact):
            claims = tuple(self.claims.get(fact.order, {}).values())
            state = state._replace(order=self.orders.get(fact.order), ended=claims)
            if isinstance(fact, OrderRefunded) and state.order is not None:
                return decide_order(program, state, fact, _refunded(program, state.order, fact))
        elif isinstance(fact, Engaged):
            mine = frozenset(key for key in once_keys(program, fact) if key in self.once)
            state = state._replace(once=mine | state.once)
        return decide(program, state, fact)

    def _with_shares(self, program: Program, past: Past) -> State:
        """What each fact had of what is shared stands; what the late one finds, it finds now."""
        budgets, asks = rule_budgets(program), self._asks
        if asks is not None and past is asks.past:
            shared = frozenset(key for key in asks.state.once if key.shared)
            return self.state._replace(pools=asks.state.pools, once=shared)
        if not budgets and not isinstance(past.fact, Engaged):
            return self.state

        stands = self.shares.get(past.seq, NOTHING)
        if budgets and asks is not None and asks.of_order(past.fact):
            left = {name: left_of(budget, asks.state.pools) for name, budget in budgets.items()}
            stands = {name: stands.get(name, 0) + more for name, more in left.items()}
        return self.state._replace(stands=stands)

    def _keep(self, decision: Decision, *, seq: int, is_received: bool) -> None:
        self.state = after(self.state, decision)
        self.once.update(decision.once)
        for order in decision.orders:
            self.orders[order.order] = order
        if isinstance(decision.fact, Engaged):
            given = tuple(Given(p.rule, p.asset, p.amount) for p in decision.proofs if p.amount)
            if given:
                self.paid[seq] = Paid(decision.at, given)
        if decision.had or seq in self.shares:
            self.shares[seq] = {had.rule: had.amount for had in decision.had}
        for grant in decision.grants:
            if grant.used_on:
                self.claims.setdefault(grant.used_on, {})[grant.request] = grant
        for taking in decision.shared:
            self.taken[taking.pool] += taking.amount
        self._count(decision, seq=seq, giver="transferred" if is_received else "issuer")

    def _count(self, decision: Decision, *, seq: int, giver: str = "issuer") -> None:
        self.real.append(seq)
        for asset, source, to, amount in postings(decision.opened, decision.takes, giver=giver):
            self.places[asset, source] -= amount
            self.places[asset, to] += amount
        for grant in decision.grants:
            self.lapsed[grant.reward] += grant.state == "lapsed"


def _refunded(program: Program, order: OrderState, fact: OrderRefunded) -> OrderState | Unfit:
    """What was accepted stays accepted, also where a late cancellation now lies before it."""
    standing = order._replace(cancelled_at=None)
    said = orders.refunded(standing, with_worth(program, standing, fact))
    return said if isinstance(said, Unfit) else said._replace(cancelled_at=order.cancelled_at)
