"""Referrals in program documents, format 1: when a friend who was brought has stayed."""

from pydantic import Field

from patron_schemas.program_words import Duration, Money, Name, Part


class Referrals(Part):
    """When a member who was brought by another has stayed.

    Then an event follows for each of them, which rules pay for: `referral.given` for who
    brought, about the friend; `referral.received` for the friend, about who brought.
    """

    meter: Name = Field(
        title="Meter",
        description="What the friend must do: a meter of a lifetime, of money spent say.",
    )
    from_: Money = Field(
        alias="from",
        title="From",
        description="How much it must show: money where it counts that.",
        examples=["30.00"],
    )
    kept: Duration = Field(
        title="Kept",
        description="For how long, without a break, before it counts: as long as goods can be "
        "returned. A return that takes the meter below begins the wait anew.",
        examples=["P14D"],
    )
