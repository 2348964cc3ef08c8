# ruff: noqa: E501  # A doubt stands on one line, as it is read.
"""What `patron check` doubts before a launch: the place, what, why it matters and the mend."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from patron.cli.main import app
from patron.wire.checking import check_file

SHOP = """\
format: 1
program: shop
zone: Europe/Warsaw
currency: PLN
assets: {points: {}}
meters:
  earned: {counts: points, asset: points, window: year}
rules:
  - rule: base
    earn: points
    per_amount: {points: "1", per: "1.00"}
    by_tier: {gold: "2"}
  - rule: share
    earn: points
    per_event: {points: 10, action: share}
    caps: [{window: day, amount: 30}]
tiers:
  meter: earned
  ladder:
    - {tier: member, from: "0"}
    - {tier: gold, from: "5000"}
rewards:
  five-off: {kind: amount_off, costs: {points: 100}, value: "5.00"}
"""
BASE = """    per_amount: {points: "1", per: "1.00"}\n"""
BY_TIER = """    by_tier: {gold: "2"}\n"""


def doubts(tmp_path: Path, *changes: tuple[str, str], more: str = "") -> list[str]:
    text = SHOP
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "shop.yaml"
    path.write_text(text + more)
    report = check_file(path)
    assert report.problems == ()
    return [doubt.at("shop.yaml").removeprefix("shop.yaml:") for doubt in report.doubts]


def test_a_sound_program_is_not_doubted(tmp_path: Path) -> None:
    assert doubts(tmp_path) == []


def test_a_cost_rate_within_its_limit_is_not_doubted(tmp_path: Path) -> None:
    # 1 point a zloty, 2 in gold, each worth 0.05: 5 % and 10 %.
    assert doubts(tmp_path, more='limits: {cost_rate_max: "0.1"}\n') == []


def test_a_cost_rate_above_its_limit_is_shown_with_its_arithmetic(tmp_path: Path) -> None:
    assert doubts(tmp_path, more='limits: {cost_rate_max: "0.075"}\n') == [
        '24:10: "limits": members of gold get back up to 10 % of what they spend: 10 % by base; the program may cost 7.5 % at most; lower these rules, what a point is worth, or raise the limit'
    ]


def test_all_that_can_hold_at_once_counts_towards_the_rate_and_of_a_group_the_most(
    tmp_path: Path,
) -> None:
    more = """\
limits: {cost_rate_max: "0.10"}
"""
    rules = """  - rule: fresh
    earn: points
    per_step: {points: 3, step: "2.00"}
    match: {category: [FRESH]}
    group: extra
  - rule: organic
    earn: points
    per_amount: {points: "1", per: "1.00"}
    match: {category: [ORGANIC]}
    group: extra
  - rule: saturday
    multiply: {by: "2", rules: [organic]}
    during: {weekdays: [saturday]}
