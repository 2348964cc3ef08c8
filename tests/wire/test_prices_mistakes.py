# ruff: noqa: E501  # A message stands on one line, as it is read.
"""What a document can say wrong of its prices, and what good ones compile to."""

from fractions import Fraction

import pytest

from patron.core.mechanics.percent_off import PercentOff
from patron.core.mechanics.special_price import SpecialPrice
from patron.errors import InvalidProgram
from patron.wire.documents import compile_document

SHOP = """\
format: 1
program: shop
zone: Europe/Warsaw
currency: PLN
meters:
  paid: {counts: basis}
  cups: {counts: units, punches: true}
tiers: {meter: paid, ladder: [{tier: member, from: "0"}, {tier: gold, from: "500.00"}]}
prices:
  - price: trio
    special_price: {each: "2.50", sets_of: 3}
  - price: card
    percent_off: {meter: paid, steps: [{from: "0", percent: "3"}, {from: "1000.00", percent: "5"}], by: order}
  - price: gold
    percent_off: {by_tier: {gold: "2.5"}}
    match: {tier: [gold], category: [food]}
"""

MISTAKES = [
    ("price: card", "price: trio", '12:12: a second price "trio"; give it a name of its own'),
    (
        "price: trio\n    special_price: {each: \"2.50\", sets_of: 3}",
        "price: trio",
        '10:5: price "trio" says not which; add special_price or percent_off',
    ),
    (
        "    match: {tier: [gold]",
        '    special_price: {each: "1.00"}\n    match: {tier: [gold]',
        '15:5: price "gold" has special_price and percent_off; make two prices of it',
    ),
    ('"2.50", sets_of', '"2.505", sets_of', '11:27: "2.505" has more digits than the currency; write 2 after the point'),
    ("sets_of: 3", "sets_of: 3, from_units: 3", '11:47: price "trio" is for full sets and from a number on; keep sets_of or from_units'),
    ("sets_of: 3", "sets_of: 1", '11:44: price "trio", special_price.sets_of: too small; write 2 or more'),
    ("sets_of", "set_of", '11:35: unknown field "set_of" in price "trio"; did you mean "sets_of"?'),
    ('by_tier: {gold: "2.5"}', "by: line", '15:5: price "gold" says not how many percent; add it: percent: "5"'),
    ('{gold: "2.5"}', '{gold: "101"}', '15:35: "101" percent is more than all of it; write "100" at most'),
    ('{gold: "2.5"}', '{gold: "0"}', '15:35: "0" gives nothing; write more than 0'),
    ('{gold: "2.5"}', '{golden: "2.5"}', '15:29: price "gold": no tier "golden"; did you mean "gold"?'),
    ("tier: [gold]", "tier: [golden]", '16:20: price "gold": no tier "golden"; did you mean "gold"?'),
    ("{meter: paid, steps", "{meter: pad, steps", '13:26: price "card": no meter "pad"; did you mean "paid"?'),
    ("{meter: paid, steps", "{meter: cups, steps", '13:26: price "card": meter "cups" has punches, which are used up; name a meter without punches'),
    ("{meter: paid, steps", "{steps", '13:19: price "card": steps, but of no meter; add it: meter'),
    ("{meter: paid, steps", '{percent: "1", meter: paid, steps', '13:33: price "card": percent by a meter, and others besides; make two prices of it'),
    ('from: "1000.00"', 'from: "0"', '13:74: price "card": a step does not start above the one before it; sort the steps from the lowest up'),
    ("category: [food]", "kind: [gift_card]", '16:27: price "gold": gift cards are never made cheaper; remove gift_card'),
    ("category: [food]}", 'category: [food]}\n    during: {from: "2026-02-01", to: "2026-01-01"}', '17:38: price "gold" would hold on no day: it ends as 2026-01-01 begins; write a day after 2026-02-01'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            "rewards: {coffee: {kind: free_product, costs: {trees: 5}}}",
            '18:48: reward "coffee": "trees" was given to a cause; name another asset, or remove donation: true',
        ),
        (
            'paying: {asset: trees, block: 10, worth: "1.00"}',
            '18:10: "paying": "trees" was given to a cause; name another asset, or remove donation: true',
        ),
    ],
)
def test_donations_are_no_price_and_pay_for_nothing(part: str, said: str) -> None:
    document = f"{SHOP}assets: {{trees: {{donation: true}}}}\n{part}\n"
    with pytest.raises(InvalidProgram) as caught:
        compile_document(document, source="shop.yaml")

    assert str(caught.value) == f"shop.yaml:{said}"


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES, ids=[said for *_, said in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    assert old in SHOP
    with pytest.raises(InvalidProgram) as caught:
        compile_document(SHOP.replace(old, new, 1), source="shop.yaml")

    assert f"shop.yaml:{said}" in str(caught.value).split("\n")


def test_good_prices_compile_to_minor_units_and_exact_percents() -> None:
    trio, card, gold = compile_document(SHOP, source="shop.yaml").prices
    assert trio.mechanic == SpecialPrice(each_minor=250, sets_of=3)
    steps = ((0, Fraction(3)), (1000_00, Fraction(5)))
    assert card.mechanic == PercentOff(meter="paid", steps=steps, by="order")
    assert gold.mechanic == PercentOff(by_tier={1: Fraction(5, 2)})
    assert gold.match.tiers == frozenset({1})
