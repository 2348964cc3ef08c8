"""Requests: facts that want an answer, granted or refused with a code.

A request acts at the later of its own time and its account's, on what is known then,
and no later fact changes the answer. A refused one moves nothing; its entry keeps the
answer all the same.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from patron.core import pools
from patron.core.account import AVAILABLE, NEVER, RESERVED, Grant, Lot, State
from patron.core.closings import close_draw, close_share_out
from patron.core.concluding import conclude
from patron.core.decision import Answer, Decision, Refusal
from patron.core.draft import Draft, spending_order
from patron.core.ends import ends_at
from patron.core.facts import (
    AdjustAsked,
    CancelAsked,
    ConfirmAsked,
    DrawClosed,
    FreezeAsked,
    RedeemAsked,
    ReferAsked,
    ReserveAsked,
    ShareOutClosed,
    TransferAsked,
)
from patron.core.paying import pays_ahead, prepay
from patron.core.periods import plus, stamp
from patron.core.program import Program, Reward
from patron.core.referring import refer
from patron.core.rewards import grant_name
from patron.core.timing import activate, release, reserved_lots
from patron.core.together import excludes
from patron.core.wallets import available, is_within

HELD_FOR = timedelta(minutes=15)  # A reservation of points, which no reward gives a span.
ADJUSTED = "adjusted"  # Stands for a rule on lots that an operator opened.

Granted = Mapping[str, Any]


def redeem(draft: Draft, fact: RedeemAsked) -> Granted | Refusal:
    """Spend an amount, or claim a reward: an unlocked one first, else for its price."""
    if draft.account.frozen:
        return Refusal.FROZEN
    if not fact.reward:
        if pays_ahead(draft.program, fact):
            return prepay(draft, fact)
        return _spend(draft, fact.asset, fact.amount, request=fact.name.id)

    spec = draft.program.rewards.get(fact.reward)
    if spec is None:
        return Refusal.UNKNOWN_REWARD
    refusal = pools.refused(draft, fact.reward)
    if refusal is not None:
        return refusal
    grant = _unlocked(draft, fact.reward)
    if grant is None:
        if spec.cost is None:
            return Refusal.NOT_HELD
        excluded = _excluded(draft, spec)
        if excluded is not None:
            return excluded
        paid = _spend(draft, spec.cost_asset, spec.cost, request=fact.name.id)
        if isinstance(paid, Refusal):
            return paid
        grant = Grant(fact.reward, draft.seq, draft.next_grant(), "unlocked", draft.at, NEVER)
    pools.count_slot(draft, fact.reward, 1)
    return _claim(draft, grant._replace(used_on=fact.order), request=fact.name.id)


def _excluded(draft: Draft, reward: Reward) -> Refusal | None:
    """Why this member may not buy a reward."""
    place = draft.program.place(draft.tier)
    excluded = excludes(reward.match, place, draft.account.belongings)
    return None if excluded is None else excluded.code


def _spend(draft: Draft, asset: str, amount: int, *, request: str) -> Granted | Refusal:
    refusal = _missing(draft, asset, amount, held=available(draft.balances, asset))
    if refusal is not None:
        return refusal

    missing = draft.spend(spendable(draft, asset), amount, "redeemed")
    assert missing == 0
    data = {"asset": asset, "amount": amount, "request": request}
    draft.notice("points.redeemed", data)
    return {"asset": asset, "amount": amount}


def spendable(draft: Draft, asset: str) -> list[Lot]:
    """What can be spent of an asset, in the order of spending, out of all of its wallets."""
    lots = [o for o in draft.all_lots() if o.compartment == AVAILABLE and is_within(o.asset, asset)]
    return sorted(lots, key=spending_order)


def _missing(draft: Draft, asset: str, amount: int, *, held: int) -> Refusal | None:
    """Why the member can't let go of so much of an asset."""
    spec = draft.program.assets.get(asset)
    if spec is None:
        return Refusal.UNKNOWN_ASSET
    if spec.donation:
        return Refusal.CONDITION
    return Refusal.INSUFFICIENT_POINTS if held < amount else None


def _unlocked(draft: Draft, reward: str) -> Grant | None:
    grants = (g for g in draft.open_grants() if g.reward == reward and g.state == "unlocked")
    return next(grants, None)


