"""Points as a way to pay, in program documents, format 1.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from pydantic import Field

from patron_schemas.program_words import Duration, Money, Name, Part, Points, Ratio


class Paying(Part):
    """Points as a way to pay for orders."""

    asset: Name = Field(title="Asset", description="Which asset pays.", examples=["points"])
    block: Points = Field(title="Block", description="Points pay in blocks of so many.")
    worth: Money = Field(
        title="Worth", description='How much one block pays: "1.00".', examples=["1.00"]
    )
    share_max: Ratio = Field(
        default="1",
        title="Share at most",
        description='The part of an order that points may pay: "1/2" for half of it.',
        examples=["1/2", "0.3"],
    )
    grace: Duration | None = Field(
        default=None,
        title="Grace",
        description="Points that come back with a return live at least this long, also where "
        "theirs has ended. Left out: what has ended, ends at once.",
        examples=["P14D"],
    )
