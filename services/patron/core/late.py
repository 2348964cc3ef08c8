"""Late facts, once for all mechanics: what they change in all that came after them.

The account is folded by time twice, without the late fact and with it. What differs is
posted in one entry of the late fact: lots that are opened or reduced, points that went
elsewhere, orders, rewards, meters and the tier. The account is afterwards what it would
be had the fact come in time; answers to requests stand.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from patron.core.account import NEVER, RESERVED, Grant, Lot, OrderState, Spent, State
from patron.core.concluding import tell_belongings
from patron.core.decide import acts_at
from patron.core.decision import Correction, Decision, Unfit
from patron.core.draft import Draft, spending_order
from patron.core.facts import (
    Engaged,
    Fact,
    MemberEnrolled,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    ProfileChanged,
    TakenBack,
    TimeReached,
)
from patron.core.late_shares import settle_shares, shares_changed
from patron.core.pools import slots_of, without_slots
from patron.core.program import Program
from patron.core.referring import as_told
from patron.core.refold import Fold, Past, Whose, what_stands
from patron.core.rewards import revoke, tell_lapsed, tell_unlocked
from patron.core.tiers import tell_change

CORRECTION = "correction"
# Where points can be but in lots. What is owed counts against its place.
PLACES = ("issuer", "redeemed", "expired", "transferred", "debt")


class Kind(NamedTuple):
    """Points that are alike: whichever lot holds them, they are spent and end alike."""

    asset: str
    compartment: str
    expires_at: datetime
    earned_at: datetime
    origin: int
    rule: str
    held_by: str = ""  # The reservation that holds them.
    activates_at: datetime | None = None

    @property
    def place(self) -> tuple[object, ...]:
        """Kinds in a fixed order, that of spending."""
        return (*self[:7], self.activates_at or NEVER)


class Subject(NamedTuple):
    """An order or an engagement, and what it was given by one rule."""

    entry: int
    order: str
    rule: str
    asset: str


def decide_late(
    program: Program, state: State, fact: Fact, *, history: Iterable[Past], whose: Whose
) -> Decision | Unfit:
    """What follows from a fact that acts before its account's time.

    `history` is all that the account has accepted, in any order.
    """
    times = {past.at: past.seq for past in history if isinstance(past.fact, TimeReached)}
    facts = [past for past in history if not isinstance(past.fact, TimeReached)]
    facts.sort(key=_by_time)
    new = Past(state.account.seq + 1, fact, fact.at, program.version)
    place = bisect_right(facts, _by_time(new), key=_by_time)
    was = Fold(whose, time_entries=times, had=what_stands(history))
    for past in facts[:place]:
        was.put(past)
    now = was.branch()
    own = now.ask(new, state)
    for past in facts[place:]:
        was.put(past)
        now.put(past)
    for fold in (was, now):
        fold.reach(state.account.at)
    if now.unfit is not None and was.unfit is None:
        return now.unfit

    draft = Draft(program, state, fact, acts_at(fact, state))
    draft.proofs.extend(own.proofs if own else ())
    corrections = _Corrections(draft, was, now)
    return corrections.decision()


# Those that change what came after them. Requests act no earlier than their account.
KINDS = (OrderCompleted, OrderRefunded, OrderCancelled, Engaged, MemberEnrolled, ProfileChanged)


def is_late(program: Program, state: State, fact: Fact) -> bool:
    """Whether a fact acts before its account's time, and changes what came after it."""
    if fact.at >= state.account.at or not isinstance(fact, KINDS):
        return False
    if state.account.formerly:
        return False  # Its own entries are not all that it has.
    if isinstance(fact, TakenBack) and not (state.order and state.order.completed):
        return False  # It waits for its order.
    return program.late == "retroactive" and acts_at(fact, state) < state.account.at


def _by_time(past: Past) -> tuple[datetime, int]:
    # At one instant by arrival; a refund whose order is not there yet waits for it.
    return past.at, past.seq


