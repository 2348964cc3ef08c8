"""What time alone does to an account, each effect at its own instant.

At one instant: what ends (lots, punches, rewards, reservations, qualifications), what
starts (activations), what is said ahead (reminders), the tier, and last what time
awards, by the tier that is left. Found late, it is the same: an effect acts at the
instant at which it was due.
"""

from collections.abc import Iterator
from datetime import datetime

from patron.core.account import AVAILABLE, NEVER, RESERVED, Account, Grant, Lot, State
from patron.core.awards import award
from patron.core.belongings import next_change
from patron.core.draft import Draft, spending_order
from patron.core.ends import real_end, remind_at
from patron.core.mechanics.yearly import next_award
from patron.core.periods import stamp
from patron.core.pools import count_slot
from patron.core.program import Program
from patron.core.referring import earn, earned_at
from patron.core.rewards import remember_lapsed, tell_lapsed
from patron.core.tiers import end_qualifications


def next_instant(program: Program, state: State) -> datetime:
    """The first instant at which time changes this account; NEVER if none is known.

    Needs the lots and grants. It may lie before the account's own time, where a late
    fact brought something that had ended already.
    """
    return min(_instants(program, state), default=NEVER)


def _instants(program: Program, state: State) -> Iterator[datetime]:
    account = state.account
    assert state.lots is not None
    assert state.grants is not None
    for lot in state.lots:
        if lot.compartment != RESERVED:
            yield real_end(program, account, lot)
        if lot.activates_at is not None and not account.frozen:
            yield lot.activates_at
        told_at = _told_at(program, account, lot)
        if told_at > account.at:
            yield told_at
    for grant in state.grants:
        yield grant.held_until if grant.state == "reserved" else grant.lapses_at
    for punches in account.punches.values():
        if punches:
            yield punches[0].lapses_at
    for held in account.qualifications:
        yield held.held_until
        if held.hold_ends_at > account.at:
            yield held.hold_ends_at
    yield next_award(program, account)
    yield next_change(program, account, account.at)
    yield earned_at(program, account.referral)


def _told_at(program: Program, account: Account, lot: Lot) -> datetime:
    return remind_at(program, lot.asset, lot.compartment, real_end(program, account, lot))


def pass_instant(draft: Draft) -> None:
    """Let everything that is due at `draft.at` happen."""
    _expire(draft)
    _lapse_punches(draft)
    _lapse_grants(draft)
    _activate(draft)
    _remind(draft)
    end_qualifications(draft)
    earn(draft)
    award(draft)


def _expire(draft: Draft) -> None:
    expired: dict[str, int] = {}
    # What is held for a request does not end meanwhile; what is pending does.
    ended = [
        lot
        for lot in draft.all_lots()
        if lot.compartment != RESERVED and real_end(draft.program, draft.account, lot) <= draft.at
    ]
    for lot in sorted(ended, key=_by_asset):
        draft.take(lot, lot.remaining, "expired")
        expired[lot.asset] = expired.get(lot.asset, 0) + lot.remaining
    for asset, amount in expired.items():
        draft.notice("points.expired", {"asset": asset, "amount": amount})


def _activate(draft: Draft) -> None:
    if not draft.account.frozen:
        activate(draft)


def activate(draft: Draft) -> None:
    """Let points whose wait is over become available ones, with the end that they earned."""
    activated: dict[str, int] = {}
    due = [lot for lot in draft.all_lots() if (lot.activates_at or NEVER) <= draft.at]
    for lot in sorted(due, key=_by_asset):
        draft.move(lot, lot.remaining, AVAILABLE, lot.expires_at)
        activated[lot.asset] = activated.get(lot.asset, 0) + lot.remaining
    for asset, amount in activated.items():
        draft.notice("points.activated", {"asset": asset, "amount": amount})


def _by_asset(lot: Lot) -> tuple[object, ...]:
    return lot.asset, spending_order(lot)


def _remind(draft: Draft) -> None:
    ending: dict[tuple[datetime, str], int] = {}
    for lot in draft.all_lots():
        if _told_at(draft.program, draft.account, lot) == draft.at:
            place = (real_end(draft.program, draft.account, lot), lot.asset)
            ending[place] = ending.get(place, 0) + lot.remaining
    for (expires_at, asset), amount in sorted(ending.items()):
        data = {"asset": asset, "amount": amount, "expires_at": stamp(expires_at)}
        draft.notice("points.expiring", data)


def _lapse_punches(draft: Draft) -> None:
    for meter, punches in draft.punches.items():
        ended = tuple(p for p in punches if p.lapses_at <= draft.at)
        if ended:
            draft.punches[meter] = tuple(p for p in punches if p.lapses_at > draft.at)
            remember_lapsed(draft, meter, ended)


def _lapse_grants(draft: Draft) -> None:
    for grant in draft.open_grants():
        if grant.state == "reserved" and grant.held_until <= draft.at:
            grant = release(draft, grant, state="lapsed")
        if grant.state == "unlocked" and grant.lapses_at <= draft.at:
            draft.put_grant(grant._replace(state="lapsed"))
            tell_lapsed(draft, grant)


def release(draft: Draft, grant: Grant, *, state: str) -> Grant:
    """End a reservation: points go back with their own expiry, an unlocked reward unlocks."""
    count_slot(draft, grant.reward, -1)
    lots = reserved_lots(draft, grant)
    for lot in lots:
        draft.move(lot, lot.remaining, AVAILABLE, lot.expires_at)
    if lots:
        grant = grant._replace(state=state, lots=())
        if grant.reward and state == "lapsed":
            tell_lapsed(draft, grant)
    else:
        grant = grant._replace(state="unlocked", held_until=NEVER)
    draft.put_grant(grant)
    return grant


def reserved_lots(draft: Draft, grant: Grant) -> list[Lot]:
    """The lots that a reservation holds."""
    return [draft.lots[name] for name in grant.lots]
