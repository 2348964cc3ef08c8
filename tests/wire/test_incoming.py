"""Records in, facts or reasons out; and never a word of what a bad record says."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from patron.core.facts import Engaged, MemberEnrolled, OrderCompleted, Who
from patron.stream.records import RawRecord
from patron.wire.identity import Hasher, normal
from patron.wire.incoming import Arrived, Binding, Sender, read
from patron.wire.reasons import MEANING, Reason, Unreadable
from patron_schemas.topics import EVENT

CANARY = "ada.lovelace@example.com"
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
SENDERS = {"default": Sender(Hasher(b"key"), timedelta(days=30), timedelta(hours=24))}
EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"


def order(**changes: Any) -> dict[str, Any]:
    """A good order, but for `changes`; None takes a field out."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/till",
        "type": "io.patron.order.completed.v1",
        "time": "2026-03-10T12:00:00Z",
        "data": {
            "order": "o1",
            "member": "ann",
            "currency": "EUR",
            "lines": [{"sku": "s", "category": "tea", "paid": "12.50", "quantity": "2"}],
        },
    }
    data = changes.pop("data", {})
    event |= changes
    event["data"] |= data
    event["data"] = {name: value for name, value in event["data"].items() if value is not None}
    return {name: value for name, value in event.items() if value is not None}


def record(value: bytes | None, *, key: bytes | None = b"ann", headers: Any = ()) -> RawRecord:
    return RawRecord("shop.orders.v1", 0, 7, int(AT.timestamp() * 1000), key, value, headers)


def arrived(event: dict[str, Any], **settings: Any) -> Arrived:
    return read(record(json.dumps(event).encode(), **settings), Binding(), SENDERS)


def line(**changes: Any) -> dict[str, Any]:
    return {"sku": "s", "category": "tea", "paid": "1.00", "quantity": "1"} | changes


