"""Requests done again: when a late fact has changed what came before, answers stand.

What was granted is granted again, and what it leaves uncovered becomes debt; what was
refused stays refused, whatever the account could bear now.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from patron.core.account import NEVER, RESERVED, Grant, Punch, State
from patron.core.concluding import conclude, owe_one
from patron.core.decision import Answer, Decision
from patron.core.draft import Draft
from patron.core.facts import (
    AdjustAsked,
    CancelAsked,
    ConfirmAsked,
    FreezeAsked,
    RedeemAsked,
    ReferAsked,
    Request,
    ReserveAsked,
    TransferAsked,
)
from patron.core.mechanics.entering import entering_rules
from patron.core.paying import pays_ahead, prepay_again
from patron.core.program import Program
from patron.core.referring import refer_again
from patron.core.requests import ADJUSTED, freeze, set_apart, spendable
from patron.core.rewards import take_oldest, unlocking
from patron.core.timing import release, reserved_lots

BORROWED = "borrowed"  # Stands for a rule on lots that were set aside and never earned.


class Stands(NamedTuple):
    """An answer, and the number of the entry that gave it."""

    seq: int
    answer: Answer


def done_again(
    program: Program, state: State, fact: Request, *, stands: Stands, at: datetime
) -> Decision:
    """What a request does once more, on an account that may have less than it had."""
    draft = Draft(program, state, fact, at)
    draft.answer = stands.answer
    if stands.answer.granted and type(fact) in AGAIN:
        AGAIN[type(fact)](draft, fact, stands)
    return conclude(draft)


def _redeem(draft: Draft, fact: RedeemAsked, stands: Stands) -> None:
    if not fact.reward:
        amount = stands.answer.data["amount"]  # It may be less than was asked for.
        if pays_ahead(draft.program, fact):
            prepay_again(draft, fact, amount)
        else:
            _pay(draft, fact.asset, amount, "redeemed")
        return

    grant = _held(draft, fact.reward, stands)
    if grant is None:
        _pay(draft, *_price(draft, fact.reward), "redeemed")
        grant = _new(draft, fact.reward)
    draft.put_grant(
        grant._replace(state="claimed", request=fact.name.id, held_until=NEVER, used_on=fact.order)
    )


def _reserve(draft: Draft, fact: ReserveAsked, stands: Stands) -> None:
    grant = _held(draft, fact.reward, stands) if fact.reward else None
    if grant is None:
        price = _price(draft, fact.reward) if fact.reward else (fact.asset, fact.amount)
        grant = _new(draft, fact.reward)._replace(lots=_set_apart(draft, *price))
    held_until = datetime.fromisoformat(stands.answer.data["held_until"])
    draft.put_grant(grant._replace(state="reserved", request=fact.name.id, held_until=held_until))


def _held(draft: Draft, reward: str, stands: Stands) -> Grant | None:
    """The unlocked reward that a request takes; None where it was bought."""
    if stands.answer.data["grant"].startswith(f"{stands.seq}-"):
        return None

    unlocked = (g for g in draft.open_grants() if g.reward == reward and g.state == "unlocked")
    return next(unlocked, None) or _unearned(draft, reward)


def _unearned(draft: Draft, reward: str) -> Grant:
    """A reward that was taken and is not deserved any more is owed, in punches or enterings."""
    used: tuple[Punch, ...] = ()
    for mechanic in (rule.mechanic for rule in unlocking(draft.program)):
        if mechanic.reward == reward:
            used, missing = take_oldest(draft, mechanic.meter, mechanic.count)
            draft.owed[mechanic.meter] = draft.owed.get(mechanic.meter, 0) + missing
            break
    else:
        for rule in entering_rules(draft.program):
            if rule.mechanic.reward == reward:
                owe_one(draft, rule)
                break
    return _new(draft, reward)._replace(punches=used)


def _new(draft: Draft, reward: str) -> Grant:
    return Grant(reward, draft.seq, draft.next_grant(), "unlocked", draft.at, NEVER)


def _price(draft: Draft, reward: str) -> tuple[str, int]:
    spec = draft.program.rewards[reward]
    assert spec.cost is not None, "it was bought"
    return spec.cost_asset, spec.cost


def _pay(draft: Draft, asset: str, amount: int, to: str) -> None:
    # Only what is redeemed may come out of several wallets.
    lots = spendable(draft, asset) if to == "redeemed" else draft.open_lots(asset=asset)
    missing = draft.spend(lots, amount, to)
    if missing:
        draft.pass_on(asset, "debt", missing, to)


def _set_apart(draft: Draft, asset: str, amount: int) -> tuple[tuple[int, int], ...]:
    held, missing = set_apart(draft, asset, amount)
    if not missing:
        return held

    draft.pass_on(asset, "debt", missing, RESERVED)
    borrowed = draft.open(asset, RESERVED, missing, NEVER, draft.at, BORROWED)
    return (*held, (borrowed.seq, borrowed.n))


def _confirm(draft: Draft, fact: ConfirmAsked, stands: Stands) -> None:
    grant = _reservation(draft, fact.reservation)
    if grant is None:
        return

    for lot in reserved_lots(draft, grant):
        draft.take(lot, lot.remaining, "redeemed")
    draft.put_grant(grant._replace(state="claimed", held_until=NEVER, lots=(), used_on=fact.order))


def _cancel(draft: Draft, fact: CancelAsked, stands: Stands) -> None:
    grant = _reservation(draft, fact.reservation)
    if grant is not None:
        release(draft, grant, state="cancelled")


def _reservation(draft: Draft, request: str) -> Grant | None:
    grants = draft.open_grants()
    return next((g for g in grants if g.state == "reserved" and g.request == request), None)


def _adjust(draft: Draft, fact: AdjustAsked, stands: Stands) -> None:
    if fact.amount > 0:
        draft.credit(fact.asset, fact.amount, rule=ADJUSTED)
    else:
        _pay(draft, fact.asset, -fact.amount, "issuer")


def _freeze(draft: Draft, fact: FreezeAsked, stands: Stands) -> None:
    freeze(draft, fact)


def _refer(draft: Draft, fact: ReferAsked, stands: Stands) -> None:
    refer_again(draft, fact)


def _give(draft: Draft, fact: TransferAsked, stands: Stands) -> None:
    _pay(draft, fact.asset, fact.amount, "transferred")


AGAIN: dict[type, Callable[[Draft, Any, Stands], None]] = {
    RedeemAsked: _redeem,
    ReserveAsked: _reserve,
    ConfirmAsked: _confirm,
    CancelAsked: _cancel,
    AdjustAsked: _adjust,
    TransferAsked: _give,
    FreezeAsked: _freeze,
    ReferAsked: _refer,
}
