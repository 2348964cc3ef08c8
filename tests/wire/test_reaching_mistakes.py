# ruff: noqa: E501  # A message stands on one line, as it is read.
"""Mistakes in rules that pay for reaching something: each with its place and its mend."""

import pytest

from patron.wire.documents import compile_document
from patron.wire.problems import InvalidDocument

CARD = """\
format: 1
program: card
zone: America/New_York
currency: USD
assets: {miles: {}}
meters:
  first: {counts: basis, window: {from_joining: P90D}}
rules:
  - rule: welcome
    earn: miles
    reach: {meter: first, from: "3000.00", points: 500}
"""


def test_a_rule_that_pays_for_reaching_something_is_good() -> None:
    assert compile_document(CARD, source="card.yaml").rules[0].mechanic.threshold == 3000_00


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("meter: first", "meter: fist", '11:20: rule "welcome": no meter "fist"; did you mean "first"?'),
        ("window: {from_joining: P90D}", "window: month", '11:20: rule "welcome": meter "first" counts over a window that can\'t be reached once for all; give it one of: lifetime, year, anniversary, {from_joining: P90D} or a campaign'),
        ("window: {from_joining: P90D}", "window: {rolling: P30D}", '11:20: rule "welcome": meter "first" counts over a window that can\'t be reached once for all; give it one of: lifetime, year, anniversary, {from_joining: P90D} or a campaign'),
        ("counts: basis, window: {from_joining: P90D}", "counts: units, punches: true", '11:20: rule "welcome": meter "first" counts punches; name a meter of basis, units, orders or events'),
        ("counts: basis", "counts: orders", '11:33: rule "welcome": meter "first" counts orders, not money; write a whole number'),
        ('"3000.00"', '"3000.001"', '11:33: "3000.001" has more digits than the currency; write 2 after the point'),
        ("    reach", "    match: {category: [X]}\n    reach", '11:5: rule "welcome": "match" on a rule that pays for reaching something; remove it; what counts is said by the meter'),
        ("P90D}", "P90D, rolling: P30D}", '7:34: meter "first", window: "window" needs "rolling", "from_joining", or "from" and "to"; write {rolling: P30D}, or {from: "2025-11-01", to: "2025-12-01"}'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    assert old in CARD
    with pytest.raises(InvalidDocument) as caught:
        compile_document(CARD.replace(old, new), source="card.yaml")

    assert f"card.yaml:{said}" in str(caught.value).split("\n")


def test_a_multiplier_does_not_multiply_what_is_given_for_reaching_something() -> None:
    rules = '  - rule: double\n    multiply: {by: "2", rules: [welcome]}\n'
    with pytest.raises(InvalidDocument, match="earns nothing that could be multiplied"):
        compile_document(CARD + rules, source="card.yaml")