def _claim(draft: Draft, grant: Grant, *, request: str) -> Granted:
    grant = pools.with_code(draft, grant._replace(state="claimed", request=request, lots=()))
    pools.take_share(draft, grant)
    draft.put_grant(grant)
    data = _told(grant)
    code = {"code_number": grant.code} if grant.code else {}
    draft.notice("reward.redeemed", data | {"request": request} | code)
    pools.tell_if_low(draft, grant)
    return data


def _told(grant: Grant) -> dict[str, Any]:
    """What an answer says of a claimed grant."""
    if not grant.reward:
        return {}
    return {"reward": grant.reward, "grant": grant_name(grant)}


def reserve(draft: Draft, fact: ReserveAsked) -> Granted | Refusal:
    """Hold a reward or an amount; its id is the request's own."""
    if draft.account.frozen:
        return Refusal.FROZEN
    asset, amount, held_until = fact.asset, fact.amount, draft.at + HELD_FOR
    if fact.reward:
        spec = draft.program.rewards.get(fact.reward)
        if spec is None:
            return Refusal.UNKNOWN_REWARD
        refusal = pools.refused(draft, fact.reward)
        if refusal is not None:
            return refusal
        if spec.held_for is not None:
            held_until = plus(draft.at, spec.held_for, draft.program.zone)
        grant = _unlocked(draft, fact.reward)
        if grant is not None:
            return _hold(draft, grant, fact, held_until=min(held_until, grant.lapses_at))
        if spec.cost is None:
            return Refusal.NOT_HELD
        excluded = _excluded(draft, spec)
        if excluded is not None:
            return excluded
        asset, amount = spec.cost_asset, spec.cost
    refusal = _missing(draft, asset, amount, held=available(draft.balances, asset))
    if refusal is not None:
        return refusal

    lots, missing = set_apart(draft, asset, amount)
    assert missing == 0
    place = draft.next_grant()
    grant = Grant(fact.reward, draft.seq, place, "reserved", draft.at, NEVER, lots=lots)
    return _hold(draft, grant, fact, held_until=held_until)


