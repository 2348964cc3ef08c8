"""Facts as entries keep them: JSON arrays in an order of fields that never changes.

The order of the fields is written down here a second time, on purpose: if the engine's
moved, old entries would no longer mean what they meant, and the audit must show it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

KINDS = (
    "time", "completed", "refunded", "cancelled", "engaged", "enrolled", "linked", "profile",
    "merged", "erased", "redeem", "reserve", "confirm", "cancel", "transfer", "adjust", "freeze",
    "draw_closed", "share_out_closed", "draw_won", "share_given", "refer",
)  # fmt: skip
ORDERS = ("completed", "refunded", "cancelled")
REQUESTS = (
    "redeem", "reserve", "confirm", "cancel", "transfer", "adjust", "freeze",
    "draw_closed", "share_out_closed", "draw_won", "share_given", "refer",
)  # fmt: skip

_FIELDS = {
    "time": (),
    "completed": ("member", "order", "currency", "lines", "rate", "shipping_minor", "payments",
                  "attributes", "currency_digits"),
    "refunded": ("member", "order", "lines", "amount_minor", "reason", "currency",
                 "shipping_minor", "cumulative"),
    "cancelled": ("member", "order", "reason"),
    "engaged": ("member", "action", "subject", "attributes"),
    "enrolled": ("member", "identifiers", "birthday", "zone", "consents"),
    "linked": ("member", "identifiers"),
    "profile": ("member", "birthday", "zone", "consents"),
    "merged": ("member", "into"),
    "erased": ("member",),
    "redeem": ("member", "asset", "amount", "reward", "order", "total_minor"),
    "reserve": ("member", "asset", "amount", "reward"),
    "confirm": ("member", "reservation", "order"),
    "cancel": ("member", "reservation"),
    "transfer": ("member", "to", "asset", "amount"),
    "adjust": ("member", "asset", "amount", "reason", "operator"),
    "freeze": ("member", "frozen", "reason"),
    "refer": ("member", "referrer"),
    "draw_closed": ("draw", "seed"),
    "share_out_closed": ("share_out", "amount"),
    "draw_won": ("member", "draw", "won"),
    "share_given": ("member", "share_out", "amount"),
}  # fmt: skip
_LINE = ("line", "sku", "category", "quantity_milli", "paid_minor", "list_minor", "tax_minor",
         "kind", "attributes")  # fmt: skip


class Received(NamedTuple):
    """One lot of a transfer, as its receiver got it."""

    amount: int
    expires_at: datetime
    earned_at: datetime
    rule: str


class Event(NamedTuple):
    """One entry's fact. `fields` are its kind's own, by name."""

    seq: int
    kind: str
    at: datetime  # When the entry counts.
    told_at: datetime  # The fact's own time.
    tenant: str
    source: str
    id: str
    version: int
    fields: Mapping[str, Any]
    once: frozenset[tuple[str, str]] = frozenset()
    received: tuple[Received, ...] = ()
    tally: tuple[Any, ...] | None = None  # Of all accounts: members, total, winners.
    pools: Mapping[str, int] = {}  # Of each pool that it looked at, how much was taken.
    met: bool = False  # A transfer whose other side has its entry too.
    granted: bool = False  # How a request was answered, which stands.
    loaded: Mapping[str, int] = {}  # Of each pool of codes, how many there were.
    stands: Mapping[str, int] | None = None  # By time: what shared rules give it at most.
    told: Mapping[str, Any] = {}
    takes_over: str = ""  # Of a merge, at the heir: the last hash of the closed account, in hex.


def event_of(*, seq: int, at: datetime, kind: int, version: int, body: bytes) -> Event:
    """The fact of an entry. Raises ValueError where the body is not one."""
    name_of_kind = KINDS[kind]
    fact, reads = json.loads(body)
    name, told_at, *rest = fact
    fields = dict(zip(_FIELDS[name_of_kind], rest, strict=False))
    if name_of_kind == "completed":
        fields["lines"] = [dict(zip(_LINE, line, strict=False)) for line in fields["lines"]]
    tenant, source, identity = name
    once, received, tally, _, pools, answer, _, inherited = _padded(reads, 9)[1:9]
    granted, _, told = answer or (False, "", {})
    return Event(
        seq, name_of_kind, at, instant(told_at), tenant, source, identity, version, fields,
        frozenset((rule, subject) for rule, subject, *_ in once or ()),
        tuple(
            Received(amount, instant(expires_at), instant(earned_at), rule)
            for amount, expires_at, earned_at, rule in received or ()
        ),
        None if tally is None else tuple(tally),
        {pool: used + held for pool, (used, held, *_) in pools or ()},
        loaded={pool: loaded for pool, (_, _, *rest) in pools or () for loaded in rest},
        granted=granted, told=told, takes_over=inherited[-1] if inherited else "",
    )  # fmt: skip


def instant(text: str) -> datetime:
    """An instant of RFC 3339."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _padded(values: Any, count: int) -> list[Any]:
    # An entry of an earlier release has fewer fields.
    values = list(values or ())
    return [*values, *[None] * (count - len(values))]
