"""What the words of a program document compile to, and what its version hangs on."""

from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from patron.core.mechanics.every import Every
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.program import Basis, Cap, Span, Tier, Window
from patron.wire.checking import check_file
from patron.wire.documents import compile_document
from patron_schemas.money import MINOR_DIGITS
from patron_schemas.program import program_schema

DOCUMENT = """\
format: 1
program: all-words
zone: America/New_York
currency: USD
assets:
  points:
    ends: {after: P2Y, at_end_of: month}
    pending: PT336H
    remind: P7D
  miles: {}
meters:
  spend: {counts: basis, window: year, basis: {tax: true}, match: {category: [NO, "7"]}}
  cups: {counts: units, punches: true, lives: P30D}
  reviews: {counts: events, actions: [review], window: month}
  earned: {counts: points, asset: points, window: year}
rules:
  - rule: linear
    text: {en: Points, pl: Punkty}
    earn: points
    per_amount: {points: 2/7, per: "1.00", rounding: half_even, by: line}
    basis: {shipping: true}
    match: {tier: [gold], attributes: {brand: [x, y]}}
    by_tier: {gold: "1.5"}
    caps: [{window: order, amount: 500}, {window: month, amount: 900}]
  - rule: step
    earn: miles
    per_step: {points: 10, step: 2}
  - rule: review
    earn: points
    per_event: {points: 50, action: review, once: subject}
  - rule: tenth-cup
    unlock: free-cup
    every: {meter: cups, count: 10}
tiers:
  meter: spend
  ladder: [{tier: member, from: 0}, {tier: gold, from: "500.50"}]
  held: {for: P12M}
rewards:
  free-cup: {kind: free_product, lapses_after: P2W, on_refund: keep}
  five-off: {kind: amount_off, costs: {points: 500}}
late: forward_only
"""


def compiled(text: str = DOCUMENT):  # type: ignore[no-untyped-def]
    return compile_document(text, source="all.yaml")


def test_words_of_assets_and_meters_compile() -> None:
    program = compiled()

    points, miles = program.assets["points"], program.assets["miles"]
    assert (points.lives, points.ends_at_end_of) == (Span(months=24), "month")
    assert (points.pending, points.remind) == (Span(seconds=336 * 3600), Span(days=7))
    assert (miles.lives, miles.pending, miles.remind) == (None, None, None)
    spend = program.meters["spend"]
    assert spend.window == Window(kind="year")
    assert spend.basis == Basis(tax=True)
    # In YAML 1.2, NO is a word.
    assert spend.match.categories == {"NO", "7"}
    assert program.meters["cups"].window == Window(kind="own", lives=Span(days=30))
    assert program.meters["reviews"].actions == {"review"}
    assert program.meters["earned"].asset == "points"


def test_words_of_rules_compile() -> None:
    linear, step, review, tenth = compiled().rules

    assert linear.mechanic == PerAmount(
        rate=Fraction(2, 700), rounding="half_even", by="line", basis=Basis(shipping=True)
    )
    assert linear.match.tiers == {1}
    assert linear.match.attributes == (("brand", frozenset({"x", "y"})),)
    assert linear.by_tier == {1: Fraction(3, 2)}
    assert linear.caps == (Cap(window="order", amount=500), Cap(window="month", amount=900))
    assert (linear.asset, linear.text["pl"]) == ("points", "Punkty")
    assert step.mechanic == PerStep(points=10, step_minor=200)
    assert review.mechanic == PerEvent(points=50, action="review", once="subject")
    assert tenth.mechanic == Every(meter="cups", count=10, reward="free-cup")


def test_words_of_tiers_and_rewards_compile() -> None:
    program = compiled()

    assert program.ladder is not None
    assert program.ladder.tiers == (
        Tier(name="member", threshold=0),
        Tier(name="gold", threshold=50_050),
    )
    assert (program.ladder.held, program.ladder.held_for) == ("for", Span(months=12))
    cup, five = program.rewards["free-cup"], program.rewards["five-off"]
    assert (cup.lives, cup.on_refund, cup.cost) == (Span(days=14), "keep", None)
    assert (five.cost, five.cost_asset, five.held_for) == (500, "points", Span(seconds=900))
    assert (program.debt, program.late, program.currency_digits) == ("debt", "forward_only", 2)


@pytest.mark.parametrize(
    ("window", "held"), [("year", "next_window"), ("lifetime", "forever")], ids=str
)
def test_how_long_tiers_are_held_by_default_hangs_on_their_meter(window: str, held: str) -> None:
    text = DOCUMENT.replace("  held: {for: P12M}\n", "")
    program = compiled(
        text.replace("counts: basis, window: year", f"counts: basis, window: {window}")
    )

    assert program.ladder is not None
    assert program.ladder.held == held


