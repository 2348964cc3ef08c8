"""What was written to get past the checks, or to keep the reader busy, is refused at once."""

import json
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.stream.records import RawRecord
from patron.wire.identity import Hasher
from patron.wire.incoming import Arrived, Binding, Sender, read
from patron.wire.reasons import Reason, Unreadable
from patron.wire.strict_json import UNSURE, has_nul, inspect, keys_written

AT_MS = 1_773_144_000_000  # 2026-03-10T12:00:00Z.
# No limit of lateness: what it would catch must be caught without it.
SENDERS = {"default": Sender(Hasher(b"key"), None, timedelta(hours=24))}
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/till",
    "type": "io.patron.order.completed.v1",
    "time": "2026-03-10T12:00:00Z",
}
DATA: dict[str, Any] = {
    "order": "o1",
    "member": "ann",
    "currency": "EUR",
    "lines": [{"sku": "s", "category": "tea", "paid": "12.50"}],
}
# Far above what each takes here, far below what it took before there was a limit.
DEADLINE_S = 10.0


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


GOOD = compact(ATTRIBUTES | {"data": DATA})
TWICE = GOOD.replace(b'"order":', b'"order":"o2","order":')


def ce(**changes: bytes) -> list[tuple[str, bytes]]:
    values = {name: value.encode() for name, value in ATTRIBUTES.items()} | changes
    return [(f"ce_{name}", value) for name, value in values.items()]


def told(value: bytes, headers: Any = ()) -> Arrived:
    record = RawRecord("shop.orders.v1", 0, 7, AT_MS, b"ann", value, headers)
    return read(record, Binding(), SENDERS)


def refused(value: bytes, headers: Any = ()) -> Unreadable:
    with pytest.raises(Unreadable) as why:
        told(value, headers)
    return why.value


@pytest.mark.parametrize("blank", [b" ", b"\n", b"\t", b"\r", b" \n\t"])
def test_a_blank_before_a_colon_does_not_hide_a_key_written_twice(blank: bytes) -> None:
    hidden = TWICE.replace(b'"member":', b'"member"' + blank + b":")
    assert refused(hidden).reason == Reason.DUPLICATE_KEY


def test_a_key_that_ends_in_a_backslash_does_not_hide_another_written_twice() -> None:
    data = DATA | {"attributes": {"a\\": "b"}}
    value = compact(ATTRIBUTES | {"data": data})
    assert told(value).fact
    twice = value.replace(b'"order":', b'"order":"o2","order":')
    assert refused(twice).reason == Reason.DUPLICATE_KEY


def test_a_text_that_looks_like_a_key_is_none() -> None:
    data = DATA | {"attributes": {"note": 'he said "tea": yes', "odd : name": "\\"}}
    assert told(compact(ATTRIBUTES | {"data": data})).fact


keys = st.text(st.sampled_from('ab":\\ \u00e4,{}'), max_size=6)
trees = st.recursive(
    st.text(st.sampled_from('ab":\\ ,{}'), max_size=8) | st.integers(-(10**17), 10**17) | st.none(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=3),
    max_leaves=12,
)


def keys_of(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(keys_of, value.values()))
    return sum(map(keys_of, value)) if isinstance(value, list) else 0


@given(trees, st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]))
def test_keys_are_never_counted_too_few(tree: Any, separators: tuple[str, str]) -> None:
    counted = keys_written(json.dumps(tree, separators=separators).encode())
    assert counted == UNSURE or counted >= keys_of(tree)


@pytest.mark.parametrize("layout", [{"separators": (",", ":")}, {}, {"indent": 2}])
def test_an_ordinary_event_needs_no_slow_look(layout: dict[str, Any]) -> None:
    event = ATTRIBUTES | {"data": DATA | {"attributes": {"said": 'a "b" c'}}}
    assert keys_written(json.dumps(event, **layout).encode()) == keys_of(event)


@given(trees)
def test_strict_json_lets_json_pass(tree: Any) -> None:
    inspect(json.dumps(tree).encode())


@given(st.text(st.sampled_from("\0\\u0a"), max_size=12))
def test_nul_is_found_where_it_is_and_nowhere_else(text: str) -> None:
    assert has_nul(json.dumps(text).encode()) == ("\0" in text)


def test_a_bracket_in_a_text_opens_nothing() -> None:
    inspect(compact(["[" * 100, "\\", "{" * 100, '"' + "[" * 100]))


