"""The language of program documents, format 1: what a marketer may write in the YAML file.

The promise: what format 1 means never changes. A new need is a new optional field whose
default is the old meaning; another meaning is format 2, in a module of its own.

These models say which fields there are and what each may hold by itself. Whether the
parts fit together (a rule's asset is declared, a ladder rises) is for the engine that
compiles them. Titles, descriptions and examples here are what an editor shows on hover.

Numbers that need a decimal point are text, "1.50": YAML would make a float of 1.50.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from patron_schemas.program_assets import Asset, Ends, SplitBy, Transfers
from patron_schemas.program_belongings import Entitlement, Segment
from patron_schemas.program_closings import Draw, ShareOut
from patron_schemas.program_drops import Drop, Early
from patron_schemas.program_limits import Limits
from patron_schemas.program_matching import Basis, Match, Whom
from patron_schemas.program_mechanics import (
    MECHANICS,
    Entering,
    Multiply,
    PerAmount,
    PerEvent,
    PerStep,
    Yearly,
)
from patron_schemas.program_meters import Meter, Stretch
from patron_schemas.program_paying import Paying
from patron_schemas.program_prices import PercentOff, Price, SpecialPrice
from patron_schemas.program_referrals import Referrals
from patron_schemas.program_rules import (
    During,
    MemberCap,
    Rule,
    Weekday,
)
from patron_schemas.program_tiers import Held, Rung, Tiers, held_schema
from patron_schemas.program_words import (
    POINTS_MAX,
    Duration,
    Elements,
    Money,
    Name,
    Named,
    Part,
    Points,
    Text,
    WalletName,
    only_whole,
)

__all__ = [
    "MECHANICS",
    "POINTS_MAX",
    "Asset",
    "Basis",
    "Draw",
    "Drop",
    "During",
    "Early",
    "Ends",
    "Entering",
    "Entitlement",
    "Held",
    "Match",
    "MemberCap",
    "Meter",
    "Multiply",
    "NoticeName",
    "Part",
    "Paying",
    "PerAmount",
    "PerEvent",
    "PerStep",
    "PercentOff",
    "Price",
    "ProgramDocument",
    "Referrals",
    "Reward",
    "Rule",
    "Rung",
    "Segment",
    "ShareOut",
    "SpecialPrice",
    "SplitBy",
    "Stretch",
    "Tiers",
    "Weekday",
    "Whom",
    "Yearly",
    "program_schema",
]

NoticeName = Literal[
    "points.earned",
    "points.reversed",
    "points.activated",
    "points.expired",
    "points.expiring",
    "points.redeemed",
    "points.debt",
    "tier.changed",
    "tier.expiring",
    "reward.unlocked",
    "reward.reserved",
    "reward.redeemed",
    "reward.revoked",
    "reward.lapsed",
    "pool.low",
    "badge.awarded",
    "yearly.reached",
    "segment.entered",
    "segment.left",
    "entitlement.began",
    "entitlement.ending",
    "entitlement.ended",
    "draw.closed",
    "draw.won",
    "share_out.closed",
    "share.given",
    "request.answered",
]


class Reward(Part):
    """Something that a member is given by a rule, or buys with points."""

    kind: Literal[
        "percent_off",
        "amount_off",
        "free_product",
        "free_shipping",
        "gift_card",
        "code",
        "partner_subscription",
        "free_trial",
        "donation",
        "sweepstakes_entry",
        "entitlement",
        "badge",
        "points",
    ] = Field(title="Kind", description="What it is.")
    text: Text = Field(default_factory=dict)
    costs: Annotated[dict[WalletName, Points], Field(min_length=1, max_length=1)] | None = Field(
        default=None,
        title="Costs",
        description="What it is bought for. Left out: it can't be bought.",
        examples=[{"points": 500}],
    )
    match: Whom = Field(
        default_factory=Whom,
        title="Match",
        description="Who may buy it. One that a rule has unlocked is the member's, whatever this "
        "says.",
        examples=[{"tier": ["gold"]}],
    )
    hold: Duration = Field(
        default="PT15M",
        title="Hold",
        description="How long a reservation of it holds.",
        examples=["PT15M"],
    )
    lapses_after: Duration | None = Field(
        default=None,
        title="Lapses after",
        description="An unclaimed one is gone this long after it was unlocked.",
        examples=["P30D"],
    )
    on_refund: Literal["revoke", "keep"] = Field(
        default="revoke",
        title="On refund",
        description="What a refund of the order that unlocked it does.",
    )
    codes: Literal["none", "loaded"] = Field(
        default="none",
        title="Codes",
        description="loaded: whoever claims it gets the next of the codes that `patron pool load` "
        "has loaded, and nobody else gets that one; when they are used up it is out of stock. "
        "none: it comes without one. Only of the kind code.",
    )
    low_at: Annotated[Points, Field(title="Low at")] | None = Field(
        default=None,
        title="Low at",
        description="When so many codes are left, it is told once, by pool.low. Only where codes "
        "are loaded.",
        examples=[100],
    )
    stock: Annotated[Points, Field(title="Stock")] | None = Field(
        default=None,
        title="Stock",
        description="How many there are, for all members together. They are counted when the "
        "reward is reserved or claimed. To add some, publish a higher number.",
        examples=[100],
    )
    per_member: Annotated[Points, Field(title="Per member")] | None = Field(
        default=None,
        title="Per member",
        description="How many of them one member may have.",
        examples=[1],
    )
    value: Money | None = Field(
        default=None,
        title="Value",
        description="What one of them is worth: so its budget counts it, and so do the limits.",
        examples=["5.00"],
    )
    budget: Money | None = Field(
        default=None,
        title="Budget",
        description="What all that members claim may be worth together. Needs a value.",
        examples=["500.00"],
    )
    on_return: Literal["free", "keep"] = Field(
        default="free",
        title="On return",
        description="When all of the order that it was claimed for comes back: free, its stock, "
        "budget and the member's limit are there again, or keep. A chargeback always keeps.",
    )


class ProgramDocument(Part):
    """A loyalty program: what members earn, hold, reach and are given."""

    format: Annotated[Literal[1], BeforeValidator(only_whole)] = Field(
        title="Format", description="The language's version: 1."
    )
    program: Name = Field(title="Program", description="Its name.", examples=["grocer"])
    zone: Annotated[str, Field(max_length=64)] = Field(
        title="Time zone",
        description="Where its days, months and years begin: an IANA name.",
        examples=["America/New_York", "Europe/Warsaw"],
    )
    currency: Annotated[str, Field(max_length=64)] = Field(
        title="Currency",
        description="The currency that all amounts here are in: its ISO 4217 code.",
        examples=["USD", "PLN"],
        json_schema_extra={"pattern": "^[A-Z]{3}$"},
    )
    assets: Named[Asset] = Field(
        default_factory=dict, title="Assets", description="What members hold, by name."
    )
    meters: Named[Meter] = Field(
        default_factory=dict, title="Meters", description="What is counted, by name."
    )
    rules: Elements[Rule] = Field(
        default=(), title="Rules", description="What is given for what, in this order."
    )
    groups: Named[Literal["best_for_member", "priority"]] = Field(
        default_factory=dict,
        title="Groups",
        description="Rules of which only one pays: best_for_member, the one that gives most; "
        "priority, the highest that applies. A rule joins with `group`; without one it adds up.",
        examples=[{"seasonal": "best_for_member"}],
    )
    caps: Elements[MemberCap] = Field(
        default=(),
        title="Caps",
        description="Ceilings on what all rules together give a member.",
        examples=[[{"asset": "points", "window": "day", "amount": 1000}]],
    )
    prices: Elements[Price] = Field(
        default=(),
        title="Prices",
        description="What is cheaper for members: special prices first, then percentages by line, "
        "then by order; each on what those before it left, as `patron quote` works it out.",
    )
    paying: Paying | None = Field(
        default=None,
        title="Paying",
        description="Whether and how points pay for orders. Left out: an order that says it was "
        "paid with points takes none.",
    )
    transfers: Transfers | None = Field(
        default=None,
        title="Transfers",
        description="How members give points to each other. Left out: they end when they would "
        "have ended for the giver.",
        examples=[{"expiry": "new"}],
    )
    tiers: Tiers | None = Field(
        default=None, title="Tiers", description="The ladder, if there is one."
    )
    rewards: Named[Reward] = Field(
        default_factory=dict, title="Rewards", description="What can be unlocked or bought."
    )
    draws: Named[Draw] = Field(
        default_factory=dict,
        title="Draws",
        description="Sweepstakes: rules with `enter` give entries, and a seed draws the winners.",
    )
    share_outs: Named[ShareOut] = Field(
        default_factory=dict,
        title="Share-outs",
        description="Amounts that are divided among members by a meter, each once.",
    )
    segments: Named[Segment] = Field(
        default_factory=dict,
        title="Segments",
        description="Groups of members, each by a condition over meters and ages.",
        examples=[{"lapsed": {"last_order": {"at_least": "P60D"}}}],
    )
    entitlements: Named[Entitlement] = Field(
        default_factory=dict,
        title="Entitlements",
        description="What members may use while they hold a tier, meet a meter, or are in a "
        "segment.",
        examples=[{"lounge": {"while": {"tier": ["gold"]}, "grace": "P30D"}}],
    )
    drops: Named[Drop] = Field(
        default_factory=dict,
        title="Drops",
        description="What opens for members on a day, for some of them earlier.",
        examples=[{"autumn": {"on": "2027-09-10", "hour": 10}}],
    )
    referrals: Referrals | None = Field(
        default=None,
        title="Referrals",
        description="When a member who was brought by another has stayed, so that both earn.",
        examples=[{"meter": "spend", "from": "30.00", "kept": "P14D"}],
    )
    limits: Limits | None = Field(
        default=None,
        title="Limits",
        description="What `patron check` holds the program against before its launch.",
    )
    notices: Elements[NoticeName] | None = Field(
        default=None,
        title="Notices",
        description="What is published. Left out: everything but points.* (points.expiring is "
        "published where an asset has `remind`). A list replaces the default.",
        examples=[["tier.changed", "reward.unlocked"]],
    )
    refunds: Literal["restate", "item", "proportional"] = Field(
        default="restate",
        title="Refunds",
        description="What a return takes back. restate: what the rules give on what is left, less. "
        "item: what the returned lines earned. proportional: of what the order earned, the share "
        "of its basis that came back.",
    )
    debt: Literal["debt", "clamp", "pending_only"] = Field(
        default="debt",
        title="Debt",
        description="What happens to points that a refund should take back and that are spent. "
        "debt: the next ones pay it. clamp: written off. pending_only: only pending ones are "
        "ever taken back.",
    )
    late: Literal["retroactive", "forward_only"] = Field(
        default="retroactive",
        title="Late events",
        description="An event that comes after later ones: correct what followed (retroactive), "
        "or count it from its arrival on (forward_only).",
    )


def program_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a program document, for editors."""
    schema = _without_null(ProgramDocument.model_json_schema(by_alias=True))
    assert isinstance(schema, dict)
    held_schema(schema["$defs"]["Held"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _without_null(schema: Any) -> Any:
    """What may be left out is shown as optional, not as null: no value may be empty."""
    if isinstance(schema, list):
        return [_without_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _without_null(value)
        for key, value in schema.items()
        if not (key == "default" and value is None)
    }
    choices = kept.get("anyOf", [])
    if {"type": "null"} in choices:
        del kept["anyOf"]
        rest = [choice for choice in choices if choice != {"type": "null"}]
        kept = {**(rest[0] if len(rest) == 1 else {"anyOf": rest}), **kept}
    return kept
