"""Segments and entitlements of program documents, format 1: who is in what, and while when.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from patron_schemas.program_words import Duration, Money, Name, Named, Part, Text, Values


def _form(what: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError("form", "{what}", {"what": what, "mend": mend})


class Amounts(Part):
    """From where on, and up to where, in what a meter counts."""

    at_least: Money | None = Field(
        default=None, title="At least", description="So much or more.", examples=["100.00"]
    )
    below: Money | None = Field(
        default=None, title="Below", description="Less than so much.", examples=["500.00"]
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Amounts":
        if self.at_least is None and self.below is None:
            raise _form("neither at_least nor below", 'write {at_least: "100.00"}')
        return self


class Ages(Part):
    """How long ago something was."""

    at_least: Duration | None = Field(
        default=None, title="At least", description="So long ago or longer.", examples=["P60D"]
    )
    below: Duration | None = Field(
        default=None, title="Below", description="Less than so long ago.", examples=["P30D"]
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Ages":
        if self.at_least is None and self.below is None:
            raise _form("neither at_least nor below", "write {at_least: P60D}")
        return self


class Condition(Part):
    """What must hold, all of it: tiers, meters, segments and ages."""

    tier: Values[Name] | None = Field(
        default=None, title="Tiers", description="The member's tier is one of these."
    )
    meters: Named[Amounts] = Field(
        default_factory=dict,
        title="Meters",
        description="What meters show in their window around now.",
        examples=[{"spend": {"at_least": "100.00"}}],
    )
    segment: Values[Name] | None = Field(
        default=None,
        title="Segments",
        description="The member is in all of these segments. A segment may name those above it.",
    )
    last_order: Ages | None = Field(
        default=None,
        title="Last order",
        description="How long ago the last purchase was. A member without any is never in.",
        examples=[{"at_least": "P60D"}],
    )
    last_activity: Ages | None = Field(
        default=None,
        title="Last activity",
        description="How long ago the member was heard of last, by whatever event or request.",
        examples=[{"at_least": "P6M"}],
    )
    joined: Ages | None = Field(
        default=None,
        title="Joined",
        description="How long ago the member's first event was.",
        examples=[{"below": "P30D"}],
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Condition":
        if not self.model_fields_set:
            raise _form("no condition", "write one: last_order: {at_least: P60D}")
        return self


class Segment(Condition):
    """Members of whom something holds. segment.entered and segment.left are published."""

    text: Text = Field(default_factory=dict)


class Entitlement(Part):
    """Something that members may use while a condition holds: a lounge, early access."""

    text: Text = Field(default_factory=dict)
    while_: Condition = Field(
        alias="while",
        title="While",
        description="What it hangs on: a tier, a meter, an age, a segment.",
        examples=[{"tier": ["gold"]}],
    )
    grace: Duration | None = Field(
        default=None,
        title="Grace",
        description="It is kept for so long after its condition has ceased. entitlement.ending "
        "is published when the grace begins.",
        examples=["P30D"],
    )
