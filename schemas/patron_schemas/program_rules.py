"""The rules of program documents, format 1: what is counted, and what is given for it.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from patron_schemas.program_expressions import Expression
from patron_schemas.program_matching import Basis, Match
from patron_schemas.program_mechanics import (
    Entering,
    Every,
    Multiply,
    PerAmount,
    PerEvent,
    PerStep,
    PerUnit,
    Reach,
    RoundUp,
    Streak,
    Yearly,
)
from patron_schemas.program_words import (
    Day,
    Elements,
    Name,
    Named,
    Part,
    Points,
    Ratio,
    Text,
    Values,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class During(Part):
    """The days on which a rule holds, in the program's time zone."""

    from_: Day | None = Field(
        default=None, alias="from", title="From", description="The first day on which it holds."
    )
    to: Day | None = Field(
        default=None, title="To", description="The first day on which it no longer holds."
    )
    weekdays: Values[Weekday] | None = Field(
        default=None, title="Weekdays", description="On these days of the week only."
    )


class Cap(Part):
    """A ceiling on what one rule gives a member."""

    window: Literal["order", "day", "week", "month", "year", "lifetime", "campaign"] = Field(
        title="Window",
        description="Within what: one order, a local day, a month … campaign: the days of the "
        "rule's `during`.",
    )
    amount: Points = Field(title="Amount", description="No more points than this.")


class MemberCap(Part):
    """A ceiling on what all rules together give a member."""

    asset: Name = Field(title="Asset", description="Of which asset.")
    window: Literal["order", "day", "week", "month", "year", "lifetime"] = Field(
        title="Window", description="Within what: one order, a local day, a month …"
    )
    amount: Points = Field(title="Amount", description="No more than this.")


class Rule(Part):
    """One line of the program: what is given, for what, to whom, up to how much."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["earn", "per_amount"]},
                {"required": ["enter", "per_amount"]},
                {"required": ["earn", "per_step"]},
                {"required": ["enter", "per_step"]},
                {"required": ["earn", "per_unit"]},
                {"required": ["enter", "per_unit"]},
                {"required": ["earn", "round_up"]},
                {"required": ["enter", "round_up"]},
                {"required": ["earn", "per_event"]},
                {"required": ["enter", "per_event"]},
                {"required": ["earn", "streak"]},
                {"required": ["enter", "streak"]},
                {"required": ["unlock", "every"]},
                {"required": ["earn", "reach"]},
                {"required": ["unlock", "entering"]},
                {"required": ["yearly"]},
                {"required": ["multiply"]},
            ]
        }
    )

    rule: Name = Field(title="Rule", description="Its name: unique, and shown on statements.")
    text: Text = Field(default_factory=dict)
    earn: Name | None = Field(default=None, title="Earn", description="The asset that it gives.")
    enter: Name | None = Field(
        default=None,
        title="Enter",
        description="The draw that it gives entries in, as many as it would give points. On the "
        "days of the draw only. Caps are the most entries of a member.",
    )
    unlock: Name | None = Field(
        default=None, title="Unlock", description="The reward that it gives."
    )
    per_amount: PerAmount | None = Field(
        default=None,
        title="Per amount",
        description="In proportion to what was paid.",
        examples=[{"points": "1", "per": "1.00"}],
    )
    per_step: PerStep | None = Field(
        default=None,
        title="Per step",
        description="For every full step of what was paid.",
        examples=[{"points": 10, "step": "2.00"}],
    )
    per_unit: PerUnit | None = Field(
        default=None,
        title="Per unit",
        description="For each unit that was bought.",
        examples=[{"points": 5}],
    )
    round_up: RoundUp | None = Field(
        default=None,
        title="Round up",
        description="What is missing from the amount charged to the next full one.",
        examples=[{"to": "1.00"}],
    )
    per_event: PerEvent | None = Field(
        default=None,
        title="Per event",
        description="For something that a member did.",
        examples=[{"points": 50, "action": "review", "once": "subject"}],
    )
    streak: Streak | None = Field(
        default=None,
        title="Streak",
        description="For doing something on so many days in a row.",
        examples=[{"points": 50, "action": "check_in", "days": 7}],
    )
    every: Every | None = Field(
        default=None,
        title="Every",
        description="A reward for every so many punches.",
        examples=[{"meter": "cups", "count": 10}],
    )
    reach: Reach | None = Field(
        default=None,
        title="Reach",
        description="For reaching so much within a window.",
        examples=[{"meter": "first-months", "from": "3000.00", "points": 40000}],
    )
    entering: Entering | None = Field(
        default=None,
        title="Entering",
        description="A reward for entering a segment.",
        examples=[{"segment": "explorers", "once": "ever"}],
    )
    yearly: Yearly | None = Field(
        default=None,
        title="Yearly",
        description="What time awards once a year.",
        examples=[{"on": "birthday", "hour": 9, "zone": "member", "points": 200}],
    )
    multiply: Multiply | None = Field(
        default=None,
        title="Multiply",
        description="Times what other rules give.",
        examples=[{"by": "2", "rules": ["base"]}],
    )
    match: Match = Field(
        default_factory=Match, title="Match", description="Which lines or events count."
    )
    when: Expression | None = None
    basis: Basis = Field(
        default_factory=Basis, title="Basis", description="Which part of an order counts."
    )
    by_tier: Named[Ratio] = Field(
        default_factory=dict,
        title="By tier",
        description="What the points are multiplied by, for members of a tier. Not named: 1.",
        examples=[{"silver": "1.25", "gold": "3/2"}],
    )
    caps: Elements[Cap] = Field(
        default=(),
        title="Caps",
        description="Ceilings.",
        examples=[[{"window": "month", "amount": 500}]],
    )
    during: During | None = Field(
        default=None,
        title="During",
        description="The days on which it holds. Leave it out: always.",
        examples=[{"from": "2026-11-01", "to": "2026-12-01", "weekdays": ["saturday"]}],
    )
    funded_by: Name | None = Field(
        default=None,
        title="Funded by",
        description="Which partner pays for what it gives: `patron settle` sums it up by period. "
        "Left out: you do.",
        examples=["bank"],
    )
    group: Name | None = Field(
        default=None,
        title="Group",
        description="Of one group only one rule pays. Leave it out: it adds to all others.",
    )
    budget: Points | None = Field(
        default=None,
        title="Budget",
        description="No more than this to all members together, in order of arrival. What its "
        "last event finds left is given; the earns of this rule wait for one another.",
        examples=[1000000],
    )
    on_return: Literal["free", "keep"] = Field(
        default="free",
        title="On return",
        description="Whether what a refund takes back can be given again from the budget. What "
        "a chargeback takes back never can.",
    )
    priority: int | None = Field(
        default=None,
        title="Priority",
        description="In a group that picks by priority: the highest number that applies pays.",
        ge=0,
        le=1_000_000,
    )
