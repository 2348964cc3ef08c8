"""What the core reads and gives back: an account, its lots, grants and orders.

All are values. A new state is a new value; nothing here is changed in place, so a
batch that is rolled back leaves nothing behind. Mappings are copied when they change.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from patron.core.facts import OrderCompleted

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # Sorts after every real instant, in Postgres too.
WITH_ACTIVITY = datetime(9998, 1, 1, tzinfo=UTC)  # An end that moves: see `core.ends`.
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

HOUSE = ""  # The member of a program's own account: what was asked of the program itself.

AVAILABLE, PENDING, RESERVED = "available", "pending", "reserved"


class Balance(NamedTuple):
    """What a member has of one asset. None is ever below zero."""

    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0  # What a clawback could not take; the next credits pay it off.


class Lot(NamedTuple):
    """Points with one expiry. Only `remaining` ever changes, and only downwards.

    A pending lot waits until the instant at which it becomes available, by a take that
    moves what remains into a new lot of the same origin and end. Reserved lots keep their
    origin, and do not end while they are held: they go back, or are redeemed.
    """

    asset: str
    compartment: str  # available, pending or reserved.
    expires_at: datetime  # NEVER: does not end. WITH_ACTIVITY: `ends.real_end` knows.
    earned_at: datetime
    seq: int  # The entry that opened it, and its place there: together its name.
    n: int
    amount: int
    remaining: int
    rule: str
    origin: int = 0  # The entry that earned it: moves between compartments keep it.
    activates_at: datetime | None = None  # When a pending one becomes available.


class Take(NamedTuple):
    """What a debit takes from one lot; from no lot, it is debt that grows."""

    asset: str
    compartment: str
    amount: int
    to: str  # redeemed, expired, issuer, available, reserved, debt, written_off, transferred.
    lot_seq: int | None = None
    lot_n: int | None = None


class Punch(NamedTuple):
    """Living punches of one order or event: they lapse together."""

    lapses_at: datetime
    cause: str
    left: int  # How many of them are not used up.


class Grant(NamedTuple):
    """A reward that a member holds; (seq, n) is its name."""

    reward: str
    seq: int
    n: int
    state: str  # unlocked, reserved, claimed, cancelled, lapsed, revoked or merged.
    unlocked_at: datetime
    lapses_at: datetime
    order: str = ""  # The order that unlocked it, if one did.
    request: str = ""  # The request that reserved or claimed it.
    held_until: datetime = NEVER  # When its reservation lapses.
    punches: tuple[Punch, ...] = ()  # Those that it used up: they live again if it is revoked.
    lots: tuple[tuple[int, int], ...] = ()  # The reserved ones that it holds, by (seq, n).
    used_on: str = ""  # The order that it was claimed for.
    code: int = 0  # The number of the code that was drawn for it.
    rule: str = ""  # The rule that gave it, if one did.


class Spent(NamedTuple):
    """Points that pay for an order, and the lot that they came from: they may come back."""

    asset: str
    amount: int
    expires_at: datetime
    earned_at: datetime
    rule: str
    origin: int = 0  # 0: from no lot, they were owed.


class Qualification(NamedTuple):
    """A tier that was reached in a window, and until when it stands."""

    tier: str
    window: str  # The name of the window that reached it: see `core.windows`.
    reached_at: datetime
    held_until: datetime
    grace_from: datetime | None = None  # When its hold ends, if a grace follows it.

    @property
    def hold_ends_at(self) -> datetime:
        """When it is held no longer but by grace."""
        return self.grace_from or self.held_until


class Referral(NamedTuple):
    """Who brought a member, and how far that is: see `core.referring`."""

    by: str  # A member's opaque id.
    since: datetime = NEVER  # From when on the meter has shown enough; NEVER: it does not.
    is_earned: bool = False  # Both were told: it is not told again.


class Account(NamedTuple):
    """One member in one program, after its entry number `seq`."""

    member: str  # The member's opaque id.
    seq: int = 0
    at: datetime = LONG_AGO  # The latest time that it has folded in.
    due_at: datetime = NEVER  # Never later than the next instant at which time changes it.
    tier: str = ""  # "": where everybody starts.
    balances: Mapping[str, Balance] = {}
    meters: Mapping[str, Mapping[str, int]] = {}  # meter → window → value
    punches: Mapping[str, tuple[Punch, ...]] = {}  # meter → living punches, oldest first
    owed: Mapping[str, int] = {}  # meter → punches that a return took back too late
    used: Mapping[str, tuple[str, int]] = {}  # cap → (window, how much of it is used)
    qualifications: tuple[Qualification, ...] = ()
    frozen: bool = False
    birthday: str = ""
    zone: str = ""
    consents: tuple[str, ...] = ()
    joined_at: datetime | None = None
    active_at: datetime | None = None  # Kept where points live with the member's activity.
    lapsed: Mapping[str, tuple[Punch, ...]] = {}  # meter → punches of orders that ended unused
    streaks: Mapping[str, tuple[str, int]] = {}  # rule → (latest local day, days in a row)
    prepaid: Mapping[str, tuple[Spent, ...]] = {}  # order → points redeemed for it beforehand
    belongings: Mapping[str, datetime] = {}  # segment or entitlement → end of its grace
    ordered_at: datetime | None = None  # Kept where the age of the last order counts.
    first_origin: int = 0  # No entry that its lots name is lower: see `core.merging`.
    formerly: tuple[str, ...] = ()  # Members that were merged into it: their once-keys count.
    erased: bool = False  # Nobody's any more: frozen for good, and nothing is said of it.
    referral: Referral | None = None


class Given(NamedTuple):
    """What one rule has given for one order so far, corrections included."""

    rule: str
    asset: str
    amount: int
    written_off: int = 0  # Of `amount`: no longer deserved, not to be had, and let go.


class Counted(NamedTuple):
    """What one order has added to one window of a meter so far."""

    meter: str
    window: str
    amount: int


class Refunded(NamedTuple):
    """What has come back of one line so far."""

    line: str
    amount_minor: int
    quantity_milli: int


class OrderState(NamedTuple):
    """An order as a level: what it holds now, and what it was given so far.

    `completed` gives its lines; it is None while only refunds have come. `tier`, `held`,
    `room` and `version` are the order's own: those of its first completion.
    """

    order: str
    completed: OrderCompleted | None = None
    seq: int = 0  # The entry that keeps `completed`.
    version: str = ""
    tier: str = ""
    room: tuple[tuple[str, int], ...] = ()  # cap → what it allowed this order
    refunded: tuple[Refunded, ...] = ()
    cancelled_at: datetime | None = None  # None too once a later completion brought it back.
    given: tuple[Given, ...] = ()
    counted: tuple[Counted, ...] = ()
    entries: tuple[int, ...] = ()  # The entries that opened lots for it.
    first_at: datetime | None = None  # Its first completion; its windows are those of then.
    shipping_back_minor: int = 0  # What has come back of its shipping so far.
    spent: tuple[Spent, ...] = ()  # The points that pay for it now, in the order of spending.
    paid_points: int = 0  # How many pay for it as long as nothing of it comes back.
    held: tuple[str, ...] = ()  # The segments and entitlements its rules ask for, before it.


class OnceKey(NamedTuple):
    """Something that a rule pays once: about this subject, to each member or to one of all."""

    rule: str
    subject: str
    shared: bool = False  # Of all members together: the first to come uses it up.

    def holder(self, member: str) -> str:
        """Under whose name it is kept; nobody's where it is of all members."""
        return "" if self.shared else member


