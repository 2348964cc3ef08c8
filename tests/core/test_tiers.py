"""Tiers: reached, held, left, and taken back, by the calendar of a shop."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    at,
    bought,
    ladder,
    program,
    redeem,
    returned,
    spend,
    voided,
)
from patron.core.account import NEVER
from patron.core.program import Program, Span


def tiered(window: str = "year", **settings: Any) -> Program:
    return program(meters=[spend(window)], ladder=ladder(**settings))


def changes(till: Till) -> list[tuple[str, str, str]]:
    """Each change of tier so far: from, to and the reason."""
    said = till.said("tier.changed")
    return [(data["from_tier"], data["to_tier"], data["reason"]) for data in said]


@pytest.mark.parametrize(
    ("spent", "tier"),
    [
        pytest.param([99_99], "", id="a-cent-short"),
        pytest.param([100_00], "silver", id="just-reached"),
        pytest.param([60_00, 60_00], "silver", id="in-two-orders"),
        pytest.param([400_00], "gold", id="over-two-thresholds"),
    ],
)
def test_a_threshold_is_reached_when_the_meter_meets_it(spent: list[int], tier: str) -> None:
    till = Till(tiered())
    till.put(*(bought(f"o{place}", paid) for place, paid in enumerate(spent)))
    assert till.account().tier == tier


def test_a_change_is_said_once_with_its_reason() -> None:
    till = Till(tiered())
    till.put(bought("o1", 400_00), bought("o2", 400_00))
    assert changes(till) == [("member", "gold", "reached")]


def test_each_threshold_that_is_passed_is_a_qualification() -> None:
    till = Till(tiered(held="window"))
    till.put(bought("o1", 400_00))
    stands = [(held.tier, held.window) for held in till.account().qualifications]
    assert stands == [("silver", "2025"), ("gold", "2025")]


@pytest.mark.parametrize(
    ("held", "last_moment", "end"),
    [
        pytest.param({"held": "window"}, "2025-12-31 23:59", "2026-01-01 00:00", id="window"),
        pytest.param({"held": "next_window"}, "2026-12-31 23:59", "2027-01-01 00:00", id="next"),
        pytest.param(
            {"held": "for", "held_for": Span(months=3)},
            "2025-06-03 11:59",
            "2025-06-03 12:00",
            id="for",
        ),
    ],
)
def test_a_tier_is_held_up_to_its_end(held: dict[str, Any], last_moment: str, end: str) -> None:
    window = "day" if "held_for" in held else "year"
    till = Till(tiered(window, **held))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait(last_moment)
    assert till.account().tier == "silver"
    till.wait("2028-01-01")
    assert till.account().tier == "member"
    assert changes(till)[1:] == [("silver", "member", "window_ended")]
    assert till.said_at()[-1] == ("tier.changed", at(end))


@pytest.mark.parametrize("settings", [{"held": "forever"}, {"downgrade": "never"}], ids=str)
def test_a_tier_for_ever_does_not_end(settings: dict[str, Any]) -> None:
    till = Till(tiered(**settings))
    till.put(bought("o1", 100_00))
    till.wait("2099-01-01")
    assert till.account().tier == "silver"
    assert till.account().due_at == NEVER


def test_a_new_qualification_keeps_the_tier_without_a_change() -> None:
    till = Till(tiered(held="next_window"))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2026-03-03"))
    till.wait("2027-06-01")
    assert till.account().tier == "silver"
    till.wait("2028-06-01")
    assert changes(till) == [("member", "silver", "reached"), ("silver", "member", "window_ended")]


def test_at_the_end_the_member_falls_to_what_still_stands() -> None:
    till = Till(tiered(held="next_window"))
    till.put(bought("o1", 300_00, when="2025-03-03"), bought("o2", 100_00, when="2026-03-03"))
    till.wait("2027-06-01")
    assert changes(till)[-1] == ("gold", "silver", "window_ended")


def test_one_step_falls_one_tier_a_window() -> None:
    till = Till(tiered(held="window", downgrade="one_step"))
    till.put(bought("o1", 300_00, when="2025-03-03"))
    till.wait("2030-01-01")
    assert till.said_at()[-2:] == [
        ("tier.changed", at("2026-01-01 00:00")),
        ("tier.changed", at("2027-01-01 00:00")),
    ]
    assert changes(till)[1:] == [
        ("gold", "silver", "window_ended"),
        ("silver", "member", "window_ended"),
    ]


def test_an_order_at_the_instant_of_the_end_finds_the_lower_tier() -> None:
    till = Till(tiered(held="window"))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.put(bought("o2", 1_00, when="2026-01-01 00:00"))
    assert till.account().tier == "member"


def test_a_refund_revokes_at_once() -> None:
    till = Till(tiered())
    till.put(bought("o1", 60_00), bought("o2", 60_00), returned("o2", l1=30_00))
    assert till.account().tier == "member"
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_a_refund_falls_to_the_highest_that_still_stands() -> None:
    till = Till(tiered())
    till.put(bought("o1", 150_00), bought("o2", 200_00), voided("o2"))
    assert changes(till)[-1] == ("gold", "silver", "refund")


def test_a_refund_of_a_window_that_has_ended_ends_what_stands_on_it() -> None:
    till = Till(tiered(held="next_window"))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.put(returned("o1", 1, when="2026-03-03"))
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_a_refund_leaves_a_tier_that_another_window_gives() -> None:
    till = Till(tiered(held="next_window"))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2026-03-03"))
    till.put(voided("o1", when="2026-03-04"))
    assert till.account().tier == "silver"


def test_a_program_may_keep_what_a_refund_no_longer_deserves() -> None:
    till = Till(tiered(held="window", on_refund="keep"))
    till.put(bought("o1", 100_00, when="2025-03-03"), voided("o1", when="2025-03-04"))
    assert till.account().tier == "silver"
    till.wait("2026-06-01")
    assert changes(till)[-1] == ("silver", "member", "window_ended")


def test_spending_points_demotes_nobody() -> None:
    till = Till(tiered())
    till.put(bought("o1", 100_00), redeem(100))
    assert till.account().tier == "silver"


def test_a_lifetime_meter_is_never_forgotten() -> None:
    till = Till(tiered("lifetime"))
    for year in range(2020, 2025):
        till.put(bought(f"o{year}", 20_00, when=f"{year}-06-01"))
    assert till.account().tier == "silver"


def test_a_refund_in_a_window_that_has_ended_gives_no_tier_back() -> None:
    till = Till(tiered(held="window"))
    till.put(bought("o1", 150_00, when="2025-03-03"))
    till.wait("2026-01-02")
    assert till.account().tier == "member"
    # What is left of 2025 is still worth silver, but its time is over.
    till.put(returned("o1", 1_00, when="2026-01-03"))
    till.wait("2026-01-04")
    assert changes(till) == [("member", "silver", "reached"), ("silver", "member", "window_ended")]
