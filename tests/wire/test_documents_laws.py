"""Whatever is done to a good document, it compiles or it is refused with places."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patron.core.program import Program
from patron.wire.documents import compile_document
from patron.wire.problems import InvalidDocument

# Every word of the language, once.
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
prices:
  - price: card
    percent_off: {meter: spend, steps: [{from: "0", percent: 3}], by: order, rounding: ceil}
    during: {weekdays: [monday]}
  - price: trio
    special_price: {each: "2.50", sets_of: 3}
    match: {tier: [gold]}
late: forward_only
"""

MARKS = st.sampled_from(
    ["\t", "[", "]", "{", "}", ": ", "- ", "&a ", "*a", "!!int ", "%", "|", ">", "'", '"', "\\",
     "#", "? ", "<<: ", "~", "null", "true", "1.5", "-1", "0", "9" * 30, "1/0", "P0D", "PT9999999H",
     "\n", "\n\n", "---\n", "...\n", "\x00", "\ud800", "\ufeff", "\x85", "\u2028", "é", "gold"]
)  # fmt: skip
PLACES = st.integers(0, len(DOCUMENT))
LINES = DOCUMENT.splitlines(keepends=True)
NUMBERS = st.integers(0, len(LINES) - 1)


def outcome(text: str) -> Program | InvalidDocument:
    try:
        return compile_document(text, source="x.yaml")
    except InvalidDocument as error:
        return error


def check(text: str) -> None:
    result = outcome(text)
    if isinstance(result, Program):
        assert len(result.version) == 32
        return
    assert result.problems
    for problem in result.problems:
        # YAML also ends lines at NEL and the separators of Unicode.
        lines = len(text.splitlines()) + 1
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.what
        assert problem.mend


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(PLACES, st.integers(0, 12), MARKS | st.text(max_size=5)), max_size=4))
def test_characters_put_in_and_taken_out_give_a_program_or_problems(
    edits: list[tuple[int, int, str]],
) -> None:
    text = DOCUMENT
    for at, gone, put in edits:
        text = text[:at] + put + text[at + gone :]
    check(text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 6)), max_size=4))
def test_lines_moved_doubled_and_indented_give_a_program_or_problems(
    moves: list[tuple[int, int, int]],
) -> None:
    lines = list(LINES)
    for source, target, indent in moves:
        lines.insert(target, " " * indent + lines[source].lstrip())
        del lines[source]
    check("".join(lines))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["points", "gold", "1.00", "P1D"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["rule", "points", "per_amount", "tier", "from", "match", "window", "held"]
    ), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_in_any_place_gives_a_program_or_problems(data: st.DataObject) -> None:
    # JSON is YAML: a value of any shape fits on one line.
    line = data.draw(NUMBERS)
    key, colon, _ = LINES[line].partition(":")
    changed = f"{key}{colon} {json.dumps(data.draw(VALUES))}\n" if colon else LINES[line]
    # What the line had below it goes with it, so that the YAML stays readable.
    depth = len(key) - len(key.lstrip())
    rest = line + 1
    while rest < len(LINES) and len(LINES[rest]) - len(LINES[rest].lstrip()) > depth:
        rest += 1
    check("".join([*LINES[:line], changed, *LINES[rest:]]))