def test_money_has_the_digits_of_its_currency() -> None:
    yen = DOCUMENT.replace("USD", "JPY").replace("500.50", "500").replace('"1.00"', '"100"')

    program = compiled(yen)

    assert program.currency_digits == MINOR_DIGITS["JPY"] == 0
    assert program.rules[1].mechanic.step_minor == 2


def test_reminders_are_published_where_there_are_any_and_other_points_notices_are_not() -> None:
    with_reminders = compiled().notices
    without = compiled(DOCUMENT.replace("    remind: P7D\n", "")).notices

    assert with_reminders - without == {"points.expiring"}
    assert not any(name.startswith("points.") for name in without)
    assert {"tier.changed", "reward.unlocked", "request.answered"} <= without
    assert compiled(DOCUMENT + "notices: [points.earned]\n").notices == {"points.earned"}


# The version. ----------------------------------------------------------------------


def test_comments_order_of_keys_quotes_and_written_defaults_leave_the_version() -> None:
    version = compiled().version

    assert len(version) == 32
    assert int(version, 16)
    assert (
        compiled("# A comment.\n" + DOCUMENT.replace("miles: {}", "miles: {} # More.")).version
        == version
    )
    assert compiled(DOCUMENT + "debt: debt\n").version == version
    assert (
        compiled(
            DOCUMENT.replace(
                "per_step: {points: 10, step: 2}", "per_step: {step: '2', by: order, points: 10}"
            )
        ).version
        == version
    )
    lines = DOCUMENT.splitlines(keepends=True)
    assert compiled("".join([lines[-1], *lines[:-1]])).version == version


def test_a_default_that_hangs_on_a_meter_may_be_written_out() -> None:
    bare = DOCUMENT.replace("  held: {for: P12M}\n", "")
    written = DOCUMENT.replace("{for: P12M}", "end_of_next_window")

    assert compiled(bare).version == compiled(written).version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount: 500}", "amount: 501}"),
        ("points: 2/7", "points: 3/7"),
        ("zone: America/New_York", "zone: UTC"),
        ("late: forward_only", "late: retroactive"),
    ],
    ids=["cap", "rate", "zone", "late"],
)
def test_another_meaning_has_another_version(old: str, new: str) -> None:
    assert old in DOCUMENT
    assert compiled(DOCUMENT.replace(old, new)).version != compiled().version


def test_the_order_of_rules_is_part_of_the_version() -> None:
    review = DOCUMENT[DOCUMENT.index("  - rule: review") : DOCUMENT.index("  - rule: tenth-cup")]
    moved = DOCUMENT.replace(review, "").replace("rules:\n", "rules:\n" + review)

    assert compiled(moved).version != compiled().version


# The schema for editors. -----------------------------------------------------------


def test_the_editors_schema_accepts_what_compiles() -> None:
    schema = program_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(YAML(typ="safe", pure=True).load(DOCUMENT), schema)


def test_every_field_of_the_schema_has_a_title_and_a_description() -> None:
    schema = program_schema()
    blocks = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]

    lacking = [
        f"{block.get('title')}.{name}"
        for block in blocks
        for name, shown in block["properties"].items()
        if not (shown.get("title") or "$ref" in shown) or not shown.get("description")
    ]
    assert lacking == []


# Checking a file. ------------------------------------------------------------------


def test_a_check_gives_the_program_and_its_doubts(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(DOCUMENT.replace("amount: 900", "amount: 400"))

    report = check_file(path)

    assert report.problems == ()
    assert report.program is not None
    assert [f"{doubt.about}: {doubt.what}" for doubt in report.doubts] == [
        'meter "reviews": nothing reads it',
        'meter "earned": nothing reads it',
        'rule "linear": the cap by order never binds: the cap by month does',
    ]


def test_a_check_doubts_what_nobody_earns_uses_or_can_get(tmp_path: Path) -> None:
    text = DOCUMENT.replace("earn: miles", "earn: points").replace(", costs: {points: 500}", "")
    text = text.replace("tier: [gold], ", "").replace('    by_tier: {gold: "1.5"}\n', "")
    text = text.replace("once: subject}", "once: ever}\n    caps: [{window: year, amount: 50}]")
    path = tmp_path / "all.yaml"
    path.write_text(text + "notices: []\n")

    assert {doubt.about for doubt in check_file(path).doubts} == {
        'asset "miles"',
        'asset "points"',
        'meter "reviews"',
        'meter "earned"',
        'tier "gold"',
        'reward "five-off"',
        'rule "review"',
    }


def test_a_check_gives_the_problems(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(DOCUMENT.replace("USD", "USB"))

    report = check_file(path)

    assert report.program is None
    assert [(problem.line, problem.column) for problem in report.problems] == [(4, 11)]


def test_a_file_that_is_not_there_or_no_text_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    assert "can't be read" in check_file(path).problems[0].what

    path.write_bytes(b"format: 1\nprogram: \xff\n")
    problem = check_file(path).problems[0]
    assert (problem.line, problem.column, problem.what) == (2, 10, "not UTF-8 text")
