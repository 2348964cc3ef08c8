"""The quick way to read a purchase takes nothing that the contract refuses or reads otherwise."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.stream.records import RawRecord
from patron.wire import incoming
from patron.wire.identity import Hasher
from patron.wire.incoming import Arrived, Binding, Sender, read
from patron.wire.purchases import quickly
from patron.wire.reasons import Reason, Unreadable

SENDERS = {"default": Sender(Hasher(b"key"), None, timedelta(days=36_500))}
EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
PURCHASE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/till",
    "type": "io.patron.order.completed.v1",
    "time": "2026-03-10T12:00:00.25+01:00",
    "data": {
        "order": "o1",
        "member": "ann",
        "currency": "EUR",
        "shipping": "4.90",
        "payments": [{"method": "money", "amount": "10.00"}, {"method": "points", "amount": "7.4"}],
        "lines": [
            {"sku": "s", "category": "tea", "paid": "12.50", "quantity": "2"},
            {"sku": "t", "paid": "0", "list": "3.00", "tax": "0.1", "kind": "gift_card"},
        ],
    },
}


def told(value: bytes) -> Arrived | Reason:
    record = RawRecord("shop.orders.v1", 0, 7, 1_773_144_000_000, b"ann", value, ())
    try:
        return read(record, Binding(key="any"), SENDERS)
    except Unreadable as why:
        return why.reason


def by_contract(value: bytes, monkeypatch: pytest.MonkeyPatch) -> Arrived | Reason:
    with monkeypatch.context() as patched:
        patched.setattr(incoming, "quickly", lambda value: None)
        return told(value)


def compact(event: Any) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def test_an_ordinary_purchase_is_read_quickly_and_as_its_contract_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = compact(PURCHASE)
    arrived = told(value)
    assert isinstance(arrived, Arrived)
    assert quickly(value) == arrived.fact
    assert arrived == by_contract(value, monkeypatch)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.json")), ids=lambda path: path.stem)
def test_examples_are_read_alike_both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = compact(json.loads(path.read_text("utf-8")))
    assert told(value) == by_contract(value, monkeypatch)


ODD: list[Any] = [
    "", "0", "-1", "1.005", "01.50", "1.5000", "1e2", " 1", "1\n", "٣", "9" * 13, "x" * 129, "é",
    "a\0b", "\\", '":', "USD", "XXX", "JPY", "usd", None, True, 0, 1.5, [], {}, ["1"], {"a": "1"},
    "reward", "goods", "points", "2026-03-10T12:00:00", "2026-03-10", "20260310T120000Z",
    "2026-03-10T12:00:00.123456789Z", "2026-03-10T24:00:00Z", "2026-03-10T12:00:60Z",
    "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-02-30T12:00:00Z",
    "2026-03-10t12:00:00z", "2026-03-10T12:00:00-00:00", "2026-03-10T12:00:00+25:00",
]  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    if not isinstance(value, dict | list):
        return [at]
    return [at, *[place for key, part in inner for place in places(part, (*at, key))]]


def changed(event: Any, place: tuple[Any, ...], to: Any) -> Any:
    if not place:
        return to
    copied = json.loads(json.dumps(event))
    part = copied
    for key in place[:-1]:
        part = part[key]
    if to is PURCHASE:  # Leave it out.
        del part[place[-1]]
    else:
        part[place[-1]] = to
    return copied


@given(
    place=st.sampled_from(places(PURCHASE)[1:]),
    to=st.sampled_from([*ODD, PURCHASE]) | st.text(max_size=6),
    also=st.sampled_from(["rate", "identifier", "attributes", "unknown", "tenant", "list", "kind"]),
    what=st.sampled_from([None, "1.5", {"kind": "card", "value": "1"}, {"a": "b"}, "goods"]),
    where=st.sampled_from([(), ("data",), ("data", "lines", 0)]),
)
def test_whatever_is_changed_both_ways_say_the_same(
    place: tuple[Any, ...], to: Any, also: str, what: Any, where: tuple[Any, ...]
) -> None:
    event = changed(PURCHASE, place, to)
    if what is not None:
        with suppress(KeyError, IndexError, TypeError):  # That place may be gone.
            event = changed(event, (*where, also), what)
    value = compact(event)
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert told(value) == by_contract(value, monkeypatch)


@pytest.mark.parametrize(
    ("written", "twice"),
    [
        (b'"order":', b'"order":"o2","order":'),
        (b'"sku":"t"', b'"sku":"s","sku":"t"'),
        (b'"id":', b'"id":"e0","id":'),
    ],
)
def test_a_key_that_comes_twice_is_left_to_the_contract(written: bytes, twice: bytes) -> None:
    value = compact(PURCHASE).replace(written, twice)
    assert quickly(value) is None
    assert told(value) == Reason.DUPLICATE_KEY
