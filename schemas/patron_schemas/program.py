"""The language of program documents, format 1: what a marketer may write in the YAML file.

The promise: what format 1 means never changes. A new need is a new optional field whose
default is the old meaning; another meaning is format 2, in a module of its own.

These models say which fields there are and what each may hold by itself. Whether the
parts fit together (a rule's asset is declared, a ladder rises) is for the engine that
compiles them. Titles, descriptions and examples here are what an editor shows on hover.

Numbers that need a decimal point are text, "1.50": YAML would make a float of 1.50.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from patron_schemas.program_meters import Meter, Stretch
from patron_schemas.program_rules import (
    MECHANICS,
    Basis,
    During,
    Match,
    MemberCap,
    Multiply,
    PerAmount,
    PerEvent,
    PerStep,
    Rule,
    Weekday,
    Yearly,
)
from patron_schemas.program_words import (
    ELEMENTS_MAX,
    POINTS_MAX,
    Duration,
    Elements,
    Money,
    MonthDay,
    Name,
    Named,
    Part,
    Points,
    Text,
    only_whole,
)

__all__ = [
    "MECHANICS",
    "POINTS_MAX",
    "Asset",
    "Basis",
    "During",
    "Ends",
    "Held",
    "Match",
    "MemberCap",
    "Meter",
    "Multiply",
    "NoticeName",
    "Part",
    "PerAmount",
    "PerEvent",
    "PerStep",
    "ProgramDocument",
    "Reward",
    "Rule",
    "Rung",
    "Stretch",
    "Tiers",
    "Weekday",
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
    "badge.awarded",
    "yearly.reached",
    "request.answered",
]


class Ends(Part):
    """When what was earned ends: after a while, on a date of each year, or with activity."""

    after: Duration | None = Field(
        default=None,
        title="Life",
        description="How long after earning it ends: P12M, P2Y, P14D (calendar days), PT336H.",
        examples=["P12M"],
    )
    at_end_of: Literal["exact", "day", "month", "year"] = Field(
        default="exact",
        title="At the end of",
        description="Round the end up: to the end of that local day, month or year. P12M and "
        "month: twelve months after the end of the month in which it was earned.",
    )
    on: MonthDay | None = Field(
        default=None,
        title="On",
        description="It ends at the end of this day of each year. In a year without that day: "
        "the month's last day.",
        examples=["03-31"],
    )
    earned_before: MonthDay | None = Field(
        default=None,
        title="Earned before",
        description="Only what was earned before this day ends then, the rest a year later. "
        "Left out: all that was earned by then.",
        examples=["01-01"],
    )
    after_activity: Duration | None = Field(
        default=None,
        title="After activity",
        description="All of it ends this long after the last thing that was heard of the member, "
        "whatever it was: a purchase, a review, a redemption.",
        examples=["P12M"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Ends":
        ways = [each for each in (self.after, self.on, self.after_activity) if each is not None]
        if len(ways) != 1:
            raise PydanticCustomError(
                "form",
                "{what}",
                {
                    "what": '"ends" needs one of "after", "on" and "after_activity"',
                    "mend": 'write {after: P12M}, {on: "03-31"} or {after_activity: P12M}',
                },
            )
        return self


class Asset(Part):
    """Something that a member can hold: points, miles, bonus."""

    ends: Ends | None = Field(
        default=None, title="Ends", description="When it ends. Leave it out: it never ends."
    )
    pending: Duration | None = Field(
        default=None,
        title="Pending",
        description="What is earned can be spent only after this long (a return window).",
        examples=["PT336H"],
    )
    remind: Duration | None = Field(
        default=None,
        title="Remind",
        description="Publish points.expiring this long before an end.",
        examples=["P7D"],
    )


class Rung(Part):
    """One tier of the ladder."""

    tier: Name = Field(title="Tier", description="Its name.")
    from_: Money = Field(
        alias="from",
        title="From",
        description="Where it starts, in what the meter counts. The first tier is everybody's: 0.",
        examples=["0", "500.00"],
    )


HELD: Final = ("end_of_window", "end_of_next_window", "rolling", "forever")


class Held(Part):
    """How long a tier is held once it is reached."""

    until: Literal["end_of_window", "end_of_next_window", "rolling", "forever"] | None = Field(
        default=None,
        title="Until",
        description="The end of the meter's window, of the next one, never, or as long as a "
        "rolling meter meets the tier's threshold.",
    )
    for_: Duration | None = Field(
        default=None,
        alias="for",
        title="For",
        description="So long from reaching it. At the end it is reached again where the meter "
        "still meets it.",
        examples=["P12M"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Held":
        if (self.until is None) == (self.for_ is None):
            raise PydanticCustomError(
                "form",
                "{what}",
                {
                    "what": '"held" needs "until" or "for", and not both',
                    "mend": "write {until: end_of_next_window} or {for: P12M}",
                },
            )
        return self


def _held_of_word(value: object) -> object:
    return {"until": value} if isinstance(value, str) else value


def _held_schema(schema: dict[str, Any]) -> None:
    """An editor must also offer the short form, a word alone."""
    block = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "enum": list(HELD)}, block]


class Tiers(Part):
    """The ladder of tiers, and when a member climbs and falls."""

    meter: Name = Field(title="Meter", description="The meter that decides. Not the balance.")
    ladder: Annotated[
        tuple[Rung, ...], Field(strict=False, min_length=1, max_length=ELEMENTS_MAX)
    ] = Field(title="Ladder", description="The tiers, from the lowest (from: 0) up.")
    held: Annotated[Held, BeforeValidator(_held_of_word)] | None = Field(
        default=None,
        title="Held",
        description="How long a tier is held: end_of_window, end_of_next_window, rolling, "
        "forever or {for: P12M}. Left out: forever on a lifetime meter, rolling on a rolling one, "
        "end_of_window on a campaign's, else end_of_next_window.",
    )
    downgrade: Literal["to_meter", "one_step", "never"] = Field(
        default="to_meter",
        title="Downgrade",
        description="Where a member falls when a tier is over.",
    )
    on_refund: Literal["revoke", "keep"] = Field(
        default="revoke",
        title="On refund",
        description="What a refund does to the tier it had reached.",
    )
    grace: Duration | None = Field(
        default=None,
        title="Grace",
        description="A tier whose time is over is kept for so long still. tier.expiring is "
        "published when the grace begins, with its end.",
        examples=["P30D"],
    )


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
    costs: Annotated[dict[Name, Points], Field(min_length=1, max_length=1)] | None = Field(
        default=None,
        title="Costs",
        description="What it is bought for. Left out: it can't be bought.",
        examples=[{"points": 500}],
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
    tiers: Tiers | None = Field(
        default=None, title="Tiers", description="The ladder, if there is one."
    )
    rewards: Named[Reward] = Field(
        default_factory=dict, title="Rewards", description="What can be unlocked or bought."
    )
    notices: Elements[NoticeName] | None = Field(
        default=None,
        title="Notices",
        description="What is published. Left out: everything but points.* (points.expiring is "
        "published where an asset has `remind`). A list replaces the default.",
        examples=[["tier.changed", "reward.unlocked"]],
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
    _held_schema(schema["$defs"]["Held"])
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
