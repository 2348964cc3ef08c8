"""What follows from a fact: a Decision, and all that stands in it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from patron.core.account import Account, Grant, Had, Lot, OnceKey, OrderState, Take, Taking
from patron.core.facts import Fact


class Refusal(StrEnum):
    """Why the engine said no, or cut an amount. An answer to show, never an error."""

    INSUFFICIENT_POINTS = "insufficient_points"
    OUT_OF_STOCK = "out_of_stock"
    MEMBER_LIMIT = "member_limit"
    BUDGET_SPENT = "budget_spent"
    CAP_REACHED = "cap_reached"
    ALREADY_USED = "already_used"
    CONDITION = "condition"
    TIER = "tier"
    SEGMENT = "segment"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    EXPIRED = "expired"
    FROZEN = "frozen"
    NOT_HELD = "not_held"
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_REWARD = "unknown_reward"
    UNKNOWN_RESERVATION = "unknown_reservation"
    UNKNOWN_MEMBER = "unknown_member"
    SELF_REFERRAL = "self_referral"


class Proof(NamedTuple):
    """Why a rule gave what it gave, or why it gave nothing: arithmetic with its inputs."""

    rule: str
    asset: str
    amount: int  # What the subject is worth by this rule now, after rounding and caps.
    basis: int = 0  # Minor units, units or events that the rule counted.
    multiplier: str = ""  # "3/2": the product of all that multiplied.
    uncapped: int = 0
    why_not: str = ""  # A code of `Refusal` where it gave nothing or was cut.
    condition: str = ""  # What failed or cut it, as a program names it: "match.tier", "caps.day".
    instead: str = ""  # Where the condition is its group: the rule of it that pays.


class Notice(NamedTuple):
    """A message that we owe the world; `data` is its JSON, without names of persons."""

    type: str  # tier.changed, reward.unlocked, points.earned …
    at: datetime
    data: Mapping[str, Any]


class Answer(NamedTuple):
    """What a request is told. Granted with what it did, or refused with a code."""

    granted: bool
    code: str = ""
    data: Mapping[str, Any] = {}


class Correction(NamedTuple):
    """By how much what an entry gave differs, now that a late fact is known."""

    entry: int  # The entry that is corrected.
    at: datetime  # When it counts.
    order: str
    rule: str
    asset: str
    amount: int


class Decision(NamedTuple):
    """All that one fact does to one account: written whole or not at all."""

    fact: Fact
    at: datetime  # When it acts: a request no earlier than its account's time.
    account: Account  # As it is after this.
    orders: tuple[OrderState, ...] = ()  # Those that changed, as they are after this.
    opened: tuple[Lot, ...] = ()
    takes: tuple[Take, ...] = ()
    grants: tuple[Grant, ...] = ()  # New ones, and those whose state changed.
    once: tuple[OnceKey, ...] = ()
    notices: tuple[Notice, ...] = ()
    proofs: tuple[Proof, ...] = ()
    answer: Answer | None = None
    other: "Decision | None" = None  # The second account's entry, of a transfer.
    version: str = ""  # Of the program that decided it.
    shared: tuple[Taking, ...] = ()  # What it takes of pools, and gives back.
    corrections: tuple[Correction, ...] = ()  # Of a late fact.
    had: tuple[Had, ...] = ()  # Of what is shared, by this entry or as it corrects others.
    freed: tuple[OnceKey, ...] = ()  # Keys of what was paid once and, corrected, is not.
    follows: tuple[Fact, ...] = ()  # What follows for others, each in an entry of its own.


class Unfit(NamedTuple):
    """The fact contradicts what is known, and becomes a dead letter with this code.

    order_unknown (it may wait), refund_exceeds_order, unknown_line, no_rate …
    """

    code: str
    detail: str
