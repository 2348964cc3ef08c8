"""Core values as rows, and rows as core values."""

from collections.abc import Iterable, Mapping, Sequence

from patron.core.account import AVAILABLE, Account, Balance, Grant, Lot, Take
from patron.core.draft import EMPTY
from patron.core.facts import Fact, TakenBack, TransferAsked
from patron.core.refold import Past
from patron.engine.lineage import Lineage
from patron.engine.names import (
    COMPARTMENT,
    COMPARTMENTS,
    DESTINATION,
    GRANT_STATE,
    GRANT_STATES,
    Names,
)
from patron.store.accounts import AccountRow
from patron.store.grants import GrantRow
from patron.store.ledger import EntryRow, LotRow, TakeRow
from patron.store.waiting import WaitingFact
from patron.wire import bodies
from patron.wire.identity import order_key

SIDES = len(Balance._fields)


def facts_of(rows: Iterable[WaitingFact]) -> list[Fact]:
    """Facts that waited, in the order in which they act."""
    facts = [bodies.decode_fact(row.kind, row.fact) for row in rows]
    return sorted(facts, key=lambda fact: (fact.at, fact.name))


def account_of(row: AccountRow, member: str, names: Names) -> Account:
    """The account that a row keeps."""
    stored = bodies.decode_account(row.state)
    if stored is None:
        return Account(member)

    return Account(
        member,
        row.seq,
        stored.at,
        row.due_at,
        names.tier_named[row.tier],
        balances_of(row.balances, names),
        stored.meters,
        stored.punches,
        stored.owed,
        stored.used,
        stored.qualifications,
        stored.frozen,
        stored.birthday,
        stored.zone,
        stored.consents,
        stored.joined_at,
        stored.active_at,
        stored.lapsed,
        stored.streaks,
        stored.prepaid,
        stored.belongings,
        stored.ordered_at,
        stored.first_origin,
        stored.formerly,
        stored.erased,
        stored.referral,
    )


def balances_of(numbers: Sequence[int], names: Names) -> dict[str, Balance]:
    """Balances by asset, of those that were ever held."""
    balances = {}
    for place in range(0, len(numbers), SIDES):
        balance = Balance(*numbers[place : place + SIDES])
        if balance != EMPTY:
            balances[names.asset_named[place // SIDES + 1]] = balance
    return balances


def balance_numbers(balances: Mapping[str, Balance], names: Names) -> list[int]:
    """Four numbers an asset, by the asset's number."""
    numbers: list[int] = []
    for name, balance in balances.items():
        first = (names.asset[name] - 1) * SIDES
        if len(numbers) < first + SIDES:
            numbers.extend([0] * (first + SIDES - len(numbers)))
        numbers[first : first + SIDES] = balance
    return numbers


def lot_row(lot: Lot, account: int, names: Names) -> LotRow:
    """A lot's row."""
    return LotRow(
        account,
        names.asset[lot.asset],
        COMPARTMENT[lot.compartment],
        lot.expires_at,
        lot.earned_at,
        lot.seq,
        lot.n,
        lot.amount,
        lot.remaining,
        names.rule[lot.rule],
        lot.origin,
        lot.activates_at,
    )


def lot_of(row: LotRow, names: Names) -> Lot:
    """The lot that a row keeps."""
    return Lot(
        names.asset_named[row.asset],
        COMPARTMENTS[row.compartment],
        row.expires_at,
        row.earned_at,
        row.seq,
        row.n,
        row.amount,
        row.remaining,
        names.rule_named[row.rule],
        row.origin,
        row.activates_at,
    )


def take_row(take: Take, account: int, *, seq: int, n: int, names: Names) -> TakeRow:
    """A take's row; `n` is its place in the entry."""
    return TakeRow(
        account,
        seq,
        n,
        names.asset[take.asset],
        COMPARTMENT[take.compartment],
        take.amount,
        DESTINATION[take.to],
        take.lot_seq,
        take.lot_n,
    )


def past_of_entry(entry: EntryRow, lineage: Lineage) -> Past:
    """An entry as a fold of its account needs it."""
    fact, reads = bodies.decode_body(entry.kind, entry.body)
    version = lineage.hash_of(entry.version)
    at = fact.at if isinstance(fact, TakenBack) else entry.at
    received = lots_received(fact, reads)
    return Past(entry.seq, fact, at, version, reads.answer, received, reads.had, reads.then)


def lots_received(fact: Fact, reads: bodies.Reads) -> tuple[Lot, ...]:
    """What a transfer brought, where the entry is its receiver's."""
    if not isinstance(fact, TransferAsked):
        return ()
    return tuple(
        Lot(fact.asset, AVAILABLE, r.expires_at, r.earned_at, 0, 0, r.amount, r.amount, r.rule)
        for r in reads.received
    )


def grant_row(grant: Grant, account: int, names: Names) -> GrantRow:
    """A grant's row."""
    return GrantRow(
        account,
        grant.seq,
        grant.n,
        names.reward[grant.reward],
        GRANT_STATE[grant.state],
        grant.unlocked_at,
        grant.lapses_at,
        grant.held_until,
        bodies.encode_grant(grant),
        order_key(grant.request) if grant.request else None,
        order_key(grant.used_on) if grant.used_on else None,
    )


def grant_of(row: GrantRow, names: Names) -> Grant:
    """The grant that a row keeps."""
    stored = bodies.decode_grant(row.detail)
    return Grant(
        names.reward_named[row.reward],
        row.seq,
        row.n,
        GRANT_STATES[row.state],
        row.unlocked_at,
        row.lapses_at,
        stored.order,
        stored.request,
        row.ends_at,
        stored.punches,
        stored.lots,
        stored.used_on,
        stored.code,
        stored.rule,
    )
