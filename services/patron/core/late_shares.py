"""What members share, when a fact comes late: it is counted in order of arrival.

What earlier orders and events had of a budget, or as the first of all members, they keep
at most: no late fact gives them more. Only the late fact itself asks now what is left.
What others no longer deserve goes back, and is anybody's who asks next.
"""

from collections.abc import Iterator

from patron.core.account import Had, Taking
from patron.core.draft import Draft
from patron.core.pools import budget_pools, free
from patron.core.refold import NOTHING, Fold


def settle_shares(draft: Draft, was: Fold, now: Fold) -> None:
    """Take from the pools, or give back, by what two folds differ in."""
    for pool in budget_pools(draft.program):
        change = now.taken[pool] - was.taken[pool]
        if change:
            draft.shared.append(Taking(pool, change))
    order = getattr(draft.fact, "order", "")
    claims = now.claims.get(order, {})
    freed = {request for request, grant in claims.items() if grant.state == "revoked"}
    if freed:
        # What was freed once stays freed, also where the order is not void any more.
        free(draft, order, claims=freed)


def shares_changed(was: Fold, now: Fold, *, own: int) -> Iterator[Had]:
    """What entries have of shared rules from now on, where that is another thing."""
    for entry in sorted(was.shares.keys() | now.shares.keys()):
        before = was.shares.get(entry, NOTHING) if entry != own else NOTHING
        after = now.shares.get(entry, NOTHING)
        for rule in sorted(before.keys() | after.keys()):
            if before.get(rule, 0) != after.get(rule, 0):
                yield Had(entry, rule, after.get(rule, 0))
