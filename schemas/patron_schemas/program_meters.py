"""The meters of program documents, format 1: what is counted, and over what.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from patron_schemas.program_expressions import Expression
from patron_schemas.program_matching import Basis, Match
from patron_schemas.program_words import Action, Day, Duration, Part, Values, WalletName


class Stretch(Part):
    """A window that no calendar knows: the last so many days, or a campaign."""

    rolling: Duration | None = Field(
        default=None,
        title="Rolling",
        description="What happened in the last so many local days, today included (P30D), or in "
        "so many hours (PT24H).",
        examples=["P30D"],
    )
    from_joining: Duration | None = Field(
        default=None,
        title="From joining",
        description="A member's first so many local days, that of joining included (P90D), or "
        "so many hours.",
        examples=["P90D"],
    )
    from_: Day | None = Field(
        default=None,
        alias="from",
        title="From",
        description="The campaign's first local day.",
        examples=["2025-11-01"],
    )
    to: Day | None = Field(
        default=None,
        title="To",
        description="The first local day after the campaign.",
        examples=["2025-12-01"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Stretch":
        ways = [each for each in (self.rolling, self.from_joining, self.from_) if each is not None]
        if len(ways) != 1 or (self.from_ is None) != (self.to is None):
            raise PydanticCustomError(
                "form",
                "{what}",
                {
                    "what": '"window" needs "rolling", "from_joining", or "from" and "to"',
                    "mend": 'write {rolling: P30D}, or {from: "2025-11-01", to: "2025-12-01"}',
                },
            )
        return self


WindowWord = Literal[
    "lifetime", "year", "half_year", "quarter", "month", "week", "day", "anniversary"
]
# By its form: a word or a block. The tags are no part of what a person wrote.
Window = Annotated[
    Annotated[WindowWord, Tag("[word]")] | Annotated[Stretch, Tag("[block]")],
    Discriminator(lambda value: "[block]" if isinstance(value, dict | Stretch) else "[word]"),
]


class Meter(Part):
    """A number that counts a member's doings over a window."""

    counts: Literal["basis", "units", "orders", "events", "points", "level"] = Field(
        title="Counts",
        description="basis: money spent. units: articles. orders: purchases, while something of "
        "their basis is left (of a free one: an article). events: actions "
        "such as reviews. points: what rules have earned of an asset. level: what has begun, less "
        "what has ended, such as subscriptions.",
    )
    window: Window = Field(
        default="lifetime",
        title="Window",
        description="Over what it counts: a local calendar period, a year from joining "
        "(anniversary), the last days ({rolling: P30D}), a campaign, or for ever.",
        examples=["year", {"rolling": "P30D"}, {"from": "2025-11-01", "to": "2025-12-01"}],
    )
    match: Match = Field(
        default_factory=Match, title="Match", description="Which lines or events it counts."
    )
    when: Expression | None = None
    basis: Basis = Field(
        default_factory=Basis, title="Basis", description="Which part of an order it counts."
    )
    actions: Values[Action] | None = Field(
        default=None,
        title="Actions",
        description="Which actions it counts, or, of a level, what begins. Only with counts: "
        "events and counts: level.",
    )
    ended_by: Values[Action] | None = Field(
        default=None,
        title="Ended by",
        description="Which actions end what has begun. Only with counts: level.",
        examples=[["subscription_ended"]],
    )
    asset: WalletName | None = Field(
        default=None,
        title="Asset",
        description="Which asset it counts, or which wallet of it. Only with counts: points.",
    )
    punches: bool = Field(
        default=False,
        title="Punches",
        description="What it counts are punches, which `every` uses up.",
    )
    lives: Duration | None = Field(
        default=None,
        title="Life of a punch",
        description="How long a punch counts. Leave it out: for ever.",
        examples=["P30D"],
    )
