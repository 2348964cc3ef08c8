"""The mechanics of rules in program documents, format 1: for what, and how much.

A rule of `patron_schemas.program_rules` has exactly one of them.
"""

from typing import Final, Literal

from pydantic import Field

from patron_schemas.program_words import (
    POINTS_MAX,
    Action,
    Money,
    Name,
    Part,
    Points,
    Ratio,
    Values,
    YearlyDay,
)

MECHANICS: Final = (
    "per_amount",
    "per_step",
    "per_unit",
    "round_up",
    "per_event",
    "streak",
    "every",
    "reach",
    "entering",
    "yearly",
    "multiply",
)


class PerAmount(Part):
    """Points in proportion to what was paid."""

    points: Ratio = Field(title="Points", description='How many: "1", "1.5" or "2/7".')
    per: Money = Field(title="Per", description='For how much money: "1.00".')
    rounding: Literal["floor", "half_up", "half_even", "ceil"] = Field(
        default="floor", title="Rounding", description="How a fraction of a point is rounded."
    )
    by: Literal["order", "line"] = Field(
        default="order", title="By", description="Round once an order, or once a line."
    )


class PerStep(Part):
    """Points for every full step of what was paid."""

    points: Points = Field(title="Points", description="How many for each full step.")
    step: Money = Field(title="Step", description='How much money is a step: "2.00".')
    by: Literal["order", "line"] = Field(
        default="order",
        title="By",
        description="Count the full steps of the order, or of each line.",
    )


class PerUnit(Part):
    """Points for each unit of the lines that count."""

    points: Points = Field(title="Points", description="How many for each whole unit.")


class RoundUp(Part):
    """What rounds the amount charged up to the next full one, as points of one minor unit each."""

    to: Money = Field(
        title="To",
        description='Round up to the next full "1.00" of the order\'s own currency: 3.40 paid, '
        "60 points.",
    )


class Multiply(Part):
    """Multiplies what other rules give; several multiply one another."""

    by: Ratio = Field(title="By", description='How many times: "2", "1.5" or "3/2".')
    rules: Values[Name] = Field(
        title="Rules",
        description="The rules that it multiplies: for the lines that match, or for all.",
        examples=[["base"]],
    )


class PerEvent(Part):
    """Points for something that a member did: a review, a share, a check-in."""

    points: Points = Field(title="Points", description="How many for each time.")
    action: Action = Field(title="Action", description="What the member did: review, share …")
    once: Literal["never", "subject", "ever"] = Field(
        default="never",
        title="Once",
        description="subject: once for each product (or whatever it is about). ever: once in a "
        "member's life. never: every time.",
    )
    once_for: Literal["member", "program"] = Field(
        default="member",
        title="Once for",
        description="Whom `once` is about. member: each member is paid once. program: of all "
        "members only the first is (the first review of a product).",
    )


class Streak(Part):
    """Points for doing something on so many local days in a row."""

    points: Points = Field(title="Points", description="How many for each complete streak.")
    action: Action = Field(title="Action", description="What the member did: check_in, workout …")
    days: int = Field(
        title="Days",
        description="How many local days in a row. A day counts once; the count starts again "
        "after the last, and after a day without.",
        ge=2,
        le=366,
    )


class Every(Part):
    """A reward for every so many punches."""

    meter: Name = Field(title="Meter", description="A meter with punches: true.")
    count: int = Field(
        title="Count", description="How many punches unlock one reward.", ge=1, le=POINTS_MAX
    )


class Reach(Part):
    """Points for reaching so much within a window."""

    meter: Name = Field(
        title="Meter",
        description="What has to be reached: a meter over a lifetime, a year, a year from joining, "
        "the first days of a member, or a campaign.",
    )
    from_: Money = Field(
        alias="from",
        title="From",
        description='How much of it: money where the meter counts money ("3000.00"), else a whole '
        "number.",
    )
    points: Points = Field(
        title="Points",
        description="How many, once for each window. A refund that takes it below takes them back.",
    )


class Entering(Part):
    """A reward for entering a segment."""

    segment: Name = Field(
        title="Segment", description="Whoever enters it is given one, at that very instant."
    )
    once: Literal["never", "ever"] = Field(
        default="never",
        title="Once",
        description="ever: once in the life of a member, as a badge is. never: at each entering, "
        "as a coupon for those who have been away.",
    )


class Yearly(Part):
    """What time awards once a year: points, a reward, or a wish (neither)."""

    on: YearlyDay = Field(
        title="On",
        description="The member's birthday, the day they joined (from the year after), or a date: "
        '"12-24". A date that a year lacks falls on its month\'s last day.',
    )
    hour: int = Field(
        default=0, title="Hour", description="At which full hour of that day.", ge=0, le=23
    )
    zone: Literal["program", "member"] = Field(
        default="program",
        title="Zone",
        description="Whose day it is: the program's, or the member's own where it is known.",
    )
    points: Points | None = Field(
        default=None, title="Points", description="How many. Only with earn."
    )
