"""Drops of program documents, format 1: what opens at an instant, for some members earlier.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from pydantic import Field

from patron_schemas.program_matching import Whom
from patron_schemas.program_words import Day, Duration, Elements, Part, Text


class Early(Part):
    """Some members, and how much earlier they may."""

    by: Duration = Field(
        title="By",
        description="How much earlier: P2D is the same hour two days before.",
        examples=["PT24H"],
    )
    match: Whom = Field(
        title="Match", description="For which members.", examples=[{"tier": ["gold"]}]
    )


class Drop(Part):
    """Something that opens for members on a day: a sale, a limited product, a booking."""

    text: Text = Field(default_factory=dict)
    on: Day = Field(title="On", description="The local day on which it opens for everybody.")
    hour: int = Field(
        default=0, title="Hour", description="At which full hour of that day.", ge=0, le=23
    )
    early: Elements[Early] = Field(
        default=(),
        title="Early",
        description="Who may have it before. Of several that are met the earliest counts.",
        examples=[[{"by": "PT24H", "match": {"tier": ["gold"]}}]],
    )
    match: Whom = Field(
        default_factory=Whom,
        title="Match",
        description="Who may have it at all. Left out: every member.",
    )
