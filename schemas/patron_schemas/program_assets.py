"""The assets of program documents, format 1: what members can hold, and when it ends.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from typing import Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from patron_schemas.program_words import Duration, MonthDay, Name, Part, Value, Values

WALLETS_MAX: Final = 50  # Of one asset: each has four numbers in every account that holds it.


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


class SplitBy(Part):
    """An attribute of the event, each of whose values has a wallet of its own."""

    attribute: Value = Field(
        title="Attribute",
        description="Of an event such as a review, or of an order as a whole.",
        examples=["topic"],
    )
    values: Values[Name] = Field(
        title="Values",
        description="The wallets: stars/jazz, stars/rock. What has another value, or none, lies "
        "in the asset itself. Whoever pays with stars pays out of all of them.",
        examples=[["jazz", "rock"]],
    )


class Asset(Part):
    """Something that a member can hold: points, miles, bonus."""

    ends: Ends | None = Field(
        default=None, title="Ends", description="When it ends. Leave it out: it never ends."
    )
    split_by: SplitBy | None = Field(
        default=None,
        title="Split by",
        description="Keep what is earned apart by an attribute of the event: a topic, a brand.",
        examples=[{"attribute": "topic", "values": ["jazz", "rock"]}],
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
    donation: bool = Field(
        default=False,
        title="Donation",
        description="What is earned of it was given to a cause: members see how much, and nobody "
        "can spend, reserve or transfer it. A return takes back what its order gave.",
    )


class Transfers(Part):
    """What becomes of points that one member gives to another."""

    expiry: Literal["keep", "new"] = Field(
        default="keep",
        title="Expiry",
        description="When what was given ends. keep: when it would have ended for the giver. new: "
        "as though the receiver had just earned it.",
    )
