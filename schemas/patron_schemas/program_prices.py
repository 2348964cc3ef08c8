"""The prices of program documents, format 1: what members pay less than others.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from patron_schemas.program_matching import Match
from patron_schemas.program_rules import During
from patron_schemas.program_words import Elements, Money, Name, Named, Part, Ratio, Text

UNITS_MAX = 1_000
Rounding = Literal["floor", "half_up", "half_even", "ceil"]


class SpecialPrice(Part):
    """A price for each unit, instead of what it costs otherwise; it never makes one dearer."""

    each: Money = Field(title="Each", description='What each unit costs: "2.50".')
    sets_of: int | None = Field(
        default=None,
        title="Sets of",
        description="Only for the units of every full set of so many: with 3, four units are "
        "three at this price and one at its own, the cheapest.",
        ge=2,
        le=UNITS_MAX,
        examples=[3],
    )
    from_units: int | None = Field(
        default=None,
        title="From units",
        description="Only where so many units are bought, and then for all of them.",
        ge=2,
        le=UNITS_MAX,
        examples=[3],
    )
    rounding: Rounding = Field(
        default="half_up",
        title="Rounding",
        description="How a line's total is rounded where units do not come out even.",
    )


class PercentStep(Part):
    """From what a meter shows on, so many percent."""

    from_: Money = Field(
        alias="from",
        title="From",
        description="Once the meter shows this: money for counts: basis, else a whole number.",
        examples=["1000.00"],
    )
    percent: Ratio = Field(title="Percent", description='How many: "5" or "2.5".')


class PercentOff(Part):
    """So many percent off: for everybody, by tier, or by what a meter shows before the basket."""

    percent: Ratio | None = Field(
        default=None,
        title="Percent",
        description='How many: "5" or "2.5". With by_tier: for the tiers that it does not name.',
        examples=["5"],
    )
    by_tier: Named[Ratio] = Field(
        default_factory=dict,
        title="By tier",
        description="How many percent for members of a tier.",
        examples=[{"silver": "5", "gold": "10"}],
    )
    meter: Name | None = Field(
        default=None,
        title="Meter",
        description="Whose reading decides, by `steps`. With what was paid in a lifetime this is "
        "a discount card that grows.",
    )
    steps: Elements[PercentStep] = Field(
        default=(),
        title="Steps",
        description="From which reading of the meter on how many percent, from the lowest up.",
        examples=[[{"from": "0", "percent": "3"}, {"from": "1000.00", "percent": "5"}]],
    )
    by: Literal["line", "order"] = Field(
        default="line",
        title="By",
        description="line: taken off each line, and rounded there. order: taken off all of them "
        "together and rounded once, after what is by line.",
    )
    rounding: Rounding = Field(
        default="half_up", title="Rounding", description="How what is taken off is rounded."
    )


class Price(Part):
    """What makes lines cheaper for members. Gift cards are always left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["special_price"]}, {"required": ["percent_off"]}]
        }
    )

    price: Name = Field(title="Price", description="Its name: unique, and shown in quotes.")
    text: Text = Field(default_factory=dict)
    special_price: SpecialPrice | None = Field(
        default=None,
        title="Special price",
        description="A price for each unit. Comes before every percentage.",
        examples=[{"each": "2.50", "sets_of": 3}],
    )
    percent_off: PercentOff | None = Field(
        default=None,
        title="Percent off",
        description="So many percent off. Those by line come before those by order.",
        examples=[{"percent": "5", "by_tier": {"gold": "10"}}],
    )
    match: Match = Field(
        default_factory=Match, title="Match", description="Which lines, members and orders."
    )
    during: During | None = Field(
        default=None,
        title="During",
        description="The days on which it holds. Leave it out: always.",
        examples=[{"from": "2026-11-01", "to": "2026-12-01", "weekdays": ["saturday"]}],
    )
