"""What was decided, decided again: an account's entries folded from the first.

Proofs are not stored. An entry keeps its fact and what its decision read from outside
the account, so that the same core gives the same decision, with its proofs, for ever.
"""

from collections.abc import Iterable
from typing import NamedTuple

from patron.core.account import AVAILABLE, Account, Lot, OrderState, State
from patron.core.decide import after, decide
from patron.core.decision import Decision
from patron.core.facts import Fact, OrderCancelled, OrderCompleted, OrderRefunded, TransferAsked
from patron.core.program import Program
from patron.core.requests import receive
from patron.engine.catalogue import Served
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
    told = []
    for entry in entries:
        fact, reads = bodies.decode_body(entry.kind, entry.body)
        program = served.lineage.named(served.lineage.hash_of(entry.version))
        state = state._replace(
            order=orders.get(fact.order) if isinstance(fact, _OF_ORDERS) else None,
            once=frozenset(reads.once),
            tally=reads.tally,
            ended=reads.ended,
            pools=dict(reads.pools),
        )
        decision = _again(program, state, fact, reads, entry)
        for order in decision.orders:
            orders[order.order] = order
        told.append(Told(entry, program, decision))
        state = after(state, decision)
    return state, told


_OF_ORDERS = (OrderCompleted, OrderRefunded, OrderCancelled)


def _again(
    program: Program, state: State, fact: Fact, reads: bodies.Reads, entry: EntryRow
) -> Decision:
    if isinstance(fact, TransferAsked):
        if reads.received:
            return receive(program, state, fact, at=entry.at, lots=_lots(fact, reads))
        # Of the other account the giver's entry depends on nothing but its time.
        other = Account(member=f"{fact.to.kind}:{fact.to.value}", at=entry.at)
        state = state._replace(other=State(other, (), ()))
    decision = decide(program, state, fact)
    assert isinstance(decision, Decision), "an entry's fact was fit when it was written"
    return decision._replace(other=None)


def _lots(fact: TransferAsked, reads: bodies.Reads) -> list[Lot]:
    return [
        Lot(fact.asset, AVAILABLE, r.expires_at, r.earned_at, 0, 0, r.amount, r.amount, r.rule)
        for r in reads.received
    ]