class _Corrections:
    """The differences between two folds, posted on the account as it stands."""

    def __init__(self, draft: Draft, was: Fold, now: Fold) -> None:
        self.draft = draft
        self.was = was
        self.now = now

    def decision(self) -> Decision:
        """All of it, as one decision."""
        draft, now = self.draft, self.now
        debt = {asset: balance.debt for asset, balance in draft.balances.items()}
        opened = self._move_points()
        self._settle_grants(opened)
        corrections = tuple(self._corrected())
        self._tell(corrections, debt)
        draft.once.extend(sorted(now.once - self.was.once))
        settle_shares(draft, self.was, now)
        account = now.state.account._replace(
            seq=draft.seq,
            at=draft.account.at,
            balances=draft.balances,
            # What a member may have of a reward is counted as it is answered, not by time.
            used=without_slots(now.state.account.used) | slots_of(draft.used),
            prepaid={
                order: _of_entries(parts, now.real)
                for order, parts in now.state.account.prepaid.items()
            },
        )
        account = as_told(draft.program, account, before=draft.account.referral)
        draft.belongings = account.belongings
        tell_belongings(draft)
        return draft.decision()._replace(
            account=account,
            orders=tuple(self._orders()),
            corrections=corrections,
            had=tuple(shares_changed(self.was, now, own=draft.seq)),
            freed=tuple(sorted(self.was.once - now.once)),
        )

    # Points.

    def _move_points(self) -> dict[Kind, Lot]:
        """Move what lies elsewhere now, the fewest points that do; return the lots opened."""
        draft = self.draft
        standing = _held(self.draft.state, None)
        deserved: Counter[Kind] = Counter()
        for kind, lots in _held(self.now.state, self.now.real).items():
            deserved[self._named(kind)] += sum(lot.remaining for lot in lots)
        sources: dict[str, list[tuple[Lot | str, int]]] = {}
        sinks: dict[str, list[tuple[Kind | str, int]]] = {}
        for kind in sorted(standing.keys() | deserved.keys(), key=lambda kind: kind.place):
            change = deserved[kind] - sum(lot.remaining for lot in standing.get(kind, ()))
            if change > 0:
                sinks.setdefault(kind.asset, []).append((kind, change))
            for lot in sorted(standing.get(kind, ()), key=spending_order):
                part = min(-change, lot.remaining)
                if part > 0:
                    sources.setdefault(kind.asset, []).append((lot, part))
                    change += part
        for asset in sorted({asset for asset, _ in self.now.places} | sources.keys()):
            self._add_places(asset, sources.setdefault(asset, []), sinks.setdefault(asset, []))
        opened = {
            kind: draft.put_lot(kind.asset, kind.compartment, change, kind.expires_at,
                                kind.earned_at, kind.rule, kind.origin, kind.activates_at)
            for found in sinks.values() for kind, change in found if isinstance(kind, Kind)
        }  # fmt: skip
        for asset, found in sources.items():
            _pair(draft, asset, found, sinks[asset])
        return opened

    def _named(self, kind: Kind) -> Kind:
        # What time itself earned, at an instant that has no entry, is the late fact's doing.
        return kind if kind.origin else kind._replace(origin=self.draft.seq)

    def _add_places(
        self, asset: str, sources: list[tuple[Lot | str, int]], sinks: list[tuple[Kind | str, int]]
    ) -> None:
        changes = {
            place: self.now.places[asset, place] - self.was.places[asset, place] for place in PLACES
        }
        debt = self.now.state.account.balances.get(asset)
        changes["debt"] = self.draft.balance(asset).debt - (debt.debt if debt else 0)
        inside = sum(part for _, part in sinks) - sum(part for _, part in sources)
        # Nothing comes from nowhere.
        changes["issuer"] -= inside + sum(changes.values())
        for place in PLACES:
            if changes[place] < 0:
                sources.append((place, -changes[place]))
            elif changes[place]:
                sinks.append((place, changes[place]))

    # Rewards.

    def _settle_grants(self, opened: Mapping[Kind, Lot]) -> None:
        """Let the member hold what is deserved; what is held already keeps its name."""
        draft = self.draft
        standing = draft.open_grants()
        deserved = [self._of_account(grant) for grant in self.now.state.grants or ()]
        deserved.sort(key=lambda grant: (grant.unlocked_at, grant.seq, grant.n))
        left = list(standing)
        pairs: list[tuple[Grant, Grant | None]] = []
        for sameness in (_very_same, _same):
            for grant in list(deserved):
                found = next((held for held in left if sameness(held, grant)), None)
                if found is not None:
                    left.remove(found)
                    deserved.remove(grant)
                    pairs.append((grant, found))
        for grant, held in pairs:
            assert held is not None
            lots = self._lots_of(grant, held, opened)
            grant = grant._replace(seq=held.seq, n=held.n, lots=lots)
            if grant != held:
                draft.put_grant(grant)
        for held in left:
            self._take_back(held)
        for grant in deserved:
            place = draft.next_grant()
            grant = grant._replace(seq=draft.seq, n=place, lots=self._lots_of(grant, None, opened))
            draft.put_grant(grant)
            if grant.state == "unlocked":
                tell_unlocked(draft, grant)

    def _of_account(self, grant: Grant) -> Grant:
        return grant._replace(seq=self.now.real[grant.seq] or self.draft.seq)

    def _lots_of(
        self, grant: Grant, held: Grant | None, opened: Mapping[Kind, Lot]
    ) -> tuple[tuple[int, int], ...]:
        if grant.state != "reserved":
            return ()
        names = [name for name in (held.lots if held else ()) if self.draft.lots[name].remaining]
        names += [(o.seq, o.n) for kind, o in opened.items() if kind.held_by == grant.request]
        return tuple(names)

    def _take_back(self, held: Grant) -> None:
        if self.now.lapsed[held.reward] > self.was.lapsed[held.reward]:
            self.was.lapsed[held.reward] += 1
            self.draft.put_grant(held._replace(state="lapsed", lots=()))
            tell_lapsed(self.draft, held)
            return
        revoke(self.draft, held._replace(lots=()), reason=CORRECTION)

    # Orders, and what is said.

    def _orders(self) -> Iterator[OrderState]:
        own = getattr(self.draft.fact, "order", None)
        for name, order in self.now.orders.items():
            order = _of_account(order, self.now.real)
            before = self.was.orders.get(name)
            if name == own or before is None or order != _of_account(before, self.was.real):
                yield order

    def _corrected(self) -> Iterator[Correction]:
        before, after = _given(self.was), _given(self.now)
        own = getattr(self.draft.fact, "order", "")
        for subject in after | before:
            change = after.get(subject, (0, NEVER))[0] - before.get(subject, (0, NEVER))[0]
            if change:
                at = (after.get(subject) or before[subject])[1]
                # A late refund acts at its own time, on what its order was given before.
                if subject.order and subject.order == own:
                    at = self.draft.at
                yield Correction(
                    subject.entry, at, subject.order, subject.rule, subject.asset, change
                )

    def _tell(self, corrections: Sequence[Correction], debt: Mapping[str, int]) -> None:
        draft = self.draft
        grown = {
            asset: balance.debt - debt.get(asset, 0) for asset, balance in draft.balances.items()
        }
        for entry, at, order, rule, asset, change in corrections:
            data = {"asset": asset, "amount": abs(change), "rule": rule}
            if order:
                data["order"] = order
            if entry != draft.seq:
                data["corrects_entry"] = entry
            if change > 0:
                draft.notice("points.earned", data, at=at)
                continue
            owed = min(max(0, grown.get(asset, 0)), -change)
            grown[asset] = grown.get(asset, 0) - owed
            if owed and order:
                told = {"asset": asset, "amount": owed, "order": order}
                draft.notice("points.debt", told, at=at)
            draft.notice("points.reversed", data | {"debt": owed}, at=at)
        self._tell_tier()

    def _tell_tier(self) -> None:
        ladder, draft = self.draft.program.ladder, self.draft
        account = self.now.state.account
        if ladder is None:
            return
        before, place = ladder.place(draft.tier), ladder.place(account.tier)
        if before == place:
            return
        held = [q.held_until for q in account.qualifications if ladder.place(q.tier) == place]
        held_until = max(held, default=NEVER)
        tell_change(draft, ladder, before, place, reason=CORRECTION, held_until=held_until)


