"""Late facts where a program only goes forward (`late: forward_only`).

The late fact earns by the tier and the caps that stood at its own time, moves meters and
tiers from its arrival on, and changes nothing else.
"""

from collections.abc import Iterable

from patron.core.account import State, Then
from patron.core.facts import Engaged, Fact, OrderCompleted, TimeReached
from patron.core.program import Program
from patron.core.refold import Fold, Past, Whose, what_stands


def is_rated_then(program: Program, state: State, fact: Fact) -> bool:
    """Whether a fact earns by what stood before its account's time. An order does so once."""
    if program.late != "forward_only" or fact.at >= state.account.at:
        return False
    if state.account.formerly:
        return False  # Its own entries are not all that it has.
    if isinstance(fact, OrderCompleted):
        return state.order is None or state.order.first_at is None
    return isinstance(fact, Engaged)


def as_then(fact: Fact, *, history: Iterable[Past], whose: Whose) -> Then:
    """What the account had, as it was known then, when the fact happened."""
    history = list(history)
    fold = Fold(whose, time_entries={}, had=what_stands(history))
    for past in sorted(history, key=lambda past: past.seq):
        if past.at > fact.at:
            break  # From here on the account had gone past it.
        if not isinstance(past.fact, TimeReached):
            fold.put(past)
    fold.reach(fact.at)
    account = fold.state.account
    return Then(account.tier, dict(account.used))