@pytest.mark.parametrize("number", ["-0.30000000000000004", "1.2345678901234567e-308", "1e5"])
def test_a_number_as_any_double_prints_is_not_too_long(number: str) -> None:
    assert told(GOOD[:-1] + b',"unknown":' + number.encode() + b"}").fact


def test_a_nul_in_a_header_is_found() -> None:
    # It parts the fields of an event's name before they are hashed.
    assert refused(compact(DATA), ce(id=b"e\0x")).reason == Reason.NUL_CHARACTER


@pytest.mark.parametrize("second", ["ce_id", "CE_ID", "ce_Id"])
def test_a_header_that_comes_twice_is_a_key_that_comes_twice(second: str) -> None:
    headers = [*ce(), (second, b"e2")]
    assert refused(compact(DATA), headers).reason == Reason.DUPLICATE_KEY


def test_a_header_without_a_value_is_an_empty_one() -> None:
    empty = [("content-type", None), ("ce_subject", None)]
    assert told(compact(DATA), [*ce(), *empty]).fact == told(GOOD, empty).fact
    without_id = [header for header in ce() if header[0] != "ce_id"]
    assert refused(compact(DATA), [*without_id, ("ce_id", None)]).detail.startswith("id: ")


TIMES = [
    "2026-W11-2T12:00:00Z",
    "20260310T120000Z",
    "2026-03-10T12:00:00",
    "2026-03-10",
    "2026-03-10T12:00:00.123456789Z",
    "2026-03-10t12:00:00z",
    "2026-03-10T13:00:00+01:00",
    "2026-03-10T12:00:60Z",
    "2026-02-30T12:00:00Z",
    "1773144000",
    "-1773144000",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "",
]


@pytest.mark.parametrize("text", TIMES)
def test_an_instant_is_read_or_refused_alike_in_both_modes(text: str) -> None:
    def outcome(value: bytes, headers: Any = ()) -> Any:
        try:
            return told(value, headers).fact
        except Unreadable as why:
            return why.reason, why.detail

    structured = outcome(compact(ATTRIBUTES | {"time": text, "data": DATA}))
    assert structured == outcome(compact(DATA), ce(time=text.encode()))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"])
def test_an_instant_before_1970_is_no_instant_even_without_a_limit_of_lateness(text: str) -> None:
    why = refused(compact(ATTRIBUTES | {"time": text, "data": DATA}))
    assert why.reason == Reason.CONTRACT
    assert why.detail.startswith("time: ")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "n/a"),
        ("phone", "-"),
        ("phone", "+48"),
        ("email", "unknown"),
        ("email", "@example.com"),
        ("email", "+tag@example.com"),
        ("email", "...@gmail.com"),
        ("email", "ada@"),
        ("card", "   "),
    ],
)
def test_what_stands_for_no_identifier_makes_no_member(kind: str, value: str) -> None:
    data = DATA | {"member": None, "identifier": {"kind": kind, "value": value}}
    why = refused(compact(ATTRIBUTES | {"data": data}))
    assert why.reason == Reason.CONTRACT
    assert why.detail.startswith("data.identifier: ")
    assert value.strip() == "" or value not in why.detail.partition(": ")[2].split()


def of_data(**changes: Any) -> bytes:
    return compact(ATTRIBUTES | {"data": DATA | changes})


MEGABYTES = {
    "escaped-quotes-that-never-close": b'{"a":"' + b'\\"' * 490_000,
    "escaped-quotes-and-a-lone-backslash": b'{"a":"' + b'\\"' * 490_000 + b"\\",
    "wrong-lines": of_data(lines=[{"a": 1}] * 120_000),
    "wrong-payments": of_data(payments=[{"a": 1}] * 120_000),
    "wrong-attributes": of_data(attributes={f"k{number}": 1 for number in range(80_000)}),
    "brackets": b"[" * 990_000,
    "digits": GOOD.replace(b'"12.50"', b"9" * 990_000),
}


@pytest.mark.parametrize("name", MEGABYTES)
def test_a_megabyte_of_anything_is_soon_refused(name: str) -> None:
    started = time.perf_counter()
    refused(MEGABYTES[name])
    assert time.perf_counter() - started < DEADLINE_S


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_and_nothing_worse(value: bytes) -> None:
    refused(value)
    refused(value, ce())


@given(st.data())
def test_a_good_event_with_a_byte_changed_is_a_fact_or_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    value = GOOD[:place] + data.draw(st.binary(max_size=3)) + GOOD[place + 1 :]
    with suppress(Unreadable):
        assert told(value).body
