# ruff: noqa: E501  # A message stands on one line, as it is read.
"""Mistakes in expressions: found as the document is read, each with its place and its mend."""

import pytest

from patron.wire.documents import compile_document
from patron.wire.problems import InvalidDocument

SHOP = """\
format: 1
program: shop
zone: Europe/Warsaw
currency: PLN
assets: {points: {}}
meters:
  earned: {counts: points, asset: points}
  watched: {counts: events, actions: [video]}
rules:
  - rule: base
    earn: points
    per_amount: {points: "1", per: "1.00"}
  - rule: video
    earn: points
    per_event: {points: 5, action: video}
"""
ORDER, EVENT = 'per: "1.00"}', "action: video}"
EARNED, WATCHED = "asset: points}", "actions: [video]}"


def test_a_condition_of_an_order_and_one_of_an_event_are_good() -> None:
    document = _with(ORDER, "order.total_minor > 10000 && member.tier == ''")
    document = document.replace(EVENT, f"{EVENT}\n    when: event.percent >= 90")
    assert compile_document(document, source="shop.yaml").rules[1].when is not None


@pytest.mark.parametrize(
    ("after", "when", "said"),
    [
        pytest.param(
            ORDER, "order.totl_minor > 10000",
            '13:17: rule "base", when: "order" has no "totl_minor"; did you mean "total_minor"?',
            id="a field that an order does not have",
        ),
        pytest.param(
            ORDER, '"order.lines.exists(l, l.catgory == \'coffee\')"',
            '13:36: rule "base", when: a line has no "catgory"; did you mean "category"?',
            id="a field that a line does not have",
        ),
        pytest.param(
            ORDER, "order.total_minor > '100.00'",
            '13:29: rule "base", when: ">" does not fit number, text; compare numbers with numbers, and text in quotes with text',
            id="a number and text",
        ),
        pytest.param(
            ORDER, "order.units > 1 && order.lines.exists(l, l.units == '2')",
            '13:60: rule "base", when: "==" does not fit number, text; compare numbers with numbers, and text in quotes with text',
            id="a number and text of a line",
        ),
        pytest.param(
            ORDER, "order.total_minor",
            '13:11: rule "base", when: it is a number, no condition; compare it: "order.total_minor > 10000"',
            id="no condition",
        ),
        pytest.param(
            ORDER, "order.total_minor >",
            '13:30: rule "base", when: can\'t be read from here on as an expression; write one as in "order.total_minor > 10000 && member.tier == \'gold\'"',
            id="no expression",
        ),
        pytest.param(
            ORDER, "today() > 3",
            '13:16: rule "base", when: there is no "today"; write one of: member.tier, order.attributes, order.currency, order.lines, order.total_minor, order.units',
            id="a function that does not exist",
        ),
        pytest.param(
            ORDER, ">-\n      order.units > 1\n      && order.unit > 1",
            '13:11: rule "base", when: "order" has no "unit"; did you mean "units"?',
            id="in a block, whose own place is shown",
        ),
        pytest.param(
            EVENT, "event.prcent > 90",
            '16:17: rule "video", when: "event" has no "prcent"; did you mean "percent"?',
            id="a field that the rule's action does not have",
        ),
        pytest.param(
            EVENT, "event.stars > 3",
            '16:17: rule "video", when: "event" has no "stars"; write one of: action, attributes, percent, subject',
            id="a field of another action",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_its_mend(after: str, when: str, said: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        compile_document(_with(after, when), source="shop.yaml")

    assert str(caught.value) == f"shop.yaml:{said}"


def test_every_mistake_of_a_condition_is_told() -> None:
    with pytest.raises(InvalidDocument) as caught:
        compile_document(_with(ORDER, "order.unit > 1 && order.line > 1"), source="shop.yaml")

    assert [problem.column for problem in caught.value.problems] == [17, 35]


def test_what_a_rule_has_earned_is_counted_without_a_condition() -> None:
    document = SHOP.replace(EARNED, 'asset: points, when: "true"}')
    with pytest.raises(InvalidDocument, match='meter "earned": "when" means nothing here'):
        compile_document(document, source="shop.yaml")


def test_a_meter_reads_no_tier() -> None:
    document = SHOP.replace(WATCHED, "actions: [video], when: \"member.tier == ''\"}")
    with pytest.raises(InvalidDocument, match="there is no"):
        compile_document(document, source="shop.yaml")


def _with(after: str, when: str) -> str:
    assert after in SHOP
    return SHOP.replace(after, f"{after}\n    when: {when}")
