"""Facts: what happened, in the core's words.

A fact is an event that was accepted: its contract was checked, its money is integer
minor units, its instants are aware and in UTC, and every identifier of a person but
the opaque member id is already a keyed hash. Facts are values: two that are equal are
the same fact. They are encoded field by field, in this order, into an entry's body, so
a field may be added at the end with a default, and none may move.
"""

from datetime import datetime
from typing import NamedTuple, get_args


class EventName(NamedTuple):
    """Names one event for ever, in whatever order and however often it comes."""

    tenant: str
    source: str
    id: str


class Who(NamedTuple):
    """A member, by the opaque id (`kind` "id") or by one identifier's keyed hash."""

    kind: str
    value: str


class Line(NamedTuple):
    """One article of a basket. Amounts are for the whole line, not for one unit."""

    line: str  # Unique within its order; refunds name it.
    sku: str
    category: str
    quantity_milli: int  # Thousandths of a unit: 1,500 is one and a half kilograms.
    paid_minor: int  # After line and order discounts, without tax.
    list_minor: int  # Before any discount, without tax.
    tax_minor: int = 0
    kind: str = "goods"  # goods, service, gift_card, reward or discount.
    attributes: tuple[tuple[str, str], ...] = ()


class Payment(NamedTuple):
    """A part of what was charged: by money, points, gift_card or promotion."""

    method: str
    amount_minor: int