def text(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


GOOD = text(order())
DEEP = b"[" * 100_000 + b"]" * 100_000

BAD: dict[str, tuple[bytes | None, Reason]] = {
    "no-value": (None, Reason.EMPTY_VALUE),
    "empty": (b"", Reason.EMPTY_VALUE),
    "over-1-mb": (text(order(data={"order": "x" * 1_000_001})), Reason.TOO_LARGE),
    "cut-short": (GOOD[:-20], Reason.MALFORMED_JSON),
    "no-json": (CANARY.encode(), Reason.MALFORMED_JSON),
    "invalid-utf-8": (GOOD.replace(b'"tea"', b'"t\xff"'), Reason.MALFORMED_JSON),
    "lone-surrogate": (GOOD.replace(b'"tea"', b'"\\ud800"'), Reason.MALFORMED_JSON),
    "nul-escaped": (GOOD.replace(b'"tea"', b'"t\\u0000"'), Reason.NUL_CHARACTER),
    "nan-in-an-unknown-field": (GOOD[:-1] + b',"x":NaN}', Reason.NOT_A_NUMBER),
    "infinity-in-an-unknown-field": (GOOD[:-1] + b',"x":-Infinity}', Reason.NOT_A_NUMBER),
    "key-twice": (GOOD.replace(b'"order":', b'"order":"o2","order":'), Reason.DUPLICATE_KEY),
    "key-twice-by-an-escape": (
        GOOD.replace(b'"order":', b'"order":"o2","\\u006frder":'),
        Reason.DUPLICATE_KEY,
    ),
    "key-twice-in-an-unknown-field": (
        GOOD[:-1] + b',"x":{"a":1,"a":2}}',
        Reason.DUPLICATE_KEY,
    ),
    "key-twice-printed-with-blanks": (
        json.dumps(order(), indent=2)
        .encode()
        .replace(b'"order" ', b"", 1)
        .replace(b'"order":', b'"order":"o2", "order":'),
        Reason.DUPLICATE_KEY,
    ),
    "depth-bomb-in-an-unknown-field": (GOOD[:-1] + b',"x":' + DEEP + b"}", Reason.TOO_DEEP),
    "5000-digits": (GOOD[:-1] + b',"x":' + b"9" * 5000 + b"}", Reason.NUMBER_TOO_LONG),
    "unknown-type": (text(order(type=f"io.patron.{CANARY}.v1")), Reason.UNKNOWN_TYPE),
    "no-type": (text(order(type=None)), Reason.UNKNOWN_TYPE),
    "later-version": (text(order(type="io.patron.order.completed.v9")), Reason.UNKNOWN_VERSION),
    "other-specversion": (text(order(specversion="0.3")), Reason.CONTRACT),
    "no-id": (text(order(id=None)), Reason.CONTRACT),
    "seconds-for-time": (text(order(time="1700000000")), Reason.CONTRACT),
    "time-without-zone": (text(order(time="2026-03-10T12:00:00")), Reason.CONTRACT),
    "number-for-money": (text(order(data={"lines": [line(paid=12.5)]})), Reason.CONTRACT),
    "negative-amount": (text(order(data={"lines": [line(paid="-1.00")]})), Reason.NEGATIVE_AMOUNT),
    "too-many-digits": (text(order(data={"lines": [line(paid="1.005")]})), Reason.TOO_MANY_DIGITS),
    "no-such-currency": (text(order(data={"currency": "XQX"})), Reason.CONTRACT),
    "no-lines": (text(order(data={"lines": []})), Reason.CONTRACT),
    "501-lines": (text(order(data={"lines": [line()] * 501})), Reason.TOO_MANY_LINES),
    "two-lines-of-one-name": (
        text(order(data={"lines": [line(line="a"), line(line="a")]})),
        Reason.DUPLICATE_LINE,
    ),
    "rate-of-0": (text(order(data={"rate": "0"})), Reason.CONTRACT),
    "attribute-of-another-kind": (
        text(order(data={"attributes": {CANARY: 5}})),
        Reason.CONTRACT,
    ),
    "member-and-identifier": (
        text(order(data={"identifier": {"kind": "email", "value": CANARY}})),
        Reason.CONTRACT,
    ),
    "too-late": (text(order(time="2026-02-08T11:59:59.999Z")), Reason.TOO_LATE),
    "in-future": (text(order(time="2026-03-11T12:00:00.001Z")), Reason.IN_FUTURE),
    "unknown-tenant": (text(order(tenant="nobody")), Reason.UNKNOWN_TENANT),
    "price-asked": (
        text(
            order(
                type="io.patron.question.price.v1",
                data={
                    "member": "ann",
                    "currency": "EUR",
                    "lines": [{"sku": "tea", "category": "food", "quantity": "1", "paid": "1.00"}],
                },
            )
        ),
        Reason.UNSUPPORTED,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_is_told_apart_by_its_reason(name: str) -> None:
    value, reason = BAD[name]
    with pytest.raises(Unreadable) as error:
        read(record(value), Binding(), SENDERS)
    assert error.value.reason == reason
    assert error.value.detail
    assert CANARY not in str(error.value)
    assert CANARY not in error.value.detail


def test_every_reason_has_its_meaning() -> None:
    assert set(MEANING) == set(Reason)


@pytest.mark.parametrize(
    ("time", "fits"),
    [
        pytest.param("2026-02-08T12:00:00Z", True, id="just-not-too-late"),
        pytest.param("2026-03-11T12:00:00Z", True, id="just-not-in-future"),
        pytest.param("2026-02-08T11:59:59.999999Z", False, id="a-microsecond-too-late"),
    ],
)
def test_lateness_has_an_edge(time: str, fits: bool) -> None:
    if fits:
        assert arrived(order(time=time)).fact.at
    else:
        with pytest.raises(Unreadable, match=Reason.TOO_LATE):
            arrived(order(time=time))


def test_a_key_must_be_the_member_unless_the_topic_says_otherwise() -> None:
    value = text(order())
    with pytest.raises(Unreadable, match=Reason.KEY_MISMATCH):
        read(record(value, key=b"bob"), Binding(), SENDERS)
    with pytest.raises(Unreadable, match=Reason.KEY_MISMATCH):
        read(record(value, key=None), Binding(), SENDERS)
    assert read(record(value, key=b"bob"), Binding(key="any"), SENDERS).fact


def test_a_topic_of_one_tenant_takes_no_other() -> None:
    with pytest.raises(Unreadable, match=Reason.WRONG_TENANT):
        read(record(text(order())), Binding(tenant="grocer"), SENDERS)


def test_money_becomes_minor_units_and_places_become_names() -> None:
    fact = arrived(order()).fact
    assert isinstance(fact, OrderCompleted)
    (only,) = fact.lines
    assert (only.line, only.paid_minor, only.list_minor, only.quantity_milli) == (
        "1",
        1250,
        1250,
        2000,
    )
    assert fact.member == Who("id", "ann")


@pytest.mark.parametrize(
    ("currency", "paid", "minor"),
    [("JPY", "1250", 1250), ("JPY", "1250.0", 1250), ("KWD", "1.2", 1200), ("USD", "0.1", 10)],
)
def test_a_currency_has_its_own_digits(currency: str, paid: str, minor: int) -> None:
    fact = arrived(order(data={"currency": currency, "lines": [line(paid=paid)]})).fact
    assert isinstance(fact, OrderCompleted)
    assert fact.lines[0].paid_minor == minor


def test_an_offset_is_no_other_content() -> None:
    here = arrived(order(time="2026-03-10T13:00:00+01:00"))
    there = arrived(order(time="2026-03-10T12:00:00Z"))
    assert here.body == there.body
    assert here.content == there.content


def test_transport_and_unknown_fields_are_no_content() -> None:
    plain = arrived(order())
    traced = arrived(order(traceparent="00-1-2-03", unknown={"a": [1, 2]}))
    assert (plain.event, plain.content) == (traced.event, traced.content)


def headers_of(event: dict[str, Any]) -> list[tuple[str, bytes]]:
    named = {
        name: value for name, value in event.items() if name not in ("data", "datacontenttype")
    }
    return [(f"ce_{name}", str(value).encode()) for name, value in named.items()]


VALID = sorted(EXAMPLES.glob("*/valid-*.json"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_both_modes_of_an_event_give_one_fact(path: Path) -> None:
    event = json.loads(path.read_bytes())
    sender = {event.get("tenant", "default"): Sender(Hasher(b"key"), None, timedelta(days=99_999))}

    def told(raw: RawRecord) -> Any:
        try:
            return read(raw, Binding(key="any"), sender).fact
        except Unreadable as why:
            return why.reason

    structured = told(record(path.read_bytes()))
    binary = told(record(json.dumps(event["data"]).encode(), headers=headers_of(event)))
    assert structured == binary
    assert EVENT.validate_json(path.read_bytes())


def test_a_binary_event_that_lacks_an_attribute_says_which() -> None:
    event = order()
    value = json.dumps(event.pop("data")).encode()
    headers = [header for header in headers_of(event) if header[0] != "ce_id"]
    with pytest.raises(Unreadable, match="id"):
        read(record(value, headers=headers), Binding(), SENDERS)


def test_a_members_identifiers_reach_the_core_as_keyed_hashes() -> None:
    event = order(
        type="io.patron.member.enrolled.v1",
        data={
            "order": None,
            "currency": None,
            "lines": None,
            "member": "ann",
            "identifiers": [{"kind": "email", "value": CANARY}],
            "person": {"email": CANARY, "given_name": "Ada"},
        },
    )
    found = arrived(event)
    assert isinstance(found.fact, MemberEnrolled)
    assert CANARY.encode() not in found.body
    assert found.person is not None
    assert CANARY.encode() in found.person
    assert found.fact.identifiers == (Hasher(b"key").who("email", CANARY.upper()),)
    assert found.fact.identifiers != (Hasher(b"other").who("email", CANARY),)


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("phone", "+48 601-234-567", "+48601234567"),
        ("phone", "0048601234567", "+48601234567"),
        ("email", "Ada.Love+shop@GMail.com", "adalove@gmail.com"),
        ("email", "Ada.Love+shop@Example.com", "ada.love@example.com"),
        ("card", " 12 34 ", "12 34"),
    ],
)
def test_identifiers_have_a_normal_form(kind: str, value: str, form: str) -> None:
    assert normal(kind, value) == form


def test_an_engagement_keeps_its_subject_and_attributes() -> None:
    event = order(
        type="io.patron.review.written.v1",
        data={"order": None, "currency": None, "lines": None, "subject": "tea", "stars": 5},
    )
    fact = arrived(event).fact
    assert isinstance(fact, Engaged)
    assert (fact.action, fact.subject, fact.attributes) == ("review", "tea", (("stars", 5),))
