"""Facts, accounts and orders as bytes, and back. Canonical: equal values, equal bytes.

JSON arrays in the order of the values' fields, so that a person can read an entry with
`jq` and the auditor with the standard library. Fields may be added at the end.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from patron.core.account import (
    Account,
    Counted,
    Given,
    Grant,
    Had,
    Lot,
    OnceKey,
    OrderState,
    Punch,
    Qualification,
    Referral,
    Refunded,
    Spent,
    Taken,
    Tally,
    Then,
)
from patron.core.decision import Answer
from patron.core.facts import KIND_OF, KINDS, Fact, OrderCompleted

_ENCODER = msgspec.json.Encoder(order="deterministic")
_FACTS = [msgspec.json.Decoder(kind) for kind in KINDS]


class Reads(NamedTuple):
    """What a decision read from outside its own account."""

    order: "StoredOrder | None" = None
    once: tuple[OnceKey, ...] = ()
    received: tuple["Received", ...] = ()  # What a transfer brought.
    tally: Tally | None = None  # Of all accounts, for a closing.
    ended: tuple[Grant, ...] = ()  # Grants that were over, and that it looked at.
    pools: tuple[tuple[str, Taken], ...] = ()  # What was taken of the pools it looked at.
    answer: Answer | None = None  # Of a request: it stands, whatever comes late.
    had: tuple[Had, ...] = ()  # Of what is shared: that stands too.
    inherited: "Inherited | None" = None  # What a merge brought.
    lines: "Lines | None" = None  # Of an order whose lines no entry of this account has.
    then: Then | None = None  # Of a late fact that was rated as of its own time.


class Inherited(NamedTuple):
    """An account as its heir found it, and the last hash of its chain."""

    account: Account
    lots: tuple[Lot, ...]
    grants: tuple[Grant, ...]
    chain: str


class Lines(NamedTuple):
    """What the row of an order says of it besides, and its lines."""

    completed: OrderCompleted
    tier: str


class Received(NamedTuple):
    """A part of a transfer as its receiver gets it: another account's lot, moved."""

    amount: int
    expires_at: datetime
    earned_at: datetime
    rule: str


class StoredOrder(NamedTuple):
    """An order without what its row or its entry says: its id, its lines, its account."""

    room: tuple[tuple[str, int], ...] = ()
    refunded: tuple[Refunded, ...] = ()
    cancelled_at: datetime | None = None
    given: tuple[Given, ...] = ()
    counted: tuple[Counted, ...] = ()
    entries: tuple[int, ...] = ()
    first_at: datetime | None = None
    shipping_back_minor: int = 0
    spent: tuple[Spent, ...] = ()
    paid_points: int = 0
    held: tuple[str, ...] = ()


class StoredAccount(NamedTuple):
    """An account without what its row has columns for."""

    at: datetime
    meters: dict[str, dict[str, int]]
    punches: dict[str, tuple[Punch, ...]]
    owed: dict[str, int]
    used: dict[str, tuple[str, int]]
    qualifications: tuple[Qualification, ...]
    frozen: bool
    birthday: str
    zone: str
    consents: tuple[str, ...]
    joined_at: datetime | None
    active_at: datetime | None = None
    lapsed: Mapping[str, tuple[Punch, ...]] = {}
    streaks: Mapping[str, tuple[str, int]] = {}
    prepaid: Mapping[str, tuple[Spent, ...]] = {}
    belongings: Mapping[str, datetime] = {}
    ordered_at: datetime | None = None
    first_origin: int = 0
    formerly: tuple[str, ...] = ()
    erased: bool = False
    referral: Referral | None = None


class StoredGrant(NamedTuple):
    """What a grant's row has no columns for."""

    order: str = ""
    request: str = ""
    punches: tuple[Punch, ...] = ()
    lots: tuple[tuple[int, int], ...] = ()
    used_on: str = ""
    code: int = 0
    rule: str = ""


_ORDER = msgspec.json.Decoder(StoredOrder)
_ACCOUNT = msgspec.json.Decoder(StoredAccount)
_GRANT = msgspec.json.Decoder(StoredGrant)
_BODY = msgspec.json.Decoder(tuple[msgspec.Raw, Reads])
_NO_READS = _ENCODER.encode(Reads())

ORDER_COMPLETED = KIND_OF[OrderCompleted]


def encode_fact(fact: Fact) -> bytes:
    """A fact alone, as its name's content is hashed."""
    return _ENCODER.encode(fact)


def decode_fact(kind: int, raw: Any) -> Fact:
    """The fact of that kind."""
    return _FACTS[kind].decode(raw)


def kind_of(fact: Fact) -> int:
    """The number that an entry keeps for a fact's kind."""
    return KIND_OF[type(fact)]


def encode_body(fact: bytes, reads: Reads | None) -> bytes:
    """An entry's body: the fact, encoded already, and what its decision read besides."""
    return b"[" + fact + b"," + (_ENCODER.encode(reads) if reads else _NO_READS) + b"]"


def decode_body(kind: int, body: bytes) -> tuple[Fact, Reads]:
    """An entry's fact, and what its decision read besides."""
    raw, reads = _BODY.decode(body)
    return decode_fact(kind, raw), reads


def stored_order(order: OrderState) -> StoredOrder:
    """The part of an order that no column holds."""
    return StoredOrder(
        order.room,
        order.refunded,
        order.cancelled_at,
        order.given,
        order.counted,
        order.entries,
        order.first_at,
        order.shipping_back_minor,
        order.spent,
        order.paid_points,
        order.held,
    )


def encode_order(order: OrderState) -> bytes:
    """An order's state, without its lines."""
    return _ENCODER.encode(stored_order(order))


def order_state(
    stored: StoredOrder | bytes,
    *,
    order: str,
    completed: OrderCompleted | None,
    seq: int,
    version: str,
    tier: str,
) -> OrderState:
    """An order from its row, and its lines from their entry."""
    if isinstance(stored, bytes):
        stored = _ORDER.decode(stored) if stored else StoredOrder()
    return OrderState(
        order,
        completed,
        seq,
        version,
        tier,
        stored.room,
        stored.refunded,
        stored.cancelled_at,
        stored.given,
        stored.counted,
        stored.entries,
        stored.first_at,
        stored.shipping_back_minor,
        stored.spent,
        stored.paid_points,
        stored.held,
    )


def encode_account(account: Account) -> bytes:
    """The part of an account that no column holds."""
    return _ENCODER.encode(
        StoredAccount(
            account.at,
            account.meters,  # type: ignore[arg-type]
            account.punches,  # type: ignore[arg-type]
            account.owed,  # type: ignore[arg-type]
            account.used,  # type: ignore[arg-type]
            account.qualifications,
            account.frozen,
            account.birthday,
            account.zone,
            account.consents,
            account.joined_at,
            account.active_at,
            account.lapsed,
            account.streaks,
            account.prepaid,
            account.belongings,
            account.ordered_at,
            account.first_origin,
            account.formerly,
            account.erased,
            account.referral,
        )
    )


def decode_account(state: bytes) -> StoredAccount | None:
    """The part of an account that no column holds; None of one without entries."""
    return _ACCOUNT.decode(state) if state else None


def encode_grant(grant: Grant) -> bytes:
    """The part of a grant that no column holds."""
    return _ENCODER.encode(
        StoredGrant(
            grant.order,
            grant.request,
            grant.punches,
            grant.lots,
            grant.used_on,
            grant.code,
            grant.rule,
        )
    )


def decode_grant(detail: bytes) -> StoredGrant:
    """The part of a grant that no column holds."""
    return _GRANT.decode(detail)