class OrderCompleted(NamedTuple):
    """A member paid for a basket; a second one of the same order is an edit."""

    name: EventName
    at: datetime
    member: Who | None
    order: str
    currency: str
    lines: tuple[Line, ...]
    rate: tuple[int, int] | None = (
        None  # Units of its currency in one of the program's: a fraction.
    )
    shipping_minor: int = 0
    payments: tuple[Payment, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    currency_digits: int = 2  # Digits after the point of its currency (ISO 4217).


class RefundedLine(NamedTuple):
    """What came back of one line. `quantity_milli` may be 0: money only."""

    line: str
    amount_minor: int
    quantity_milli: int = 0
    units_alone: bool = False  # Its amount is what these units are worth: see `core.returns`.


class OrderRefunded(NamedTuple):
    """Part of an order came back: by lines, or as an amount spread over what is left."""

    name: EventName
    at: datetime
    member: Who | None
    order: str
    lines: tuple[RefundedLine, ...] = ()
    amount_minor: int = 0  # Without lines only.
    reason: str = ""
    currency: str = ""  # Its order's, or the refund is unfit.
    shipping_minor: int = 0  # What came back of the shipping, besides.
    cumulative: bool = False  # Its amounts are totals to date, not what came back just now.


class OrderCancelled(NamedTuple):
    """All of an order is void, until a later `OrderCompleted` brings it back."""

    name: EventName
    at: datetime
    member: Who | None
    order: str
    reason: str = ""


class Engaged(NamedTuple):
    """A member did something that is not a purchase: a review, a share, a check-in."""

    name: EventName
    at: datetime
    member: Who | None
    action: str  # review, video, share, survey_answered, coupon_redeemed, a custom name …
    subject: str = ""  # What it was about: a product, a campaign. Once-keys use it.
    attributes: tuple[tuple[str, str | int], ...] = ()


class MemberEnrolled(NamedTuple):
    """A member joined. Names and addresses are not here: they are personal data."""

    name: EventName
    at: datetime
    member: Who
    identifiers: tuple[Who, ...] = ()
    birthday: str = ""  # "MM-DD"; the year is nobody's business.
    zone: str = ""
    consents: tuple[str, ...] = ()


class IdentifiersLinked(NamedTuple):
    """More names that lead to the same member."""

    name: EventName
    at: datetime
    member: Who
    identifiers: tuple[Who, ...]


class ProfileChanged(NamedTuple):
    """What a member chose, from now on. An empty field is left as it was."""

    name: EventName
    at: datetime
    member: Who
    birthday: str = ""
    zone: str = ""
    consents: tuple[str, ...] | None = None


class MemberMerged(NamedTuple):
    """`member` was the same person as `into`, and is closed."""

    name: EventName
    at: datetime
    member: Who
    into: Who


class MemberErased(NamedTuple):
    """A person asked to be forgotten: names go, sums stay."""

    name: EventName
    at: datetime
    member: Who


class RedeemAsked(NamedTuple):
    """A request: spend an amount of an asset, or claim a reward, now and for good."""

    name: EventName
    at: datetime
    member: Who
    asset: str = ""
    amount: int = 0
    reward: str = ""
    order: str = ""
    total_minor: int = 0  # What is to be paid for the order, in the program's currency.


class ReserveAsked(NamedTuple):
    """A request: hold a reward, or an amount, until it is confirmed or lapses."""

    name: EventName
    at: datetime
    member: Who
    asset: str = ""
    amount: int = 0
    reward: str = ""


class ConfirmAsked(NamedTuple):
    """A request: make a reservation final. `reservation` is the id of its request."""

    name: EventName
    at: datetime
    member: Who
    reservation: str
    order: str = ""  # The order that the reward is used on.


class CancelAsked(NamedTuple):
    """A request: give a reservation back."""

    name: EventName
    at: datetime
    member: Who
    reservation: str


class TransferAsked(NamedTuple):
    """A request: move an amount to another member, both entries or none."""

    name: EventName
    at: datetime
    member: Who
    to: Who
    asset: str
    amount: int


class AdjustAsked(NamedTuple):
    """A request of an operator: credit or debit by hand, with a reason."""

    name: EventName
    at: datetime
    member: Who
    asset: str
    amount: int  # Negative takes.
    reason: str
    operator: str = ""


class FreezeAsked(NamedTuple):
    """A request of an operator: stop or resume spending."""

    name: EventName
    at: datetime
    member: Who
    frozen: bool
    reason: str = ""


class ReferAsked(NamedTuple):
    """A request: let it be known who brought this member."""

    name: EventName
    at: datetime
    member: Who
    referrer: str  # The opaque id of the member who did.


class DrawClosed(NamedTuple):
    """A request to the program itself: draw the winners, by the seed that was kept till now."""

    name: EventName
    at: datetime
    draw: str
    seed: str


class ShareOutClosed(NamedTuple):
    """A request to the program itself: divide an amount among its members by a meter."""

    name: EventName
    at: datetime
    share_out: str
    amount: int  # Of the share-out's asset.


class Winning(NamedTuple):
    """The k-th entry of a member, drawn at a place: 1 is the first prize."""

    place: int
    number: int


class DrawWon(NamedTuple):
    """Entries of a member were drawn. Only a closing makes one."""

    name: EventName
    at: datetime
    member: Who
    draw: str
    won: tuple[Winning, ...]


class ShareGiven(NamedTuple):
    """A member's part of what was shared out. Only a closing makes one."""

    name: EventName
    at: datetime
    member: Who
    share_out: str
    amount: int


class TimeReached(NamedTuple):
    """Time itself: whatever is due for one account at exactly `at`.

    Its name is made of its cause, so that it is the same however late and however often
    it is found: see `time_reached`.
    """

    name: EventName
    at: datetime


# What happens to an order, and what takes of it back. Named, since to write a union down where
# it is asked for makes it anew for every fact.
OrderFact = OrderCompleted | OrderRefunded | OrderCancelled
TakenBack = OrderRefunded | OrderCancelled

Fact = (
    OrderCompleted
    | OrderRefunded
    | OrderCancelled
    | Engaged
    | MemberEnrolled
    | IdentifiersLinked
    | ProfileChanged
    | MemberMerged
    | MemberErased
    | RedeemAsked
    | ReserveAsked
    | ConfirmAsked
    | CancelAsked
    | TransferAsked
    | AdjustAsked
    | FreezeAsked
    | TimeReached
    | DrawClosed
    | ShareOutClosed
    | DrawWon
    | ShareGiven
    | ReferAsked
)

Request = (
    RedeemAsked
    | ReserveAsked
    | ConfirmAsked
    | CancelAsked
    | TransferAsked
    | AdjustAsked
    | FreezeAsked
    | DrawClosed
    | ShareOutClosed
    | DrawWon
    | ShareGiven
    | ReferAsked
)

REQUESTS: frozenset[type[Fact]] = frozenset(get_args(Request))

# Requests that look at all accounts of a program at once: see `core.closings`.
Closing = DrawClosed | ShareOutClosed

# The number that an entry keeps for a fact's kind. Append only.
KINDS: tuple[type[Fact], ...] = (
    TimeReached,
    OrderCompleted,
    OrderRefunded,
    OrderCancelled,
    Engaged,
    MemberEnrolled,
    IdentifiersLinked,
    ProfileChanged,
    MemberMerged,
    MemberErased,
    RedeemAsked,
    ReserveAsked,
    ConfirmAsked,
    CancelAsked,
    TransferAsked,
    AdjustAsked,
    FreezeAsked,
    DrawClosed,
    ShareOutClosed,
    DrawWon,
    ShareGiven,
    ReferAsked,
)
KIND_OF: dict[type[Fact], int] = {kind: number for number, kind in enumerate(KINDS)}

TIME_SOURCE = "patron:time"


def time_reached(tenant: str, at: datetime) -> TimeReached:
    """The fact that `at` has come for an account of this tenant."""
    return TimeReached(EventName(tenant, TIME_SOURCE, at.isoformat()), at)
