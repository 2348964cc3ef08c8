"""What a run of the demo came to: plain figures, filled by whoever ran it.

Nothing here is computed from events; the figures are read from the store, from Kafka
and from the auditor, so that the report shows what is there and not what should be.
Points are whole, money is decimal text with its currency, instants are aware.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


class Count(NamedTuple):
    """How many of something that has a name: a tier's members, notices of a type."""

    name: str
    number: int


class RewardCount(NamedTuple):
    """What became of one reward's grants."""

    name: str
    unlocked: int  # Given by a rule.
    redeemed: int  # Claimed, or bought with points.
    lapsed: int = 0  # Not claimed in time.


class StatementRow(NamedTuple):
    """One entry of a member's account, as its member would read it."""

    at: datetime  # Shown in the program's zone.
    what: str  # Purchase 31198570044, refund of …, points ended, …
    change: int
    balance: int  # Available after the entry.
    reason: str  # The rule and its arithmetic: "base 42 x 1.25, fresh 8".


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Everything that happened to one asset, over all members."""

    asset: str
    issued: int
    taken_back: int  # By refunds and cancellations.
    spent: int
    expired: int
    available: int  # With members at the end.
    pending: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One member, with the newest entries last; `entries` counts those not shown, too."""

    member: str
    tier: str
    available: int
    entries: int
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the second model found when it computed every account again from the log."""

    equal: bool
    accounts: int
    entries: int
    took_s: float
    differences: tuple[str, ...] = ()  # The first few, each a sentence.


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """How fast it went; seconds from the first record's being sent to the last commit."""

    events: int
    took_s: float
    latency_p50_ms: float | None  # From being sent to being committed. None: not measured.
    latency_p99_ms: float | None

    @property
    def events_per_s(self) -> float:
        """Events committed in a second, over the whole run."""
        return self.events / self.took_s if self.took_s > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that the report shows."""

    program: str
    zone: str
    first_at: datetime
    last_at: datetime
    members: int
    tiers: tuple[Count, ...]  # From the lowest to the highest.
    points: Points
    rewards: tuple[RewardCount, ...]
    notices: tuple[Count, ...]
    applied: int
    duplicates: int
    refused: tuple[Count, ...]  # Requests refused, by code.
    dead_letters: tuple[Count, ...]  # By code.
    throughput: Throughput
    statement: Statement | None
    verdict: Verdict
    made_up: str  # Which of the input was made up, and from which seed.
    next_steps: tuple[str, ...] = ()  # Commands worth trying now.

    def as_json(self) -> dict[str, Any]:
        """The same figures as plain values: instants in ISO 8601, named tuples as objects."""
        plain: dict[str, Any] = _plain(self)
        plain["throughput"]["events_per_s"] = round(self.throughput.events_per_s, 1)
        return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
