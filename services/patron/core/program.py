"""A loyalty program, compiled: immutable, checked, and hashed as its version.

Documents (YAML) become these values in `wire.documents`; nothing here reads a file.
Each mechanic has its own settings in `core.mechanics`; a rule holds exactly one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Protocol

from patron.core.mechanics.refer import Referrals
from patron.core.spans import MonthDay as MonthDay
from patron.core.spans import Span as Span

Rounding = Literal["floor", "half_up", "half_even", "ceil"]
EndOf = Literal["exact", "day", "month", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Something that a member can hold: points, miles, bonus. It ends in one way, or never."""

    name: str
    lives: Span | None = None
    ends_at_end_of: EndOf = "exact"  # Of `lives`.
    ends_on: MonthDay | None = None  # At the end of that day of each year.
    earned_before: MonthDay | None = None  # The cut-off of `ends_on`. None: that day's own end.
    after_activity: Span | None = None
    pending: Span | None = None  # None: at once available.
    remind: Span | None = None  # points.expiring is published this long before the end.
    donation: bool = False  # What is earned was given away: nobody can spend or move it.
    split_by: str = ""  # The attribute whose values have wallets of their own: `core.wallets`.


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which lines or events count. None: any. All that are given must hold."""

    categories: frozenset[str] | None = None
    skus: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    attributes: tuple[tuple[str, frozenset[str]], ...] = ()
    tiers: frozenset[int] | None = None
    segments: frozenset[str] | None = None  # Keys of `Belonging`, as entitlements are.
    entitlements: frozenset[str] | None = None
    order_attributes: tuple[tuple[str, frozenset[str]], ...] = ()  # Of the order as a whole.

    def attributes_of(self, attributes: tuple[tuple[str, Any], ...]) -> bool:
        """Whether an engagement with these attributes counts."""
        return all(self._has(attributes, name, wanted) for name, wanted in self.attributes)

    def order_attributes_of(self, attributes: tuple[tuple[str, Any], ...]) -> bool:
        """Whether an order with these attributes of its own counts."""
        return all(self._has(attributes, name, wanted) for name, wanted in self.order_attributes)

    @staticmethod
    def _has(attributes: tuple[tuple[str, Any], ...], name: str, wanted: frozenset[str]) -> bool:
        return any(key == name and str(value) in wanted for key, value in attributes)


EVERYTHING = Match()


class Facts:
    """What expressions read of one order or event, by the names that programs use."""

    __slots__ = ("prepared", "values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.prepared: Any = None  # The values as expressions take them, once one was asked.


class Expression(Protocol):
    """What holds, or not, for an order or event, as a program writes it in `when`."""

    @property
    def text(self) -> str:
        """As the program writes it."""

    def holds(self, facts: Facts) -> bool:
        """Whether it is true; what can't be worked out is not."""


class Basis(NamedTuple):
    """Which part of what was paid counts. The defaults are those of a cautious shop.

    A tuple, since sums are kept by it and a data class takes ten times as long to hash.
    """

    tax: bool = False
    shipping: bool = False
    gift_cards: bool = False
    paid_by_points: bool = False
    paid_by_gift_card: bool = False
    paid_by_promotion: bool = False
    before_discounts: bool = False


CAUTIOUS = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Over what a meter counts: a lifetime, a period, or a punch's own life ("own")."""

    kind: Literal[
        "lifetime", "year", "half_year", "quarter", "month", "week", "day", "own",
        "rolling", "anniversary", "joining", "campaign",
    ] = "lifetime"  # fmt: skip
    lives: Span | None = None  # Of "own", "rolling" and "joining".
    begins_at: datetime | None = None  # Of "campaign", as its end.
    ends_at: datetime | None = None


