"""What a shop sends on its worst day: one fault each, and the code that each must get.

Every one holds a customer's e-mail address, as text that nobody declared: it may be found
in a dead letter's sealed bytes, and nowhere else.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

CANARY = "mallory.canary@example.org"
GOOD_PAID = "10.00"  # Of each neighbour, at 2 %: 20.
BONUS = 20

Event = dict[str, Any]


class Bad(NamedTuple):
    """One fault: its code, and the record's bytes, made of a good event."""

    name: str
    code: str
    bytes_of: Callable[[Event], bytes]
    key: bytes | None = None  # Of another member, where the key is the fault.
    headers: tuple[tuple[str, bytes], ...] = (("content-type", b"application/cloudevents+json"),)


def order(name: str, *, member: str, at: datetime, **data: Any) -> Event:
    """A good purchase, with the canary in a text of its own."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/shop",
        "type": "io.patron.order.completed.v1",
        "time": at.isoformat(),
        "tenant": "default",
        "data": {
            "member": member,
            "order": name,
            "currency": "USD",
            "lines": [{"sku": "milk", "paid": GOOD_PAID, "attributes": {"note": CANARY}}],
            **data,
        },
    }


def _with(**changes: Any) -> Callable[[Event], bytes]:
    return lambda event: orjson.dumps(event | changes)


def _data(**changes: Any) -> Callable[[Event], bytes]:
    return lambda event: orjson.dumps(event | {"data": event["data"] | changes})


def _lines(*lines: Event) -> Callable[[Event], bytes]:
    return _data(lines=[line | {"attributes": {"note": CANARY}} for line in lines])


def _paid(raw: bytes) -> Callable[[Event], bytes]:
    return lambda event: orjson.dumps(event).replace(b'"10.00"', raw)


def _note(raw: bytes) -> Callable[[Event], bytes]:
    return lambda event: orjson.dumps(event).replace(b'"note"', raw + b'"note"')


def _shifted(**delta: float) -> Callable[[Event], bytes]:
    def shift(event: Event) -> bytes:
        at = datetime.fromisoformat(event["time"]) + timedelta(**delta)
        return orjson.dumps(event | {"time": at.isoformat()})

    return shift


def _refund(order_id: str, *lines: Event, **data: Any) -> Callable[[Event], bytes]:
    def refund(event: Event) -> bytes:
        member = event["data"]["member"]
        about = {"member": member, "order": order_id, "currency": "USD", "reason": CANARY}
        about |= {"lines": lines} if lines else {}
        kind = "io.patron.order.refunded.v1"
        return orjson.dumps(event | {"type": kind, "data": about | data})

    return refund


def _binary_without(event: Event) -> bytes:
    return orjson.dumps(event["data"])


DEEP = b'"more":' + b"[" * 50_000 + b"]" * 50_000 + b","
LONG = b'"more":' + b"9" * 5_000 + b","
STRANGE_LINE = {"line": "9", "amount": "1.00"}
TWINS = [{"line": "a", "sku": "a", "paid": "1.00"}] * 2
HUNDREDS = [{"sku": f"sku-{place}", "paid": "0.10"} for place in range(501)]

# `neighbour-0` is a good order that the first records of the pack bring.
PACK = (
    Bad("cut short", "malformed_json", lambda event: orjson.dumps(event)[:-20]),
    Bad("not JSON", "malformed_json", lambda _: CANARY.encode()),
    Bad("bytes that are no UTF-8", "malformed_json", _paid(b'"\xff\xfe"')),
    Bad("a raw NUL", "malformed_json", _paid(b'"1\x000"')),
    Bad("a NUL as an escape", "nul_character", _note(b'"x":"\\u0000",')),
    Bad("NaN", "not_a_number", _paid(b"NaN")),
    Bad("Infinity", "not_a_number", _note(b'"x":Infinity,')),
    Bad("a key that comes twice", "duplicate_key", _note(b'"note":"a",')),
    Bad("50,000 levels", "too_deep", _note(DEEP)),
    Bad("5,000 digits", "number_too_long", _note(LONG)),
    Bad("a negative total", "negative_amount", _paid(b'"-10.00"')),
    Bad("a tenth of a cent", "too_many_digits", _paid(b'"10.005"')),
    Bad("an amount that is an address", "contract", _data(lines=[{"sku": "a", "paid": CANARY}])),
    Bad("no lines", "contract", _data(lines=[])),
    Bad("a time without an offset", "contract", _with(time="2026-01-01T00:00:00")),
    Bad("two lines of one name", "duplicate_line", _lines(*TWINS)),
    Bad("501 lines", "too_many_lines", _lines(*HUNDREDS)),
    Bad("a type that is none", "unknown_type", _with(type=f"io.patron.{CANARY}.v1")),
    Bad("a later version", "unknown_version", _with(type="io.patron.order.completed.v9")),
    Bad("an empty value", "empty_value", lambda _: b""),
    Bad("another member's key", "key_mismatch", orjson.dumps, key=b"other"),
    Bad("25 hours ahead", "in_future", _shifted(hours=25)),
    Bad("31 days late", "too_late", _shifted(days=-31)),
    Bad("a tenant that is not there", "unknown_tenant", _with(tenant="later")),
    Bad("a used name", "id_reuse", _with(id="neighbour-0")),
    Bad("another currency, no rate", "no_rate", _data(currency="EUR")),
    Bad("a refund of too much", "refund_exceeds_order", _refund("neighbour-0", amount="10.01")),
    Bad("a refund of no line", "unknown_line", _refund("neighbour-0", STRANGE_LINE)),
    Bad(
        "binary without a type",
        "unknown_type",
        _binary_without,
        headers=(("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_note", CANARY.encode())),
    ),
)  # fmt: skip
