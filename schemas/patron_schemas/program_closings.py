"""Draws and share-outs in program documents, format 1: what is closed once, for all members."""

from typing import Annotated

from pydantic import Field

from patron_schemas.program_words import Day, Name, Part, Sha256

WINNERS_MAX = 10_000


class Draw(Part):
    """A sweepstakes. Rules with `enter` give entries; a request with the seed closes it."""

    from_: Day = Field(
        alias="from", title="From", description="The first day on which entries are given."
    )
    to: Day = Field(
        title="To",
        description="The first day on which none are given any more. From its beginning the draw "
        "can be closed.",
    )
    winners: Annotated[int, Field(ge=1, le=WINNERS_MAX)] = Field(
        title="Winners", description="How many entries win."
    )
    seed_sha256: Sha256 = Field(
        title="Hash of the seed",
        description="The SHA-256 of a secret text, the seed, in hex. It is published with the "
        "program, and the seed only as the draw is closed: so nobody can choose the winners. "
        "printf %s 'the seed' | sha256sum",
    )
    reward: Name | None = Field(
        default=None,
        title="Reward",
        description="What each winning entry is given. Left out: only notices say who won.",
    )


class ShareOut(Part):
    """An amount that is divided among members by a meter. A request with the amount closes it."""

    meter: Name = Field(title="Meter", description="Members get parts in proportion to it.")
    window: Annotated[str, Field(max_length=16)] | None = Field(
        default=None,
        title="Window",
        description='Which window of the meter: "2026", "2026-H1", "2026-Q3", "2026-05", '
        '"2026-W07" or "2026-05-31". It can be closed once that is over. A meter of a lifetime '
        "or a campaign needs none.",
        examples=["2026"],
    )
    asset: Name = Field(title="Asset", description="What is divided, and credited to members.")
