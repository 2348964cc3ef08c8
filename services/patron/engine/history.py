"""What was decided, decided again: an account's entries folded from the first.

Proofs are not stored. An entry keeps its fact and what its decision read from outside
the account, so that the same core gives the same decision, with its proofs, for ever.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from patron.core.account import Account, OrderState, State
from patron.core.decide import after, decide
from patron.core.decision import Decision
from patron.core.facts import Fact, MemberMerged, OrderFact, TransferAsked
from patron.core.late import decide_late, is_late
from patron.core.merging import close, take_over
from patron.core.program import Program
from patron.core.refold import Past, Whose
from patron.core.requests import receive
from patron.engine.book import Book
from patron.engine.catalogue import Served
from patron.engine.rows import lots_received, past_of_entry
from patron.store.ledger import EntryRow
from patron.wire import bodies


class Told(NamedTuple):
    """An entry, the program that decided it, and its decision as it was."""

    entry: EntryRow
    program: Program
    decision: Decision


def fold(entries: Iterable[EntryRow], *, member: str, served: Served) -> tuple[State, list[Told]]:
    """Decide all entries of an account again, in their order; the state that they leave."""
    state = State(Account(member), (), ())
    orders: dict[str, OrderState] = {}
    whose = Whose(member, served.lineage)
    past: list[Past] = []
    told = []
    for entry in entries:
        fact, reads = bodies.decode_body(entry.kind, entry.body)
        program = served.lineage.named(served.lineage.hash_of(entry.version))
        state = state._replace(
            order=_order_of(fact, reads, orders, program) if isinstance(fact, OrderFact) else None,
            once=frozenset(reads.once),
            tally=reads.tally,
            ended=reads.ended,
            pools=dict(reads.pools),
        )
        if is_late(program, state, fact):
            decision = decide_late(program, state, fact, history=past, whose=whose)
        else:
            decision = _again(program, state._replace(then=reads.then), fact, reads, entry)
        assert isinstance(decision, Decision), "an entry's fact was fit when it was written"
        past.append(past_of_entry(entry, served.lineage))
        for order in decision.orders:
            orders[order.order] = order
        told.append(Told(entry, program, decision))
        state = after(state, decision)
    return state, told


def as_of(state: State, *, tenant: str, served: Served, until: datetime) -> State:
    """An account once time has passed up to then, for whoever reads it: nothing is written."""
    member = state.account.member
    book = Book(tenant, served.lineage)
    book.states[member] = state
    book.pass_time(member, until=until)
    return book.states[member]


def _order_of(
    fact: OrderFact,
    reads: bodies.Reads,
    orders: Mapping[str, OrderState],
    program: Program,
) -> OrderState | None:
    if reads.lines is None or reads.order is None:
        return orders.get(fact.order)

    # Its lines are in no entry of this account: it was a member's who was merged into this one.
    completed, tier = reads.lines
    return bodies.order_state(
        reads.order,
        order=fact.order,
        completed=completed,
        seq=0,
        version=program.version,
        tier=tier,
    )


def _again(
    program: Program, state: State, fact: Fact, reads: bodies.Reads, entry: EntryRow
) -> Decision:
    if isinstance(fact, MemberMerged):
        if reads.inherited is None:
            return close(program, state, fact, at=entry.at)
        account, lots, grants, _ = reads.inherited
        taken = State(account, lots, grants)
        return take_over(program, state, fact, at=entry.at, taken=taken)
    if isinstance(fact, TransferAsked):
        if reads.received:
            lots = lots_received(fact, reads)
            return receive(program, state, fact, at=entry.at, lots=lots)
        # Of the other account the giver's entry depends on nothing but its time.
        other = Account(member=f"{fact.to.kind}:{fact.to.value}", at=entry.at)
        state = state._replace(other=State(other, (), ()))
    decision = decide(program, state, fact)
    assert isinstance(decision, Decision), "an entry's fact was fit when it was written"
    return decision._replace(other=None)
