"""One program's accounts while a batch of facts is decided: in memory, no IO.

The engine fills a book from the tables, `patron replay` starts with an empty one; both
put facts in here, in the order in which they act, and get the same decisions out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from patron.core.account import HOUSE, Account, Grant, Lot, OnceKey, Standing, State
from patron.core.closings import follow_ups, standing, tally
from patron.core.decide import Needs, acts_at, after, decide, needs, pass_time
from patron.core.decision import Decision, Unfit
from patron.core.facts import (
    REQUESTS,
    Closing,
    Fact,
    MemberMerged,
    OrderCompleted,
    OrderFact,
    TakenBack,
)
from patron.core.forward import as_then, is_rated_then
from patron.core.late import decide_late, is_late
from patron.core.merging import renumbered, shift
from patron.core.program import Program
from patron.core.refold import Past, Whose
from patron.engine.decided import Decided, past_of
from patron.engine.lineage import Lineage
from patron.engine.owned import Home, Owned
from patron.engine.pooling import Hold, Pool
from patron.engine.wanted import HistoryWanted, HoldingsWanted

OPEN_GRANTS = ("unlocked", "reserved")


class Waits(NamedTuple):
    """A refund or cancellation that came before its order: it is applied with it."""

    order: str


class Book:
    """States by member, orders by id; facts go in one by one."""

    def __init__(self, tenant: str, lineage: Lineage) -> None:
        self.tenant = tenant
        self.lineage = lineage
        self.states: dict[str, State] = {}
        self.orders: dict[str, Owned] = {}
        self.once: dict[str, set[OnceKey]] = {}
        self.ended: dict[tuple[str, str], dict[tuple[int, int], Grant]] = {}
        self.pools: dict[str, Pool] = {}
        self.waiting: dict[str, list[Fact]] = {}
        self.histories: dict[str, list[Past]] = {}  # Of members of whom a fact came late.
        self.heirs: dict[str, str] = {}  # Members who were merged → into whom.
        self.decided: list[Decided] = []  # In the order in which they act.
        self.unfit: list[tuple[Fact, Unfit]] = []  # Of those that waited for their order.
        self.put_off: list[Fact] = []  # Decided later, on their own: closings, and what follows.

    def put_fact(
        self, fact: Fact, *, member: str | None, other: str | None = None
    ) -> Unfit | Waits | None:
        """Decide one fact, time up to it first; None: applied, or nothing to do.

        `member` is the resolved id of whom the fact names, None where it names nobody.
        Raises `HoldingsWanted` or `HistoryWanted` before anything has changed.
        """
        owned = self._order_of(fact)
        if owned is not None:
            if member is not None and member != owned.member:
                return Unfit("order_of_another_member", "the order is another member's")
            member = owned.member
        if member is None:
            if isinstance(fact, Closing):
                # It needs all accounts as they are, those that this very batch changes too.
                self.put_off.append(fact)
                return None
            # Without a member an order can be priced and counted; it earns nothing.
            return None if isinstance(fact, OrderCompleted) else self._unknown(fact)

        if member == other and isinstance(fact, MemberMerged):
            return None  # They are one already.
        program = self._program(fact, owned)
        if program is None:
            return None  # Before the program's first version: it has nothing to say.
        touched = needs(program, fact)
        if touched.holdings:
            self._want_holdings(member)
            if other is not None:
                self._want_holdings(other)
        state = self.states[member]
        then = None
        if fact.at < state.account.at:
            found = self._with_others(state, touched, fact, member, owned, at=fact.at)
            if is_late(program, found, fact):
                return self._put_late(program, fact, member, found)
            if is_rated_then(program, found, fact):
                whose = Whose(member, self.lineage)
                then = as_then(fact, history=self._history(member), whose=whose)
        until = fact.at
        if other is not None or type(fact) in REQUESTS:
            until = self._acts_at(fact, member, other)
        state = self._ready(touched, fact, member, owned, until=until)
        if other is not None:
            taker = self._ready(touched, fact, other, None, until=until)
            state = state._replace(other=taker)
        if then is not None:
            state = state._replace(then=then)
        decision = decide(program, state, fact)
        if isinstance(decision, Unfit):
            return self._waits(fact, decision)

        self._keep(member, state, decision)
        if decision.other is not None:
            assert other is not None
            assert state.other is not None
            # Of a merge the heir's entry says what the other account had.
            self._keep(other, state.other._replace(other=state), decision.other)
            if isinstance(fact, MemberMerged):
                self._inherit(member, other, by=shift(state.other.account, state.account))
        if isinstance(fact, OrderCompleted):
            self._apply_waiting(fact.order)
        return None

    def close(self, fact: Closing, standings: Sequence[Standing]) -> None:
        """Decide a closing on one snapshot of all accounts; what it gives is put off."""
        program = self.lineage.at(fact.at)
        if program is None:
            return
        counted = tally(program, fact, standings)
        state = self.states[HOUSE]._replace(tally=counted)
        decision = decide(program, state, fact)
        assert isinstance(decision, Decision)
        self._keep(HOUSE, state, decision)
        if decision.answer is not None and decision.answer.granted:
            self.put_off.extend(follow_ups(fact, counted, standings))

    def follow(self) -> None:
        """Decide at once what is put off: for whoever has every account here."""
        while self.put_off:
            fact = self.put_off[0]
            if isinstance(fact, Closing):
                self.states.setdefault(HOUSE, State(Account(HOUSE), (), ()))
                self.close(fact, self._standings(fact))
            else:
                # What follows names members by their own ids.
                member = self.leads_to(getattr(fact, "member").value)  # noqa: B009
                self.states.setdefault(member, State(Account(member), (), ()))
                self.put_fact(fact, member=member)
            self.put_off.pop(0)

    def _standings(self, fact: Closing) -> list[Standing]:
        program = self.lineage.at(fact.at)
        if program is None:
            return []
        found = [
            Standing(member, standing(program, fact, state.account.meters))
            for member, state in self.states.items()
            if not state.account.erased
        ]
        return [each for each in found if each.value]

    def _put_late(self, program: Program, fact: Fact, member: str, state: State) -> Unfit | None:
        self._want_holdings(member)
        history = self._history(member)
        whose = Whose(member, self.lineage)
        decision = decide_late(program, state, fact, history=history, whose=whose)
        if isinstance(decision, Unfit):
            return decision
        self._keep(member, state, decision)
        if isinstance(fact, OrderCompleted):
            self._apply_waiting(fact.order)
        return None

    def _history(self, member: str) -> list[Past]:
        history = self.histories.get(member)
        if history is None:
            raise HistoryWanted(member)
        return history

    def put_history(self, member: str, before: Iterable[Past]) -> None:
        """What a member's account had accepted before the book; the book's own is added."""
        own = [past_of(decided) for decided in self.decided if decided.member == member]
        self.histories[member] = [*before, *own]

    def put_holdings(
        self, member: str, *, lots: tuple[Lot, ...], grants: tuple[Grant, ...]
    ) -> None:
        """Lots and grants as they were before the book; what it has decided is applied."""
        state = self.states[member]
        latest = state.account
        state = state._replace(lots=lots, grants=grants)
        for decided in self.decided:
            if decided.member == member:
                state = after(state, decided.decision)
        self.states[member] = state._replace(account=latest)

    def pass_time(self, member: str, *, until: datetime) -> None:
        """Let time do to one account what is due up to `until`."""
        self._want_holdings(member)
        state, decisions = self._passed(self.states[member], until)
        self.states[member] = self._looking_again(state, until)
        for before, decision in decisions:
            self._put_ended(member, decision)
            self._decided(Decided(member, decision, before))

    def _passed(self, state: State, until: datetime) -> tuple[State, list[tuple[State, Decision]]]:
        def program_at(instant: datetime) -> Program:
            program = self.lineage.at(instant)
            assert program is not None, "an account is older than its program"
            return program

        return pass_time(program_at, state, tenant=self.tenant, until=until)

    def foreseen(self, member: str, touched: Needs, *, at: datetime) -> State:
        """An account as a question finds it by then, also a new member's; nothing is kept.

        Needs every pool that it reads, and of a member who is not new the holdings.
        """
        state = self.states.get(member) or State(Account(member), (), ())
        state, _ = self._passed(state, at)
        owned, hold = self.orders.get(touched.order or ""), Hold(member, "")
        known = {name: self.pools.get(name, Pool()) for name in touched.pools}
        return state._replace(
            order=owned.state if owned else None,
            ended=self._ended(member, touched.recalls),
            pools={name: pool.seen(at=at, hold=hold) for name, pool in known.items()},
        )

    def recall(self, member: str, state: State, decisions: Iterable[Decision]) -> None:
        """A member's account with its orders, from all that was ever decided for it."""
        self.states[member] = state
        for decision in decisions:
            self._put_ended(member, decision)
            for order in decision.orders:
                self.orders[order.order] = Owned(member, order)

    def _looking_again(self, state: State, since: datetime) -> State:
        """Due when the next version comes in force: it may award what this one does not."""
        due_at = min(state.account.due_at, self.lineage.next_since(since))
        return state._replace(account=state.account._replace(due_at=due_at))

    def _acts_at(self, fact: Fact, member: str, other: str | None) -> datetime:
        state = self.states[member]
        if other is not None:
            state = state._replace(other=self.states[other])
        return acts_at(fact, state)

    def _want_holdings(self, member: str) -> None:
        if self.states[member].lots is None:
            raise HoldingsWanted(member)

    def _ready(
        self, touched: Needs, fact: Fact, member: str, owned: Owned | None, *, until: datetime
    ) -> State:
        """The state that `fact` finds: time has passed up to where it acts."""
        state = self.states[member]
        if not state.account.seq:
            state = self.states[member] = self._looking_again(state, until)
        wanted = (owned is not None and owned.state.completed is not None) or (
            isinstance(fact, OrderCompleted) and fact.order in self.waiting
        )
        if wanted:
            self._want_holdings(member)
        if state.account.due_at <= until:
            self.pass_time(member, until=until)
            state = self.states[member]
        return self._with_others(state, touched, fact, member, owned, at=until)

    def _with_others(
        self, state: State, touched: Needs, fact: Fact, member: str, owned: Owned | None,
        *, at: datetime,
    ) -> State:  # fmt: skip
        """The state, and what the fact may touch beside the account: its order, what is shared."""
        if owned is None and not (touched.once or touched.pools or touched.recalls):
            return state

        hold = Hold(member, getattr(fact, "reservation", ""))
        return state._replace(
            order=owned.state if owned else None,
            once=self._used(member, touched.once),
            ended=self._ended(member, touched.recalls),
            pools={name: self._pool(name).taken(at=at, hold=hold) for name in touched.pools},
        )

    def put_ended(self, member: str, grants: Iterable[Grant]) -> None:
        """Keep grants that are over, under the names by which a fact may ask for them."""
        for grant in grants:
            for name in {grant.request, grant.used_on} - {""}:
                self.ended.setdefault((member, name), {})[grant.seq, grant.n] = grant

    def _put_ended(self, member: str, decision: Decision) -> None:
        if decision.grants:
            self.put_ended(member, (g for g in decision.grants if g.state not in OPEN_GRANTS))

    def _ended(self, member: str, name: str) -> tuple[Grant, ...]:
        grants = self.ended.get((member, name), {}) if name else {}
        return tuple(grants[place] for place in sorted(grants))

    def _used(self, member: str, keys: Iterable[OnceKey]) -> frozenset[OnceKey]:
        return frozenset(key for key in keys if key in self.once.get(key.holder(member), ()))

    def _pool(self, name: str) -> Pool:
        return self.pools.setdefault(name, Pool())

    def _program(self, fact: Fact, owned: Owned | None) -> Program | None:
        if owned is not None and owned.state.version:
            return self.lineage.named(owned.state.version)

        return self.lineage.at(fact.at)

    def _order_of(self, fact: Fact) -> Owned | None:
        if isinstance(fact, OrderFact):
            return self.orders.get(fact.order)

        return None

    def _keep(self, member: str, state: State, decision: Decision) -> None:
        self.states[member] = after(state, decision)
        self._put_ended(member, decision)
        for taking in decision.shared:
            self._pool(taking.pool).take(taking, member=member)
        for key in decision.freed:
            self.once.get(key.holder(member), set()).discard(key)
        for key in decision.once:
            self.once.setdefault(key.holder(member), set()).add(key)
        home = None
        for order in decision.orders:
            known = self.orders.get(order.order)
            home = known.home if known else None
            has_its_lines = order.completed is decision.fact
            self.orders[order.order] = Owned(member, order, None if has_its_lines else home)
        self._decided(Decided(member, decision, state, home is not None))

    def _decided(self, decided: Decided) -> None:
        self.decided.append(decided)
        self.put_off.extend(decided.decision.follows)
        if decided.member in self.histories:
            self.histories[decided.member].append(past_of(decided))

    def _inherit(self, member: str, heir: str, *, by: int) -> None:
        """What is known of a member who was merged is the heir's."""
        self.heirs[member] = heir
        if used := self.once.pop(member, None):
            self.once.setdefault(heir, set()).update(used)
        for pool in self.pools.values():
            pool.inherit(member, heir)
        for order, owned in self.orders.items():
            if owned.member == member:
                home = owned.home or Home(0, 0)
                home = home._replace(shift=home.shift + by)
                self.orders[order] = Owned(heir, renumbered(owned.state, by), home)

    def leads_to(self, member: str) -> str:
        """Who that member is now."""
        while member in self.heirs:
            member = self.heirs[member]
        return member

    def _apply_waiting(self, order: str) -> None:
        """Refunds that came before their order, by their own time, right after it."""
        facts = self.waiting.pop(order, [])
        for fact in sorted(facts, key=lambda fact: fact.at):
            named = getattr(fact, "member", None)
            owner = self.orders[order].member
            member = owner
            if named is not None and named.kind == "id":
                member = self.leads_to(named.value)
            unfit = self.put_fact(fact, member=member)
            if isinstance(unfit, Unfit):
                self.unfit.append((fact, unfit))

    def _unknown(self, fact: Fact) -> Unfit | Waits:
        if isinstance(fact, TakenBack):
            return self._wait(fact)

        return Unfit("unknown_member", "the event names no member")

    def _waits(self, fact: Fact, unfit: Unfit) -> Unfit | Waits:
        if unfit.code == "order_unknown" and isinstance(fact, TakenBack):
            return self._wait(fact)

        return unfit

    def _wait(self, fact: TakenBack) -> Waits:
        self.waiting.setdefault(fact.order, []).append(fact)
        return Waits(fact.order)
