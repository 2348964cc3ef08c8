"""Expressions that a rule or a meter hangs on, from the document to the proof."""

import json
from typing import Any

import pytest

from core.grocery import Till, article, bought, did, returned
from patron.core.decision import Proof, Refusal
from patron.core.facts import Line
from patron.wire.documents import compile_document

BASE = {"rule": "base", "earn": "points", "per_amount": {"points": "1", "per": "1.00"}}
COFFEE = article(4_00, category="coffee", sku="beans", list_minor=5_00, attributes=(("bio", "1"),))
BREAD = article(6_00, category="bakery", sku="bread")


def till(rule: dict[str, Any], **more: Any) -> Till:
    document = {
        "format": 1, "program": "grocer", "zone": "America/New_York", "currency": "USD",
        "assets": {"points": {}}, "rules": [rule], **more,
    }  # fmt: skip
    return Till(compile_document(json.dumps(document), source="test"))


def points(when: str, *lines: Line, **order: Any) -> int:
    counter = till({**BASE, "when": when})
    counter.put(bought("o1", *lines, **order))
    return counter.balance().available


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("order.total_minor == 1000", True),
        ("order.total_minor > 1000", False),
        ("order.units == 2", True),
        ("order.currency == 'USD'", True),
        ("order.lines.exists(l, l.category == 'coffee')", True),
        ("order.lines.all(l, l.category == 'coffee')", False),
        ("order.lines.exists(l, l.paid_minor < l.list_minor)", True),
        ("order.lines.filter(l, l.sku in ['beans', 'bread']).size() == 2", True),
        ("order.lines.exists(l, l.attributes.bio == '1' && l.kind == 'goods')", True),
        ("order.attributes.channel == 'app'", True),
        ("member.tier == ''", True),
    ],
)
def test_a_condition_reads_what_was_bought(when: str, holds: bool) -> None:
    attributes = (("channel", "app"),)
    assert points(when, COFFEE, BREAD, attributes=attributes) == (10 if holds else 0)


def test_what_cant_be_worked_out_does_not_hold() -> None:
    # No such attribute, a division by nothing, an index beyond the lines.
    assert points("order.attributes.channel != 'app'", COFFEE) == 0
    assert points("order.total_minor / (order.units - 1) > 0", COFFEE) == 0
    assert points("order.lines[1].units == 1", COFFEE) == 0
    # Whatever the rest of an `or` says, one side that is true is enough.
    assert points("order.attributes.channel == 'app' || order.units == 1", COFFEE) == 4


def test_a_condition_that_takes_too_many_steps_does_not_hold() -> None:
    lines = [article(1_00, line=str(number)) for number in range(300)]
    assert points("order.lines.all(a, order.lines.all(b, b.units == 1))", *lines) == 0


def test_a_returned_line_is_no_longer_there_for_a_condition() -> None:
    counter = till({**BASE, "when": "order.lines.exists(l, l.category == 'coffee')"})
    counter.put(bought("o1", COFFEE, BREAD))
    assert counter.balance().available == 10
    counter.put(returned("o1", l1=4_00))
    assert counter.balance().available == 0  # Of the 6.00 that are left nothing is coffee.


def test_why_not_says_condition_and_which_one() -> None:
    counter = till({**BASE, "when": "order.total_minor > 10000"})
    decision = counter.put(bought("o1", COFFEE))
    assert decision.proofs == (
        Proof(
            "base", "points", 0,
            why_not=Refusal.CONDITION, condition="when: order.total_minor > 10000",
        ),
    )  # fmt: skip


def test_a_condition_reads_the_fields_of_an_event_and_the_members_tier() -> None:
    watched = {"points": 20, "action": "video"}
    rule = {"rule": "video", "earn": "points", "per_event": watched, "when": "event.percent >= 90"}
    counter = till(rule)
    counter.put(did("video", "v1", percent=89))
    assert counter.balance().available == 0
    counter.put(did("video", "v2", percent=90))
    assert counter.balance().available == 20


def test_a_multiplier_may_hang_on_a_condition() -> None:
    rules = [
        BASE,
        {
            "rule": "big", "multiply": {"by": "2", "rules": ["base"]},
            "when": "order.total_minor >= 1000",
        },
    ]  # fmt: skip
    counter = till(BASE, rules=rules)
    counter.put(bought("o1", COFFEE))
    assert counter.balance().available == 4
    counter.put(bought("o2", COFFEE, BREAD))
    assert counter.balance().available == 4 + 20


def test_a_meter_counts_the_orders_for_which_its_condition_holds() -> None:
    meters = {"big": {"counts": "orders", "when": "order.total_minor >= 1000"}}
    counter = till(BASE, meters=meters)
    counter.put(bought("o1", COFFEE))
    counter.put(bought("o2", COFFEE, BREAD))
    assert counter.account().meters == {"big": {"ever": 1}}
    counter.put(returned("o2", l1=4_00))
    assert counter.account().meters == {"big": {"ever": 0}}


def test_punches_hang_on_a_condition_too() -> None:
    meters = {"cups": {"counts": "units", "punches": True, "when": "order.total_minor >= 1000"}}
    counter = till(BASE, meters=meters)
    counter.put(bought("o1", COFFEE))
    counter.put(bought("o2", COFFEE, BREAD))
    assert sum(punch.left for punch in counter.account().punches["cups"]) == 2
