"""What a book has decided, and how a later fold of the same account sees it."""

from typing import NamedTuple

from patron.core.account import State
from patron.core.decision import Decision
from patron.core.facts import TakenBack, TransferAsked
from patron.core.refold import Past


class Decided(NamedTuple):
    """A decision, whose it is, and the state that it was decided on."""

    member: str
    decision: Decision
    before: State
    takes_order_over: bool = False  # The order's lines are in no entry of this account.


def past_of(decided: Decided) -> Past:
    """An entry as a later fold of its account needs it."""
    decision = decided.decision
    fact = decision.fact
    received = decision.opened if isinstance(fact, TransferAsked) and not decision.answer else ()
    # Orders' facts find their own time in the fold; requests acted at their account's.
    at = fact.at if isinstance(fact, TakenBack) else decision.at
    return Past(
        decision.account.seq, fact, at, decision.version, decision.answer, received, decision.had,
        decided.before.then,
    )  # fmt: skip
