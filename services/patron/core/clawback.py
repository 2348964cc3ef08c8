"""Taking back what is no longer deserved: its own lots, then others, then debt."""

from collections.abc import Iterable

from patron.core.account import AVAILABLE, PENDING, Lot
from patron.core.decision import Proof
from patron.core.draft import Draft, spending_order


def take_back(draft: Draft, proof: Proof, amount: int, *, own: Iterable[Lot], order: str) -> int:
    """Take back so much of what a rule gave; return what stays for want of points.

    `own` lots first, pending before available; then others, soonest ending first; then
    debt. `clamp` and `pending_only` let the rest go.
    """
    asset, policy = proof.asset, draft.program.debt
    own = [lot for lot in own if lot.asset == asset]
    pending = sorted((o for o in own if o.compartment == PENDING), key=spending_order)
    left = draft.spend(pending, amount, "issuer")
    if policy != "pending_only":
        available = (o for o in own if o.compartment == AVAILABLE)
        left = draft.spend(sorted(available, key=spending_order), left, "issuer")
        left = draft.spend(draft.open_lots(asset=asset), left, "issuer")
    debt = left if policy == "debt" else 0
    of = {"order": order} if order else {}
    if debt:
        draft.owe(asset, debt)
        draft.notice("points.debt", {"asset": asset, "amount": debt} | of)
    taken = amount - left + debt
    if taken:
        data = {"asset": asset, "amount": taken, "rule": proof.rule}
        draft.notice("points.reversed", data | of | {"debt": debt})
    return left - debt
