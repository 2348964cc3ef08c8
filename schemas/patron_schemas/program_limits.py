"""Limits of program documents, format 1: what a program must stay within to be launched."""

from pydantic import Field

from patron_schemas.program_words import Part, Ratio


class Limits(Part):
    """What `patron check` holds a program against. They change nothing that members get."""

    cost_rate_max: Ratio = Field(
        title="Cost rate",
        description='How much of what members spend the program gives back at most: "0.05" is '
        "5 %. Worked out for each tier from the rules that pay for orders, and from what a point "
        "is worth: by `paying`, or by a reward that costs points and says its value. Punches and "
        "what is paid for events are not in it.",
        examples=["0.05"],
    )