def _held(state: State, real: Sequence[int] | None) -> dict[Kind, list[Lot]]:
    """Open lots by kind; `real` leads from a fold's entries to the account's."""
    assert state.lots is not None
    holders = {name: grant.request for grant in state.grants or () for name in grant.lots}
    kinds: dict[Kind, list[Lot]] = {}
    for lot in state.lots:
        origin = lot.origin if real is None else real[lot.origin]
        held_by = holders.get((lot.seq, lot.n), "") if lot.compartment == RESERVED else ""
        kind = Kind(
            lot.asset, lot.compartment, lot.expires_at, lot.earned_at, origin, lot.rule, held_by,
            lot.activates_at,
        )  # fmt: skip
        kinds.setdefault(kind, []).append(lot)
    return kinds


def _pair(
    draft: Draft, asset: str, sources: Sequence[tuple[Lot | str, int]],
    sinks: Sequence[tuple[Kind | str, int]],
) -> None:  # fmt: skip
    """Send what is too much somewhere to where it is missing, in their order."""
    waiting = list(reversed(sinks))
    for source, amount in sources:
        while amount:
            sink, missing = waiting.pop()
            part = min(amount, missing)
            to = sink.compartment if isinstance(sink, Kind) else sink
            if isinstance(source, Lot):
                draft.take(source, part, to)
            elif source != "issuer" or not isinstance(sink, Kind):
                draft.pass_on(asset, source, part, to)
            if to == "debt":
                draft.pay_off(asset, part)
            amount -= part
            if missing > part:
                waiting.append((sink, missing - part))


def _very_same(held: Grant, grant: Grant) -> bool:
    return _same(held, grant) and (held.unlocked_at, held.order) == (
        grant.unlocked_at,
        grant.order,
    )


def _same(held: Grant, grant: Grant) -> bool:
    return (held.reward, held.state, held.request) == (grant.reward, grant.state, grant.request)


def _of_account(order: OrderState, real: Sequence[int]) -> OrderState:
    entries = tuple(sorted({real[entry] for entry in order.entries}))
    spent = _of_entries(order.spent, real)
    return order._replace(seq=real[order.seq], entries=entries, spent=spent)


def _of_entries(parts: Iterable[Spent], real: Sequence[int]) -> tuple[Spent, ...]:
    return tuple(part._replace(origin=real[part.origin]) for part in parts)


def _given(fold: Fold) -> dict[Subject, tuple[int, datetime]]:
    """What orders and engagements were given by each rule, and when they were."""
    found = {}
    for order in fold.orders.values():
        assert order.first_at is not None
        for given in order.given:
            subject = Subject(fold.real[order.seq], order.order, given.rule, given.asset)
            found[subject] = (given.amount - given.written_off, order.first_at)
    for entry, paid in fold.paid.items():
        for given in paid.given:
            found[Subject(entry, "", given.rule, given.asset)] = (given.amount, paid.at)
    return found