class Standing(NamedTuple):
    """A member, and what its account shows that a closing counts by."""

    member: str
    value: int


class Tally(NamedTuple):
    """What a closing read of all accounts of its program, in one snapshot."""

    members: int  # With more than nothing.
    total: int  # Of what they have: entries in a draw, a meter's minor units.
    winners: tuple[str, ...] = ()  # Of a draw: the entries that won, from the first prize on.


class Taken(NamedTuple):
    """How much of a pool is taken: for good, and by reservations that stand."""

    used: int = 0
    held: int = 0
    loaded: int = 0  # Of codes: how many there are.


class Taking(NamedTuple):
    """What an entry does to a pool. It replaces what the reservation `hold` held of it."""

    pool: str
    amount: int  # Negative gives back what was taken for good; 0 only ends the hold.
    hold: str = ""  # The request of the reservation.
    until: datetime = NEVER  # Until when the reservation holds it; NEVER: for good.


class Had(NamedTuple):
    """What an order or event had of what is shared, after an entry. That stands in every fold."""

    entry: int
    rule: str  # With a budget, or of which the first of all members is paid.
    amount: int


class Then(NamedTuple):
    """What an account had at the time of a late fact that changes nothing before its arrival."""

    tier: str
    used: dict[str, tuple[str, int]]  # Cap → (window, how much of it was used).


class State(NamedTuple):
    """All that a fact may touch. None: not loaded, since `needs` did not ask for it.

    `lots` are the open ones (remaining > 0), in the order of spending, and `grants` those
    that are unlocked or reserved; `ended` are those that are over, of the reservation or
    order that the fact names; `order` is that order's row (None: no such order yet); `once`
    are the keys that are already taken.
    """

    account: Account
    lots: tuple[Lot, ...] | None = None
    grants: tuple[Grant, ...] | None = None
    order: OrderState | None = None
    once: frozenset[OnceKey] = frozenset()
    other: "State | None" = None  # The second account of a transfer or a merge.
    tally: Tally | None = None  # Of all accounts, where a closing is decided.
    ended: tuple[Grant, ...] = ()
    pools: Mapping[str, Taken] = {}  # What is taken of the pools that the fact may touch.
    stands: Mapping[str, int] | None = None  # In a fold: the most that each shared rule gives.
    then: Then | None = None  # Of a late fact under `forward_only`: what it earns by.
