"""Tiers in program documents, format 1: the ladder, and how long a rung of it is held."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from patron_schemas.program_words import ELEMENTS_MAX, Duration, Money, Name, Part


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


def held_schema(schema: dict[str, Any]) -> None:
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
