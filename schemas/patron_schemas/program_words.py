"""The words of program documents, format 1: names, durations, money, ratios, text.

Each refuses a wrong form with what it is not, and with what to write instead.
"""

import re
from calendar import monthrange
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

POINTS_MAX: Final = 10**12  # Sums of these stay far from the end of 64 bits.
ELEMENTS_MAX: Final = 200  # Of assets, meters, rules, tiers or rewards in one program.
_LEAP_YEAR: Final = 2024
VALUES_MAX: Final = 1_000  # Of categories, SKUs or attribute values in one condition.


def _form(pattern: str, *, what: str, mend: str) -> AfterValidator:
    """Text must match; otherwise say `what` it is not, and what to write instead."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise PydanticCustomError("form", "{what}", {"what": what, "mend": mend})
        return text

    return AfterValidator(check)


def _text_of_whole(value: object) -> object:
    """A whole number may be written without quotes; what else is not text stays wrong."""
    return str(value) if type(value) is int and abs(value) <= 10**18 else value


def only_whole(value: object) -> object:
    """Without this, true and 1.0 would equal 1."""
    return value if type(value) is int else str(value)


def _number(pattern: str, *, what: str, mend: str, examples: list[str]) -> tuple[Any, ...]:
    """What makes text of digits: quotes are optional for whole numbers only."""
    shown = {"type": ["string", "integer"], "pattern": f"^({pattern})$", "examples": examples}
    return (BeforeValidator(_text_of_whole), _form(pattern, what=what, mend=mend), shown)


_NAME = r"[a-z0-9-]{1,64}"
Name = Annotated[
    str,
    _form(
        _NAME,
        what="not a name",
        mend='use 1 to 64 of the characters a-z, 0-9 and "-", as in "five-off"',
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"}),
]

WalletName = Annotated[
    str,
    _form(
        rf"{_NAME}(/{_NAME})?",
        what="not the name of an asset or a wallet",
        mend='write "stars", or "stars/jazz" for one wallet of a split asset',
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME}(/{_NAME})?$"}),
]

_ACTION = r"[a-z0-9][a-z0-9_.-]{0,63}"
Action = Annotated[
    str,
    _form(
        _ACTION,
        what="not the name of an action",
        mend='use 1 to 64 of the characters a-z, 0-9, "_", "." and "-", as in "coupon_redeemed"',
    ),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_ACTION}$",
            "examples": ["review", "share", "opt_in", "survey_answered", "app_check_in"],
        }
    ),
]

_DURATION = (
    r"P(?=[0-9])(?:[0-9]{1,3}Y)?(?:[0-9]{1,4}M)?|P[0-9]{1,4}W|P[0-9]{1,5}D"
    r"|PT(?=[0-9])(?:[0-9]{1,7}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,9}S)?"
)


def _not_zero(text: str) -> str:
    if not any(digit in text for digit in "123456789"):
        raise PydanticCustomError(
            "form",
            "{what}",
            {"what": "a duration of nothing", "mend": "leave the field out, or write a longer one"},
        )
    return text


Duration = Annotated[
    str,
    _form(
        _DURATION,
        what="not a duration",
        mend='write years and months ("P12M"), weeks ("P2W"), calendar days ("P14D"), '
        'or elapsed time ("PT336H")',
    ),
    AfterValidator(_not_zero),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_DURATION})$",
            "examples": ["P12M", "P2Y", "P14D", "PT336H", "PT15M"],
        }
    ),
]

_MONTH_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def _in_some_year(text: str) -> str:
    month, day = text.split("-")
    longest = monthrange(_LEAP_YEAR, int(month))[1]
    if int(day) > longest:
        mend = f'write the month\'s last day: "{month}-{longest}"'
        raise PydanticCustomError("form", "{what}", {"what": "no day of any year", "mend": mend})
    return text


MonthDay = Annotated[
    str,
    _form(
        _MONTH_DAY,
        what="not a date of each year",
        mend='write month and day in quotes, as in "03-31"',
    ),
    AfterValidator(_in_some_year),
    WithJsonSchema(
        {"type": "string", "pattern": f"^({_MONTH_DAY})$", "examples": ["03-31", "12-31"]}
    ),
]

_YEARLY_DAY = rf"birthday|joined|{_MONTH_DAY}"
YearlyDay = Annotated[
    str,
    _form(
        _YEARLY_DAY,
        what="not a day of each year",
        mend='write birthday, joined, or month and day in quotes, as in "12-24"',
    ),
    AfterValidator(lambda text: _in_some_year(text) if "-" in text else text),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_YEARLY_DAY})$",
            "examples": ["birthday", "joined", "12-24"],
        }
    ),
]

_MONEY = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?"
_before, _after, _shown = _number(
    _MONEY,
    what="not an amount of money",
    mend='write it in quotes, with a point and without a currency, as in "12.50"',
    examples=["1.00", "500.00"],
)
Money = Annotated[str, _before, _after, WithJsonSchema(_shown)]

_RATIO = r"[0-9]{1,13}(\.[0-9]{1,9})?|[0-9]{1,13}/[1-9][0-9]{0,12}"
_before, _after, _shown = _number(
    _RATIO,
    what="not a number that can multiply",
    mend='write an integer, a decimal or a fraction, in quotes: "2", "1.5" or "2/7"',
    examples=["1", "1.5", "2/7"],
)
Ratio = Annotated[str, _before, _after, WithJsonSchema(_shown)]

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


def _in_calendar(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError(
            "form",
            "{what}",
            {"what": "no day of the calendar", "mend": 'write a day that exists: "2026-02-28"'},
        ) from None
    return text


Day = Annotated[
    str,
    _form(_DAY, what="not a day", mend='write year, month and day in quotes: "2026-11-30"'),
    AfterValidator(_in_calendar),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY}$", "examples": ["2026-11-30"]}),
]

_SHA256 = r"[0-9a-f]{64}"
Sha256 = Annotated[
    str,
    _form(
        _SHA256,
        what="not a SHA-256",
        mend="write 64 of the characters 0-9 and a-f, as `printf %s 'the seed' | sha256sum` does",
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_SHA256}$"}),
]

Points = Annotated[int, Field(ge=1, le=POINTS_MAX)]
Value = Annotated[str, Field(min_length=1, max_length=128)]
_T = TypeVar("_T")
# Lists of a document become tuples, so that a document read once can't change.
Values = Annotated[tuple[_T, ...], Field(strict=False, min_length=1, max_length=VALUES_MAX)]
Elements = Annotated[tuple[_T, ...], Field(strict=False, max_length=ELEMENTS_MAX)]
Named = Annotated[dict[Name, _T], Field(max_length=ELEMENTS_MAX)]

_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
Language = Annotated[
    str,
    _form(_LANGUAGE, what="not a language", mend='write its code, as in "en" or "pt-BR"'),
    WithJsonSchema({"type": "string", "pattern": f"^{_LANGUAGE}$"}),
]
Text = Annotated[
    dict[Language, Annotated[str, Field(min_length=1, max_length=500)]],
    Field(
        title="Text",
        description="What members read, by language: {en: A free coffee}.",
        examples=[{"en": "1 point per full dollar", "pl": "1 punkt za każdego dolara"}],
        max_length=50,
    ),
]


class Part(BaseModel):
    """Any block of a document: strict about types and names of fields, frozen once read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
