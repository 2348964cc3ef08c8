"""A draw or share-out that contradicts the rest is refused, with its place and its mend."""

import pytest

from patron.errors import InvalidProgram
from patron.wire.documents import compile_document

CLUB = """\
format: 1
program: club
zone: Europe/Warsaw
currency: PLN
assets: {points: {}}
meters:
  spent: {counts: basis, window: quarter}
  cups: {counts: units, punches: true}
  lately: {counts: basis, window: {rolling: P30D}}
  ever: {counts: basis}
draws:
  summer:
    from: "2026-06-01"
    to: "2026-07-01"
    winners: 2
    seed_sha256: 1261415cd4708a0e63237af4843c3642a4a55e4595a9357467402c98a4543ba3
    reward: hamper
share_outs:
  third: {meter: spent, window: 2026-Q3, asset: points}
rules:
  - rule: tickets
    enter: summer
    per_step: {points: 1, step: "20.00"}
rewards:
  hamper: {kind: free_product}
"""

THIRD = "{meter: spent, window: 2026-Q3, asset: points}"
MISTAKES = {
    "never open": (
        'to: "2026-07-01"', 'to: "2026-06-01"',
        '14:9: draw "summer" is never open: it ends as 2026-06-01 begins; '
        "write a day after 2026-06-01",
    ),
    "no hash": (
        "1261415cd4708a0e63237af4843c3642a4a55e4595a9357467402c98a4543ba3", "ABC",
        '16:18: draw "summer", seed_sha256: "ABC" is not a SHA-256; write 64 of the characters '
        "0-9 and a-f, as `printf %s 'the seed' | sha256sum` does",
    ),
    "no winners": (
        "winners: 2", "winners: 0", '15:14: draw "summer", winners: too small; write 1 or more',
    ),
    "unknown reward": (
        "reward: hamper", "reward: hampers",
        '17:13: draw "summer": no reward "hampers"; did you mean "hamper"?',
    ),
    "named as an asset": (
        "assets: {points: {}}", "assets: {points: {}, summer: {}}",
        '12:3: draw "summer" has the name of asset "summer"; give it a name of its own',
    ),
    "unknown draw": (
        "enter: summer", "enter: sumer",
        '22:12: rule "tickets": no draw "sumer"; did you mean "summer"?',
    ),
    "enters and earns": (
        "enter: summer", "enter: summer\n    earn: points",
        '22:5: rule "tickets" earns an asset and enters a draw; make two rules of it',
    ),
    "on no day of the draw": (
        "enter: summer", 'enter: summer\n    during: {from: "2026-07-01"}',
        '23:5: rule "tickets" holds on no day of draw "summer"; '
        "write days from 2026-06-01 to 2026-07-01, or remove during",
    ),
    "a yearly entry": (
        "per_step: {points: 1, step: \"20.00\"}", "yearly: {on: birthday}",
        '22:5: rule "tickets": a day of the year enters nobody in a draw; '
        "write earn: and the name of an asset",
    ),
    "which window": (
        THIRD, "{meter: spent, asset: points}",
        '19:3: share-out "third": which quarter of meter "spent"?; add it: window: "2026-Q3"',
    ),
    "no such window": (
        THIRD, "{meter: spent, window: 2026-Q5, asset: points}",
        '19:33: "2026-Q5" is no quarter of meter "spent"; write it like "2026-Q3"',
    ),
    "a window of one": (
        THIRD, "{meter: ever, window: 2026-Q3, asset: points}",
        '19:24: meter "ever" counts over one window only; remove it',
    ),
    "a window of each member's own": (
        THIRD, "{meter: lately, asset: points}",
        "19:18: meter \"lately\" counts over a window of each member's own; "
        "name a meter of a calendar window",
    ),
    "punches": (
        THIRD, "{meter: cups, asset: points}",
        '19:18: meter "cups" has punches, which are used up; name a meter without punches',
    ),
}  # fmt: skip


def test_without_a_mistake_it_is_a_program() -> None:
    compile_document(CLUB, source="club.yaml")


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    assert old in CLUB
    with pytest.raises(InvalidProgram) as caught:
        compile_document(CLUB.replace(old, new, 1), source="club.yaml")
    assert str(caught.value) == f"club.yaml:{said}"
