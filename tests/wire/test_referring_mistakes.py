# ruff: noqa: E501  # A message stands on one line, as it is read.
"""Mistakes in referrals: each with its place and its mend."""

import pytest

from patron.core.mechanics.refer import Referrals
from patron.core.program import Span
from patron.wire.documents import compile_document
from patron.wire.problems import InvalidDocument

FRIENDS = """\
format: 1
program: friends
zone: Europe/Lisbon
currency: EUR
assets: {points: {}}
meters:
  spend: {counts: basis, window: lifetime}
referrals: {meter: spend, from: "30.00", kept: P14D}
rules:
  - rule: thanks
    earn: points
    per_event: {points: 500, action: referral.given, once: subject}
"""


def test_a_program_with_referrals_is_good() -> None:
    asked = Referrals(meter="spend", threshold=30_00, kept=Span(days=14))
    assert compile_document(FRIENDS, source="friends.yaml").referrals == asked


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("meter: spend", "meter: spent", '8:20: "referrals": no meter "spent"; did you mean "spend"?'),
        ("window: lifetime", "window: year", '8:20: referrals: meter "spend" does not count over a lifetime; name one with window: lifetime'),
        ("counts: basis", "counts: orders", '8:33: referrals: meter "spend" counts orders, not money; write a whole number'),
        ('"30.00"', '"30.001"', '8:33: "30.001" has more digits than the currency; write 2 after the point'),
        ("action: referral.given", "action: share", "8:1: no rule pays for referrals; add one: per_event: {points: 500, action: referral.given, once: subject}"),
        ("action: referral.given", "action: referral.made", '9:1: a rule pays for "referral.made", which nobody tells; write referral.given or referral.received'),
        ('referrals: {meter: spend, from: "30.00", kept: P14D}\n', "", '8:1: a rule pays for referrals, and nothing says when a friend has stayed; add it: referrals: {meter: spend, from: "30.00", kept: P14D}'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    assert old in FRIENDS
    with pytest.raises(InvalidDocument) as caught:
        compile_document(FRIENDS.replace(old, new), source="friends.yaml")

    assert f"friends.yaml:{said}" in str(caught.value).split("\n")