tiers:
"""
    said = doubts(tmp_path, ("tiers:\n", rules), more=more + "groups: {extra: best_for_member}\n")
    # 5 % (in gold 10 %) and of the group the organic ones on Saturdays: 2 x 0.05.
    assert ["members of member get back up to 15 %" in line for line in said] == [True, False]
    assert (
        "members of gold get back up to 20 % of what they spend: 10 % by base + 10 % by organic"
        in said[1]
    )


def test_what_points_cost_cant_be_judged_where_nothing_says_their_worth(tmp_path: Path) -> None:
    said = doubts(tmp_path, (', value: "5.00"', ""), more='limits: {cost_rate_max: "0.05"}\n')
    assert said == [
        '24:10: "limits": what points cost can\'t be judged: nothing says what one is worth; they are left out of the rate; add paying for points, or a value to a reward that costs points'
    ]


def test_paying_says_what_a_point_is_worth(tmp_path: Path) -> None:
    more = 'paying: {asset: points, block: 10, worth: "1.00"}\nlimits: {cost_rate_max: "0.15"}\n'
    (said,) = doubts(tmp_path, (', value: "5.00"', ""), more=more)
    assert "members of gold get back up to 20 % of what they spend" in said


def test_a_tier_that_caps_keep_out_of_reach_is_doubted(tmp_path: Path) -> None:
    # 366 days of 30 points, 10,980, and 12 months of 400: 4,800. 15,780 in a year at most.
    caps = BASE + "    caps: [{window: month, amount: 400}]\n"
    assert doubts(tmp_path, (BASE, caps)) == []
    said = doubts(tmp_path, (BASE, caps), ('from: "5000"', 'from: "15781"'))
    assert said == [
        '22:7: tier "gold": it starts at 15781, and meter "earned" shows 15780 at most; nobody will ever reach it; write from: "15780" at most, or raise the caps on points'
    ]


def test_a_cap_on_all_rules_can_keep_a_tier_out_of_reach(tmp_path: Path) -> None:
    said = doubts(tmp_path, more="caps: [{asset: points, window: month, amount: 300}]\n")
    assert any("shows 3600 at most" in line for line in said)


@pytest.mark.parametrize(
    ("caps", "column", "said"),
    [
        (
            "[{window: day, amount: 50}, {window: month, amount: 40}]",
            12,
            "the cap by day never binds: the cap by month does",
        ),
        (
            "[{window: day, amount: 10}, {window: month, amount: 310}]",
            39,
            "the cap by month never binds: it gives 310 at most",
        ),
        ("[{window: order, amount: 10}]", 12, "the cap by order never binds: it gives 10 at most"),
        (
            "[{window: day, amount: 200}]",
            12,
            "the cap by day never binds: the program's cap by day does",
        ),
    ],
)
def test_a_cap_that_something_else_always_comes_before_is_doubted(
    caps: str, column: int, said: str, tmp_path: Path
) -> None:
    more = "caps: [{asset: points, window: day, amount: 100}]\n"
    changes = ("[{window: day, amount: 30}]", caps), ('from: "5000"', 'from: "500"')
    (found,) = doubts(tmp_path, *changes, more=more)
    assert found.startswith(f'16:{column}: rule "share": {said}; nobody is ever held by it')


def test_a_cap_on_all_rules_that_they_cant_reach_is_doubted(tmp_path: Path) -> None:
    caps = BASE + "    caps: [{window: day, amount: 50}]\n"
    (said,) = doubts(
        tmp_path, (BASE, caps), more="caps: [{asset: points, window: day, amount: 80}]\n"
    )
    assert "points: the cap by day never binds: all rules give 80 at most" in said


def test_two_rules_that_pay_for_the_very_same_are_doubted(tmp_path: Path) -> None:
    again = (
        BASE
        + BY_TIER
        + '  - rule: again\n    earn: points\n    per_amount: {points: "3", per: "2.00"}\n'
    )
    assert doubts(tmp_path, (BASE + BY_TIER, again)) == [
        '13:5: rule "again": it pays for the same as rule "base"; both are paid, each time; remove one, tell them apart by match or during, or put both into a group'
    ]
    apart = again + "    match: {category: [FRESH]}\n"
    assert doubts(tmp_path, (BASE + BY_TIER, apart)) == []


def test_a_budget_whose_earns_wait_for_one_another_is_doubted(tmp_path: Path) -> None:
    (said,) = doubts(tmp_path, (BASE, BASE + "    budget: 1000\n"))
    assert said.startswith('12:5: rule "base": its earns wait for one another')


def test_a_mistake_in_the_limits_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP.replace("meter: earned", "meter: earnd") + "limits: {cost_rate_max: 5%}\n")
    assert [problem.line for problem in check_file(path).problems] == [18, 24]


def test_strict_takes_doubts_for_problems(tmp_path: Path) -> None:
    doubts(tmp_path, (BASE, BASE + "    budget: 1000\n"))
    path = str(tmp_path / "shop.yaml")
    assert CliRunner().invoke(app, ["check", path]).exit_code == 0
    assert CliRunner().invoke(app, ["check", "--strict", path]).exit_code == 1
