"""Two members were one person: an entry closes one account, one on the other takes all over.

Points keep where they came from: their rule, when they were earned and when they end.
Meters, punches and what is used of caps count together, and of two qualifications the
better one stands. No order is rated again.

Entries are numbered by account, and lots name the entry that earned them. Those of the
account that was closed count downwards, below all that its heir had: `shift` says by how
much, for its lots and for its orders.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from patron.core.account import NEVER, Account, Grant, OrderState, Spent, State
from patron.core.belongings import changes
from patron.core.concluding import conclude, tell_belongings
from patron.core.decision import Decision
from patron.core.draft import Draft, spending_order
from patron.core.facts import MemberMerged
from patron.core.program import Program
from patron.core.rewards import take_punches_over, unlock
from patron.core.tiers import qualify_together

T = TypeVar("T")
C = TypeVar("C", datetime, tuple[str, int])

BETWEEN = "transferred"  # Where points are between two members' accounts.


def merge(program: Program, state: State, fact: MemberMerged, *, at: datetime) -> Decision:
    """Both entries: the one that closes, and in `other` the one that takes over."""
    assert state.other is not None, "needs() asks for both accounts"
    heir = take_over(program, state.other, fact, at=at, taken=state)
    return close(program, state, fact, at=at)._replace(other=heir)


def close(program: Program, state: State, fact: MemberMerged, *, at: datetime) -> Decision:
    """Empty an account for good: no time comes to it any more, not even a birthday."""
    draft = Draft(program, state, fact, at)
    for lot in sorted(draft.all_lots(), key=lambda lot: (lot.asset, spending_order(lot))):
        draft.take(lot, lot.remaining, BETWEEN)
    for asset, balance in state.account.balances.items():
        if balance.debt:
            draft.pass_on(asset, BETWEEN, balance.debt, "debt")
            draft.pay_off(asset, balance.debt)
    for grant in draft.open_grants():
        draft.put_grant(grant._replace(state="merged", lots=(), held_until=NEVER))
    draft.belongings = {}
    tell_belongings(draft)
    account = Account(state.account.member, draft.seq, at, balances=draft.balances)
    return draft.decision()._replace(account=account)


def take_over(
    program: Program, state: State, fact: MemberMerged, *, at: datetime, taken: State
) -> Decision:
    """Everything that `taken`, an account that is closed now, had."""
    both = _united(state.account, taken.account)
    draft = Draft(program, state._replace(account=both), fact, at)
    for kind, data in changes(program, state.account.belongings, both.belongings):
        draft.notice(kind, data)
    _take_lots_over(draft, taken, by=shift(state.account, taken.account))
    qualify_together(draft)
    closed = taken.account
    for meter in sorted(closed.punches.keys() | closed.owed.keys()):
        living, owed = closed.punches.get(meter, ()), closed.owed.get(meter, 0)
        take_punches_over(draft, meter, living, owed=owed)
    unlock(draft, order="")
    draft.due_no_later_than(at)  # What comes first is another thing now: time has to look.
    return conclude(draft)


def _take_lots_over(draft: Draft, taken: State, *, by: int) -> None:
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    for lot in sorted(taken.lots or (), key=lambda lot: (lot.asset, spending_order(lot))):
        mine = draft.open(
            lot.asset, lot.compartment, lot.remaining, lot.expires_at, lot.earned_at, lot.rule,
            _renumbered(lot.origin, by), lot.activates_at,
        )  # fmt: skip
        moved[lot.seq, lot.n] = mine.seq, mine.n
    for asset, balance in taken.account.balances.items():
        if balance.debt:
            draft.owe(asset, balance.debt, to=BETWEEN)
            draft.settle_debt(asset)
    for grant in sorted(taken.grants or (), key=_age):
        lots = tuple(moved[name] for name in grant.lots)
        draft.put_grant(grant._replace(seq=draft.seq, n=draft.next_grant(), lots=lots))


def _age(grant: Grant) -> tuple[object, int, int]:
    return grant.unlocked_at, grant.seq, grant.n


def _united(account: Account, closed: Account) -> Account:
    """Both accounts' doings together, and what the heir chose where it chose anything."""
    by = shift(account, closed)
    ahead = {order: _spent(parts, by) for order, parts in closed.prepaid.items()}
    graces = {key: end for key, end in closed.belongings.items() if key.startswith("entitlement/")}
    return account._replace(
        meters=_meters(account, closed),
        lapsed=_chained(account.lapsed, closed.lapsed),
        used=_used(account, closed),
        streaks=_greater(account.streaks, closed.streaks),
        qualifications=account.qualifications + closed.qualifications,
        prepaid=_chained(account.prepaid, ahead),
        belongings=_greater(account.belongings, graces),
        # What its owner must not spend is not let out by another name.
        frozen=account.frozen or closed.frozen,
        birthday=account.birthday or closed.birthday,
        zone=account.zone or closed.zone,
        consents=account.consents or closed.consents,
        joined_at=account.joined_at or closed.joined_at,
        active_at=_later(account.active_at, closed.active_at),
        ordered_at=_later(account.ordered_at, closed.ordered_at),
        referral=account.referral or closed.referral,
        first_origin=closed.first_origin + by,
        formerly=(*account.formerly, closed.member, *closed.formerly),
    )


def _meters(account: Account, closed: Account) -> dict[str, dict[str, int]]:
    sums = {meter: dict(parts) for meter, parts in account.meters.items()}
    for meter, parts in closed.meters.items():
        mine = sums.setdefault(meter, {})
        for part, value in parts.items():
            mine[part] = mine.get(part, 0) + value
    return sums


def _used(account: Account, closed: Account) -> dict[str, tuple[str, int]]:
    sums = dict(account.used)
    for cap, (window, amount) in closed.used.items():
        known, used = sums.get(cap, ("", 0))
        if known == window:
            sums[cap] = (window, used + amount)
        elif known < window:  # Only the newest window still limits anybody.
            sums[cap] = (window, amount)
    return sums


def _chained(
    mine: Mapping[str, tuple[T, ...]], theirs: Mapping[str, tuple[T, ...]]
) -> dict[str, tuple[T, ...]]:
    return {**mine, **{name: (*mine.get(name, ()), *more) for name, more in theirs.items()}}


def _greater(mine: Mapping[str, C], theirs: Mapping[str, C]) -> dict[str, C]:
    """Of two that go on, the one that goes on for longer."""
    return {**mine, **{name: max(value, mine.get(name, value)) for name, value in theirs.items()}}


def _later(mine: datetime | None, theirs: datetime | None) -> datetime | None:
    return max([at for at in (mine, theirs) if at is not None], default=None)


def shift(heir: Account, closed: Account) -> int:
    """What makes the numbers of a closed account's entries fit below all of its heir's."""
    return heir.first_origin - 1 - closed.seq


def renumbered(order: OrderState, by: int) -> OrderState:
    """An order of a closed account, as its heir sees it."""
    entries = tuple(_renumbered(seq, by) for seq in order.entries)
    return order._replace(entries=entries, spent=_spent(order.spent, by))


def _spent(spent: tuple[Spent, ...], by: int) -> tuple[Spent, ...]:
    return tuple(part._replace(origin=_renumbered(part.origin, by)) for part in spent)


def _renumbered(seq: int, by: int) -> int:
    return seq + by if seq else 0  # 0 is no entry: of points that were owed when they paid.
