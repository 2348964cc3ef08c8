"""A person asked to be forgotten: what is nobody's any more stays in the books.

The account keeps its number, its entries and its sums. Nothing is spent from it or moved
out of it again, its points end in their time, and no notice speaks of it.
"""

from patron.core.concluding import conclude
from patron.core.decision import Decision
from patron.core.draft import Draft


def erase(draft: Draft) -> Decision:
    """Freeze the account for good, and keep nothing that its owner told."""
    decision = conclude(draft)
    return decision._replace(
        account=decision.account._replace(
            frozen=True, erased=True, birthday="", zone="", consents=()
        ),
        # Whatever begins or ends with this entry, it is nobody's.
        notices=(),
    )