LIFETIME = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A number that counts a member's doings over a window."""

    name: str
    counts: Literal["basis", "units", "orders", "events", "points", "level"]
    window: Window = LIFETIME
    match: Match = EVERYTHING
    basis: Basis = CAUTIOUS
    actions: frozenset[str] = frozenset()  # Of "events", and what begins of "level".
    ended_by: frozenset[str] = frozenset()  # Of "level".
    asset: str = ""  # Of "points": what rules have earned of it.
    punches: bool = False  # Punches live on their own and are used up by `every`.
    when: Expression | None = None


CapWindow = Literal["order", "day", "week", "month", "year", "lifetime", "campaign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """No more than `amount` from one rule within each window."""

    window: CapWindow  # "campaign": the days of the rule's own `during`.
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCap:
    """No more than `amount` of an asset for one member, from all rules together."""

    asset: str
    window: CapWindow  # Never "campaign": that is one rule's.
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class During:
    """The local days on which a rule holds: from a day, up to and without another."""

    from_day: date | None = None
    to_day: date | None = None
    weekdays: frozenset[int] | None = None  # Monday is 0.


ALWAYS = During()
Pick = Literal["best_for_member", "priority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a program: a mechanic, for whom, with what ceiling."""

    name: str
    text: Mapping[str, str]  # Language → what members read.
    mechanic: Any  # The settings of one module in core.mechanics.
    asset: str = ""  # What it gives: an asset, or a draw's name for entries in it.
    match: Match = EVERYTHING
    by_tier: Mapping[int, Fraction] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    during: During = ALWAYS
    group: str = ""  # Of one group only one rule pays; "": it adds to all others.
    priority: int = 0  # In a group that picks by priority, the highest that applies pays.
    budget: int | None = None  # No more than this to all members together.
    on_return: Literal["free", "keep"] = "free"  # Whether a refund frees its budget.
    when: Expression | None = None
    funded_by: str = ""  # Who pays for what it gives; "": the program's owner.


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What makes lines cheaper: a special price, or so many percent off; see `core.prices`."""

    name: str
    text: Mapping[str, str]  # Language → what members read.
    mechanic: Any  # SpecialPrice or PercentOff of core.mechanics.
    match: Match = EVERYTHING
    during: During = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One rung of the ladder; `threshold` is in the unit of the ladder's meter."""

    name: str
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Tiers by a meter; the first one has threshold 0 and is everybody's."""

    meter: str
    tiers: tuple[Tier, ...]
    held: Literal["window", "next_window", "for", "forever", "rolling"] = "forever"
    held_for: Span | None = None  # Of "for".
    downgrade: Literal["to_meter", "one_step", "never"] = "to_meter"
    on_refund: Literal["revoke", "keep"] = "revoke"
    grace: Span | None = None  # A tier whose hold has ended stands for so long still.

    def __post_init__(self) -> None:
        thresholds = [tier.threshold for tier in self.tiers]
        assert thresholds[0] == 0
        assert thresholds == sorted(set(thresholds))

    def place(self, tier: str) -> int:
        """The place of a tier, by the name that accounts keep; 0 is where everybody starts."""
        for place, rung in enumerate(self.tiers):
            if rung.name == tier:
                return place
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """Something that a member can be given, or can pay points for."""

    name: str
    kind: str
    text: Mapping[str, str]
    cost: int | None = None  # None: cannot be bought with points.
    cost_asset: str = ""
    lives: Span | None = None  # From unlocking to lapsing. None: does not lapse.
    held_for: Span | None = None  # How long a reservation holds it.
    draws_codes: bool = False  # Each claim draws the next code that was loaded.
    low_at: int | None = None  # It is told when so many codes are left.
    stock: int | None = None  # How many there are, for all members together.
    per_member: int | None = None  # How many of them one member may have.
    budget_minor: int | None = None  # What all that are claimed may be worth together.
    value_minor: int = 0  # What one of them is worth, of that budget.
    on_return: Literal["free", "keep"] = "free"  # Of its order, as to stock, budget and limit.
    on_refund: Literal["revoke", "keep"] = "revoke"
    match: Match = EVERYTHING  # Who may buy it, by what they are in: no lines, no attributes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A sweepstakes: rules give entries within its days, and a seed draws the winners."""

    name: str
    from_day: date
    to_day: date  # The first day on which nothing is entered any more, and it can be closed.
    seed_sha256: str  # Hex, published before: nobody can choose the seed afterwards.
    winners: int
    reward: str = ""  # What each winning entry is given.


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOut:
    """An amount that members divide by what a window of a meter shows."""

    name: str
    meter: str
    window: str  # The window's name, as accounts keep it.
    asset: str
    opens_at: datetime | None = None  # The window's end. None: a lifetime's has none.


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """Members who may have a drop so much earlier than others."""

    by: Span
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Something that opens at an instant, for some members earlier: a sale, a limited product."""

    name: str
    opens_at: datetime
    early: tuple[Early, ...] = ()
    match: Match = EVERYTHING  # Who may have it at all.


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """Points as a way to pay: `block` of them pay `worth_minor`."""

    asset: str
    block: int
    worth_minor: int
    share_max: Fraction = Fraction(1)  # Of what an order costs.
    grace: Span | None = None  # How long points that come back live at least.

    def __post_init__(self) -> None:
        assert self.block > 0
        assert self.worth_minor > 0
        assert 0 < self.share_max <= 1

    def most_points(self, total_minor: int) -> int:
        """The most that may pay for what costs so much: whole blocks within the share."""
        return total_minor * self.share_max // self.worth_minor * self.block


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A meter shows so much or more, and less than so much, in its window around now."""

    meter: str
    at_least: int | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """It is so long or longer, and less than so long, since something."""

    since: Literal["joining", "last_order", "last_activity"]
    at_least: Span | None = None
    below: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold for a belonging: all of it."""

    thresholds: tuple[Threshold, ...] = ()
    ages: tuple[Age, ...] = ()
    tiers: frozenset[str] = frozenset()  # Empty: any.
    segments: frozenset[str] = frozenset()  # Keys of segments that the member is in.


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A segment or an entitlement: what a member is in while a condition holds."""

    kind: Literal["segment", "entitlement"]
    name: str
    condition: Condition
    grace: Span | None = None  # It is kept for so long after its condition has ceased.

    @property
    def key(self) -> str:
        """Names it among all belongings, in an account."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Program:
    """Everything that decides; `version` is the hash of its document's normal form.

    Compared by identity, so that what is derived from one can be kept beside it.
    """

    name: str
    version: str
    zone: str
    currency: str
    currency_digits: int  # Minor units in one: 2 for USD, 0 for JPY.
    assets: Mapping[str, Asset]
    meters: Mapping[str, Meter]
    rules: tuple[Rule, ...]
    ladder: Ladder | None
    rewards: Mapping[str, Reward]
    notices: frozenset[str]  # The types it publishes.
    debt: Literal["debt", "clamp", "pending_only"] = "debt"
    late: Literal["retroactive", "forward_only"] = "retroactive"
    belongings: tuple[Belonging, ...] = ()  # Segments first: entitlements may hang on them.
    groups: Mapping[str, Pick] = field(default_factory=dict)
    caps: tuple[MemberCap, ...] = ()
    draws: Mapping[str, Draw] = field(default_factory=dict)
    share_outs: Mapping[str, ShareOut] = field(default_factory=dict)
    refunds: Literal["restate", "item", "proportional"] = "restate"
    paying: Paying | None = None
    prices: tuple[Price, ...] = ()
    transferred: Literal["keep", "new"] = "keep"  # When what one gives another ends.
    drops: Mapping[str, Drop] = field(default_factory=dict)
    referrals: Referrals | None = None

    def place(self, tier: str) -> int:
        """The place of a tier in the ladder; 0 also where there is none."""
        return 0 if self.ladder is None else self.ladder.place(tier)

    def tier_at(self, place: int) -> str:
        """The name of the tier at a place; "" where there is no ladder."""
        return "" if self.ladder is None else self.ladder.tiers[place].name