def set_apart(draft: Draft, asset: str, amount: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Reserve up to an amount; return the lots that hold it, and what was not found."""
    reserved = []
    for lot in spendable(draft, asset):
        part = min(amount, lot.remaining)
        if not part:
            break
        held = draft.move(lot, part, RESERVED, lot.expires_at)
        reserved.append((held.seq, held.n))
        amount -= part
    return tuple(reserved), amount


def _hold(draft: Draft, grant: Grant, fact: ReserveAsked, *, held_until: datetime) -> Granted:
    grant = grant._replace(state="reserved", request=fact.name.id, held_until=held_until)
    if grant.reward:
        pools.count_slot(draft, grant.reward, 1)
        pools.take_share(draft, grant, until=held_until)
    draft.put_grant(grant)
    data = {"held_until": stamp(held_until)}
    if grant.reward:
        data |= {"reward": grant.reward, "grant": grant_name(grant)}
        draft.notice("reward.reserved", data)
    return data


def _reservation(draft: Draft, request: str) -> Grant | None:
    """The grant that a request reserved, also once it is over."""
    grants = [*draft.open_grants(), *draft.state.ended]
    # Only what was reserved has a hold, and keeps its end when it is claimed.
    return next((g for g in grants if g.request == request and _was_reserved(g)), None)


def _was_reserved(grant: Grant) -> bool:
    return grant.state != "claimed" or grant.held_until != NEVER


def confirm(draft: Draft, fact: ConfirmAsked) -> Granted | Refusal:
    """Make a reservation final; a second time it says the same and moves nothing."""
    grant = _reservation(draft, fact.reservation)
    if grant is None:
        return Refusal.UNKNOWN_RESERVATION
    if grant.state == "claimed":
        return _told(grant)
    if grant.state != "reserved":
        return Refusal.EXPIRED if grant.state == "lapsed" else Refusal.CLOSED
    if draft.account.frozen:
        return Refusal.FROZEN
    # Who held the pool after this reservation had lapsed may have taken its share.
    gone = pools.used_up(draft, grant.reward)
    if gone is not None:
        return gone

    spent: dict[str, int] = {}
    for lot in reserved_lots(draft, grant):
        draft.take(lot, lot.remaining, "redeemed")
        spent[lot.asset] = spent.get(lot.asset, 0) + lot.remaining
    for asset, amount in spent.items():
        data = {"asset": asset, "amount": amount, "request": fact.reservation}
        draft.notice("points.redeemed", data)
    if grant.reward:
        grant = grant._replace(used_on=fact.order)
        return _claim(draft, grant, request=fact.reservation)

    draft.put_grant(grant._replace(state="claimed", lots=()))
    return {}


def cancel(draft: Draft, fact: CancelAsked) -> Granted | Refusal:
    """Give a reservation back; of one that was given back already, there is nothing to do."""
    grant = _reservation(draft, fact.reservation)
    if grant is None:
        return Refusal.UNKNOWN_RESERVATION
    if grant.state == "claimed":
        return Refusal.ALREADY_USED
    if grant.state == "reserved":
        pools.give_share_back(draft, grant)
        release(draft, grant, state="cancelled")
    return {}


def adjust(draft: Draft, fact: AdjustAsked) -> Granted | Refusal:
    """An operator's credit or debit."""
    if fact.asset not in draft.program.assets:
        return Refusal.UNKNOWN_ASSET
    if fact.amount > 0:
        draft.credit(fact.asset, fact.amount, rule=ADJUSTED)
    elif draft.balance(fact.asset).available < -fact.amount:
        return Refusal.INSUFFICIENT_POINTS
    else:
        draft.spend(draft.open_lots(asset=fact.asset), -fact.amount, "issuer")
        data = {"asset": fact.asset, "amount": -fact.amount, "rule": ADJUSTED, "debt": 0}
        draft.notice("points.reversed", data)
    return {"asset": fact.asset, "amount": fact.amount}


def freeze(draft: Draft, fact: FreezeAsked) -> Granted | Refusal:
    """Stop or resume spending.

    What would have become available meanwhile becomes so when the account is let go.
    """
    if draft.account.frozen and not fact.frozen:
        activate(draft)
        for lot in draft.all_lots():
            if lot.activates_at is not None:
                draft.due_no_later_than(lot.activates_at)
    draft.frozen = fact.frozen
    return {"frozen": fact.frozen}


ANSWERS: dict[type, Callable[[Draft, Any], Granted | Refusal]] = {
    RedeemAsked: redeem,
    ReserveAsked: reserve,
    ConfirmAsked: confirm,
    CancelAsked: cancel,
    AdjustAsked: adjust,
    FreezeAsked: freeze,
    ReferAsked: refer,
    DrawClosed: close_draw,
    ShareOutClosed: close_share_out,
}


def answered(draft: Draft, said: Granted | Refusal) -> None:
    """Write the answer down, and publish it with the request's name."""
    name = draft.fact.name.id
    if isinstance(said, Refusal):
        draft.answer = Answer(granted=False, code=said)
        draft.notice("request.answered", {"request": name, "granted": False, "code": str(said)})
    else:
        draft.answer = Answer(granted=True, data=said)
        draft.notice("request.answered", {"request": name, "granted": True} | dict(said))


def transfer(program: Program, state: State, fact: TransferAsked, *, at: datetime) -> Decision:
    """Move an amount to another member: one entry on each side, or a refusal on the giver's."""
    other = state.other
    assert other is not None, "needs() asks for both accounts"
    giver, taker = Draft(program, state, fact, at), Draft(program, other, fact, at)
    refusal = _transfer_refused(giver, taker, fact)
    if refusal is not None:
        answered(giver, refusal)
        return conclude(giver)

    amount = fact.amount
    for lot in giver.open_lots(asset=fact.asset):
        part = min(amount, lot.remaining)
        if not part:
            break
        giver.take(lot, part, "transferred")
        end = lot.expires_at
        if program.transferred == "new":
            end = ends_at(program.assets[fact.asset], at, program.zone)
        taker.open(fact.asset, AVAILABLE, part, end, lot.earned_at, lot.rule)
        amount -= part
    answered(giver, {"asset": fact.asset, "amount": fact.amount})
    return conclude(giver)._replace(other=conclude(taker))


def receive(
    program: Program, state: State, fact: TransferAsked, *, at: datetime, lots: Iterable[Lot]
) -> Decision:
    """The receiver's entry alone, of lots that are known to have come."""
    taker = Draft(program, state, fact, at)
    for lot in lots:
        taker.open(lot.asset, AVAILABLE, lot.amount, lot.expires_at, lot.earned_at, lot.rule)
    return conclude(taker)


def _transfer_refused(giver: Draft, taker: Draft, fact: TransferAsked) -> Refusal | None:
    if giver.account.frozen or taker.account.frozen:
        return Refusal.FROZEN
    if giver.account.member == taker.account.member:
        return Refusal.CONDITION
    # A gift is out of one wallet.
    held = giver.balance(fact.asset).available
    return _missing(giver, fact.asset, fact.amount, held=held)
