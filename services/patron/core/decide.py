"""The whole of the core in two functions: what a fact may touch, and what follows from it.

Pure: no IO, no clock, no randomness. Live intake, HTTP, timers, replay, simulation and
the audit trail run these very functions, so they cannot disagree. `decide` expects that
time has passed up to the fact (`pass_time` sees to it) and that `state` holds what
`needs` asked for.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from patron.core import orders
from patron.core.account import Lot, OnceKey, OrderState, State
from patron.core.basis import exchange
from patron.core.closings import receive_share, win
from patron.core.concluding import conclude
from patron.core.decision import Decision, Unfit
from patron.core.draft import Draft
from patron.core.engagement import engage, once_keys
from patron.core.erasing import erase
from patron.core.facts import (
    REQUESTS,
    CancelAsked,
    ConfirmAsked,
    DrawClosed,
    DrawWon,
    Engaged,
    Fact,
    IdentifiersLinked,
    MemberEnrolled,
    MemberErased,
    MemberMerged,
    OrderCancelled,
    OrderCompleted,
    OrderFact,
    OrderRefunded,
    ProfileChanged,
    RedeemAsked,
    ReserveAsked,
    ShareGiven,
    ShareOutClosed,
    TakenBack,
    TimeReached,
    TransferAsked,
    Who,
    time_reached,
)
from patron.core.levels import settle_order
from patron.core.mechanics.yearly import next_award
from patron.core.merging import merge
from patron.core.paying import pays_with_points
from patron.core.pools import all_reward_pools, budget_pools, reward_pools
from patron.core.program import Program
from patron.core.requests import ANSWERS, answered, transfer
from patron.core.returns import with_worth
from patron.core.timing import next_instant, pass_instant

ProgramAt = Callable[[datetime], Program]


# What is answered, or done, on what is known then.
ON_ARRIVAL = (*REQUESTS, MemberMerged, MemberErased)


class Needs(NamedTuple):
    """What a fact may touch. `who` is None where only the order tells whose it is."""

    who: Who | None
    other: Who | None = None
    order: str | None = None
    holdings: bool = False  # Lots and grants.
    once: tuple[OnceKey, ...] = ()
    recalls: str = ""  # The reservation or order whose ended grants are wanted too.
    pools: tuple[str, ...] = ()


def needs(program: Program, fact: Fact) -> Needs:
    """What has to be locked and loaded before `fact` is decided.

    Holdings are needed besides, whatever the fact, when the account's `due_at` has come,
    and when an order comes a second time.
    """
    match fact:
        case OrderCompleted():
            spends, pools = pays_with_points(program, fact), budget_pools(program)
            return Needs(fact.member, order=fact.order, holdings=spends, pools=pools)
        case OrderRefunded() | OrderCancelled():
            pools = (*budget_pools(program), *all_reward_pools(program))
            return Needs(
                fact.member, order=fact.order, holdings=True, recalls=fact.order, pools=pools
            )
        case Engaged():
            pools = budget_pools(program)
            return Needs(fact.member, once=once_keys(program, fact), pools=pools)
        case RedeemAsked() | ReserveAsked():
            pools = reward_pools(program, fact.reward)
            return Needs(fact.member, holdings=True, pools=pools)
        case ConfirmAsked() | CancelAsked():
            pools, request = all_reward_pools(program), fact.reservation
            return Needs(fact.member, holdings=True, recalls=request, pools=pools)
        case TransferAsked():
            return Needs(fact.member, fact.to, holdings=True)
        case MemberMerged():
            return Needs(fact.member, fact.into, holdings=True)
        case TimeReached():
            return Needs(None, holdings=True)
        case MemberEnrolled() | IdentifiersLinked() | ProfileChanged() | DrawWon() | ShareGiven():
            return Needs(fact.member)
        case DrawClosed() | ShareOutClosed():
            return Needs(None)
        case _:
            return Needs(fact.member, holdings=True)


def acts_at(fact: Fact, state: State) -> datetime:
    """When a fact acts: at its own time, but those `ON_ARRIVAL` no earlier than their accounts.

    A refund that is dated before its order acts with it.
    """
    if isinstance(fact, TakenBack):
        order = state.order
        return fact.at if order is None or order.first_at is None else max(fact.at, order.first_at)
    if type(fact) not in ON_ARRIVAL:
        return fact.at

    other = state.other.account.at if state.other is not None else fact.at
    return max(fact.at, state.account.at, other)


def decide(program: Program, state: State, fact: Fact) -> Decision | Unfit:
    """What follows from one fact for the account it names, or why it is unfit.

    An order is decided by the version in force at its first completion: the caller
    passes that program. Everything else by the version in force at the fact's time.
    """
    match fact:
        case OrderCompleted():
            return decide_order(program, state, fact, orders.completed(state.order, fact))
        case OrderRefunded():
            if state.order is None or state.order.completed is None:
                return Unfit("order_unknown", "no such order has come yet")
            fact_in_full = with_worth(program, state.order, fact)
            return decide_order(program, state, fact, orders.refunded(state.order, fact_in_full))
        case OrderCancelled():
            if state.order is None or state.order.completed is None:
                return Unfit("order_unknown", "no such order has come yet")
            return decide_order(program, state, fact, orders.cancelled(state.order, fact))
        case MemberErased():
            return erase(Draft(program, state, fact, acts_at(fact, state)))
        case MemberMerged():
            return merge(program, state, fact, at=acts_at(fact, state))
        case TransferAsked():
            return transfer(program, state, fact, at=acts_at(fact, state))
        case TimeReached():
            draft = Draft(program, state, fact, fact.at)
            pass_instant(draft)
            return conclude(draft)
        case Engaged():
            draft = Draft(program, state, fact, fact.at)
            engage(draft, fact)
            return conclude(draft)
        case MemberEnrolled() | IdentifiersLinked() | ProfileChanged():
            return _profile(program, state, fact)
        case DrawWon():
            draft = Draft(program, state, fact, acts_at(fact, state))
            win(draft, fact)
            return conclude(draft)
        case ShareGiven():
            draft = Draft(program, state, fact, acts_at(fact, state))
            receive_share(draft, fact)
            return conclude(draft)
        case _:
            return _answer(program, state, fact)


def decide_order(
    program: Program,
    state: State,
    fact: OrderFact,
    order: OrderState | Unfit,
) -> Decision | Unfit:
    """What follows for an account from an order event that leaves its order so."""
    if isinstance(order, Unfit):
        return order
    assert order.completed is not None
    rate = exchange(program, order.completed)
    if isinstance(rate, Unfit):
        return rate

    draft = Draft(program, state, fact, acts_at(fact, state))
    reason = "cancelled" if isinstance(fact, OrderCancelled) else "refund"
    settle_order(draft, order, exchange=rate, reason=reason)
    return conclude(draft)


def _answer(program: Program, state: State, fact: Fact) -> Decision | Unfit:
    if type(fact) not in ANSWERS:
        return Unfit("unsupported", "this engine does not decide this kind of event yet")

    draft = Draft(program, state, fact, acts_at(fact, state))
    answered(draft, ANSWERS[type(fact)](draft, fact))
    return conclude(draft)


def _profile(
    program: Program, state: State, fact: MemberEnrolled | IdentifiersLinked | ProfileChanged
) -> Decision:
    decision = conclude(Draft(program, state, fact, fact.at))
    account = decision.account
    if isinstance(fact, MemberEnrolled) and account.joined_at is None:
        account = account._replace(joined_at=fact.at)
    if not isinstance(fact, IdentifiersLinked):
        account = account._replace(
            birthday=fact.birthday or account.birthday,
            zone=fact.zone or account.zone,
            consents=account.consents if fact.consents is None else fact.consents,
        )
    due_at = min(account.due_at, next_award(program, account))
    return decision._replace(account=account._replace(due_at=due_at))


def after(state: State, decision: Decision) -> State:
    """The state that the next fact of the same account finds."""
    lots, grants = state.lots, state.grants
    if lots is not None and (decision.takes or decision.opened):
        lots = _lots_after(lots, decision)
    if grants is not None and decision.grants:
        held = {(grant.seq, grant.n): grant for grant in (*grants, *decision.grants)}
        grants = tuple(
            held[name] for name in sorted(held) if held[name].state in ("unlocked", "reserved")
        )
    # Whose order it was, which once-keys were used, what is taken of pools: told anew.
    return State(decision.account, lots, grants)


def _lots_after(lots: tuple[Lot, ...], decision: Decision) -> tuple[Lot, ...]:
    if not decision.takes:
        return lots + decision.opened

    seq = decision.account.seq
    taken: dict[tuple[int, int], int] = {}
    for take in decision.takes:
        # What this entry opened has its own takes off already.
        if take.lot_seq is not None and take.lot_n is not None and take.lot_seq != seq:
            place = (take.lot_seq, take.lot_n)
            taken[place] = taken.get(place, 0) + take.amount
    left = [
        lot._replace(remaining=lot.remaining - taken[lot.seq, lot.n])
        if (lot.seq, lot.n) in taken
        else lot
        for lot in (*lots, *decision.opened)
    ]
    return tuple(lot for lot in left if lot.remaining)


def pass_time(
    program_at: ProgramAt, state: State, *, tenant: str, until: datetime
) -> tuple[State, list[tuple[State, Decision]]]:
    """Apply what time has done to an account up to and including `until`, instant by instant.

    Needs the lots and grants. The account's `due_at` is exact afterwards. Each decision
    comes with the state that it was decided on.
    """
    decisions = []
    while (at := next_instant(program_at(until), state)) <= until:
        decision = decide(program_at(at), state, time_reached(tenant, at))
        assert isinstance(decision, Decision)
        decisions.append((state, decision))
        state = after(state, decision)
    return state._replace(account=state.account._replace(due_at=at)), decisions
