"""The quick way for what comes most: a purchase's bytes become its fact in one step.

It takes an ordinary purchase that it is sure of, and declines everything else, good or
bad: the contract (`patron_schemas.purchases`) then reads it in three times the time, and
says what is wrong. So this may know less than the contract and never more: whatever is
taken here, the contract takes too, as the same fact.
"""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import astuple

from patron.core.facts import EventName, Line, OrderCompleted, Payment, Who
from patron.wire.reasons import Unreadable
from patron.wire.strict_json import has_nul, keys_written
from patron.wire.translating import MILLI_DIGITS, scaled
from patron_schemas.envelope import EARLIEST, LINES_MAX, NAME_LENGTH_MAX
from patron_schemas.money import MINOR_DIGITS

TYPE = "io.patron.order.completed.v1"
_TYPE_WRITTEN = f'"{TYPE}"'.encode()

_Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
_OptionalName = Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | UnsetType
_Optional = str | UnsetType


class _Line(Struct, gc=False):
    sku: _Name
    paid: str
    line: _Name | UnsetType = UNSET
    category: _OptionalName = UNSET
    quantity: _Optional = UNSET
    list: _Optional = UNSET
    tax: _Optional = UNSET
    kind: Literal["goods", "service", "gift_card", "reward", "discount"] | UnsetType = UNSET


class _Payment(Struct, gc=False):
    method: Literal["money", "points", "gift_card", "promotion"]
    amount: str


class _Data(Struct, gc=False):
    order: _Name
    member: _Name
    currency: str
    lines: Annotated[tuple[_Line, ...], Meta(min_length=1, max_length=LINES_MAX)]
    shipping: _Optional = UNSET
    payments: Annotated[tuple[_Payment, ...], Meta(max_length=16)] | UnsetType = UNSET


class _Event(Struct, gc=False, tag_field="type", tag=TYPE):
    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    time: str
    data: _Data
    tenant: _Name | UnsetType = UNSET
    subject: _OptionalName = UNSET
    datacontenttype: _OptionalName = UNSET
    traceparent: _OptionalName = UNSET


_DECODER = msgspec.json.Decoder(_Event)
_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)
_QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
KEPT_MAX = 1 << 16


class _Declined(Exception):
    pass


class _Scaled(dict[str, int]):
    """Decimal texts of one form as integers of 10^-digits; prices repeat, so they are kept."""

    def __init__(self, form: re.Pattern[str], digits: int) -> None:
        super().__init__()
        self._form = form
        self._digits = digits

    def __missing__(self, text: str) -> int:
        if self._form.fullmatch(text) is None:
            raise _Declined
        if len(self) >= KEPT_MAX:
            self.clear()
        self[text] = amount = scaled(text, self._digits)
        return amount


_MINOR = {currency: _Scaled(_MONEY, digits) for currency, digits in MINOR_DIGITS.items()}
_MILLI = _Scaled(_QUANTITY, MILLI_DIGITS)

# Of a tuple of all fields, in a third of the constructor's time.
_made_line = partial(tuple.__new__, Line)
assert len(Line._fields) == 9


def quickly(value: bytes) -> OrderCompleted | None:
    """The purchase that a structured event states; None: read it by its contract."""
    if _TYPE_WRITTEN not in value or has_nul(value):
        return None
    try:
        event = _DECODER.decode(value)
        # Other keys, or one that comes twice: the contract's business.
        return _fact(event) if _keys(event) == keys_written(value) else None
    except (_Declined, Unreadable, KeyError, ValueError, OverflowError, RecursionError):
        return None


def _fact(event: _Event) -> OrderCompleted:
    data = event.data
    minor = _MINOR[data.currency]
    lines = tuple([_line(line, place, minor) for place, line in enumerate(data.lines, start=1)])
    if len({line.line for line in lines}) < len(lines):
        raise _Declined
    payments = () if data.payments is UNSET else data.payments
    return OrderCompleted(
        EventName("default" if event.tenant is UNSET else event.tenant, event.source, event.id),
        _instant(event.time),
        Who("id", data.member),
        data.order,
        data.currency,
        lines,
        shipping_minor=0 if data.shipping is UNSET else minor[data.shipping],
        payments=tuple([Payment(part.method, minor[part.amount]) for part in payments]),
        currency_digits=MINOR_DIGITS[data.currency],
    )


def _line(line: _Line, place: int, minor: _Scaled) -> Line:
    name, category, quantity, kind = line.line, line.category, line.quantity, line.kind
    listed, tax = line.list, line.tax
    paid_minor = minor[line.paid]
    return _made_line(
        (
            str(place) if name is UNSET else name,
            line.sku,
            "" if category is UNSET else category,
            1000 if quantity is UNSET else _MILLI[quantity],
            paid_minor,
            paid_minor if listed is UNSET else minor[listed],
            0 if tax is UNSET else minor[tax],
            "goods" if kind is UNSET else kind,
            (),
        )
    )


def _instant(text: str) -> datetime:
    if _INSTANT.fullmatch(text) is None:
        raise _Declined
    at = datetime.fromisoformat(text).astimezone(UTC)
    if at < EARLIEST:
        raise _Declined
    return at


def _keys(event: _Event) -> int:
    """How many keys it was made of: with no others written, none came twice."""
    data = event.data
    parts = [event, data, *data.lines, *(() if data.payments is UNSET else data.payments)]
    fields = [astuple(part) for part in parts]
    return 1 + sum([len(values) - values.count(UNSET) for values in fields])  # 1: its type.
