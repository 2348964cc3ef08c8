"""Windows that no calendar knows: rolling, from joining, a campaign; and tiers over them."""

from typing import Any

import pytest

from core.grocery import ZONE, Till, at, bought, did, ladder, program, returned, spend, voided
from patron.core.account import NEVER
from patron.core.program import Meter, Program, Span, Window
from patron.core.windows import leaves_at, shown

ROLLING_30 = Window(kind="rolling", lives=Span(days=30))


def tiered(window: Window, **settings: Any) -> Program:
    meter = Meter(name="spend", counts="basis", window=window)
    return program(meters=[meter], ladder=ladder(**settings))


def spent(till: Till) -> dict[str, int]:
    """What the meter of money shows."""
    account, made = till.account(), till.book.lineage.at(till.account().at)
    assert made is not None
    return shown(account.meters["spend"], made.meters["spend"], at=account.at, zone=ZONE)


def changes(till: Till) -> list[tuple[str, str, str]]:
    said = till.said("tier.changed")
    return [(data["from_tier"], data["to_tier"], data["reason"]) for data in said]


def test_of_rolling_local_days_the_first_counts_as_one() -> None:
    # Thirty days: 3 March to 1 April. The clocks change between, and the day is local.
    assert leaves_at("2025-03-03", Span(days=30), ZONE) == at("2025-04-02 00:00")


def test_a_rolling_window_of_hours_elapses() -> None:
    # Over the night of 9 March, which has no 2:00.
    start = at("2025-03-08 12:00").isoformat()
    assert leaves_at(start, Span(seconds=24 * 3600), ZONE) == at("2025-03-09 13:00")


def test_a_rolling_meter_shows_the_sum_of_what_has_not_left() -> None:
    till = Till(tiered(ROLLING_30))
    till.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 50_00, when="2025-04-01"))
    assert spent(till) == {"rolling": 110_00}
    till.put(bought("o3", 1_00, when="2025-04-02"))
    assert spent(till) == {"rolling": 51_00}


def test_a_tier_held_rolling_ends_when_the_oldest_part_leaves() -> None:
    till = Till(tiered(ROLLING_30, held="rolling"))
    till.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 50_00, when="2025-03-20"))
    assert till.account().tier == "silver"
    till.wait("2025-04-01 23:59")
    assert till.account().tier == "silver"
    till.wait("2025-06-01")
    assert changes(till) == [("member", "silver", "reached"), ("silver", "member", "window_ended")]
    assert till.said_at()[-1] == ("tier.changed", at("2025-04-02 00:00"))


def test_parts_that_leave_and_change_nothing_make_no_entry() -> None:
    till = Till(tiered(ROLLING_30, held="rolling"))
    till.put(bought("o1", 5_00, when="2025-03-03"), bought("o2", 100_00, when="2025-03-20"))
    till.wait("2025-04-10")
    assert till.account().seq == 2
    assert till.account().due_at == at("2025-04-19 00:00")


def test_what_is_bought_before_the_oldest_part_leaves_keeps_the_tier() -> None:
    till = Till(tiered(ROLLING_30, held="rolling"))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2025-03-20"))
    till.wait("2025-04-18 23:59")
    assert changes(till) == [("member", "silver", "reached")]


def test_a_refund_takes_its_part_out_of_a_rolling_window() -> None:
    till = Till(tiered(ROLLING_30, held="rolling"))
    till.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 50_00, when="2025-03-20"))
    till.put(returned("o1", l1=20_00, when="2025-03-21"))
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_a_refund_of_what_has_left_the_rolling_window_changes_nothing_now() -> None:
    till = Till(tiered(ROLLING_30, held="rolling"))
    till.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 100_00, when="2025-03-20"))
    till.put(voided("o1", when="2025-04-10"))
    assert till.account().tier == "silver"


def test_a_refund_lowers_the_rolling_window_that_reached_a_tier_held_for_months() -> None:
    # The order has left the window long since: it is the window of 3 March that falls.
    till = Till(tiered(ROLLING_30, held="for", held_for=Span(months=12)))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-06-03"))
    assert till.account().tier == "silver"
    till.put(returned("o1", l1=1, when="2025-07-03"))
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_a_rolling_tier_that_never_falls_falls_by_a_refund_alone() -> None:
    till = Till(tiered(ROLLING_30, held="rolling", downgrade="never"))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-06-03"))
    assert till.account().tier == "silver"
    till.put(returned("o1", l1=1, when="2025-07-03"))
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_a_year_from_joining_begins_on_the_day_of_joining() -> None:
    till = Till(tiered(Window(kind="anniversary"), held="window"))
    till.put(did("hello", when="2024-06-15"))
    till.put(bought("o1", 60_00, when="2025-06-14 23:59"), bought("o2", 60_00, when="2025-06-15"))
    assert till.account().tier == ""
    assert till.account().meters["spend"] == {"2024-06-15": 60_00, "2025-06-15": 60_00}
    till.put(bought("o3", 40_00, when="2026-06-14"))
    till.wait("2026-08-01")
    assert till.said_at()[-1] == ("tier.changed", at("2026-06-15 00:00"))


def test_who_joined_on_a_leap_day_has_an_anniversary_each_year() -> None:
    till = Till(tiered(Window(kind="anniversary"), held="window"))
    till.put(bought("o1", 1_00, when="2024-02-29"), bought("o2", 1_00, when="2025-02-28"))
    till.put(bought("o3", 1_00, when="2028-02-28"), bought("o4", 1_00, when="2028-02-29"))
    assert list(till.account().meters["spend"]) == ["2027-02-28", "2028-02-29"]


def test_a_campaign_counts_from_its_first_instant_up_to_its_end() -> None:
    november = Window(
        kind="campaign", begins_at=at("2025-11-01 00:00"), ends_at=at("2025-12-01 00:00")
    )
    till = Till(tiered(november, held="window"))
    till.put(
        bought("o1", 1_00, when="2025-10-31 23:59"), bought("o2", 2_00, when="2025-11-01 00:00")
    )
    till.put(
        bought("o3", 100_00, when="2025-11-30 23:59"), bought("o4", 8_00, when="2025-12-01 00:00")
    )
    assert spent(till) == {"campaign": 102_00}
    assert till.account().tier == "member"


# How long tiers are held, and what comes after.


def test_at_its_end_a_tier_that_the_window_still_meets_is_reached_again() -> None:
    till = Till(program(meters=[spend("year")], ladder=ladder(held="for", held_for=Span(months=3))))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2025-12-31")
    assert changes(till) == [("member", "silver", "reached")]
    till.wait("2027-01-01")
    # Reached again in June, September and December; in March the year is another one.
    assert till.said_at()[-1] == ("tier.changed", at("2026-03-03"))


@pytest.mark.parametrize(
    "settings", [{"held": "forever"}, {"downgrade": "never", "held": "window"}]
)
def test_an_edit_of_an_order_whose_window_has_ended_gives_no_tier(settings: dict[str, Any]) -> None:
    till = Till(program(meters=[spend("month")], ladder=ladder(**settings)))
    till.put(bought("o1", 90_00, when="2025-03-03"), bought("o1", 150_00, when="2025-04-03"))
    assert till.account().tier == ""


def grace(**settings: Any) -> Till:
    """Silver of 2025 ends with the year, and has thirty days of grace."""
    rungs = ladder(held="window", grace=Span(days=30), **settings)
    till = Till(program(meters=[spend("year")], ladder=rungs))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    return till


def test_the_end_of_a_grace_is_published_ahead_when_it_begins() -> None:
    till = grace()
    till.wait("2026-01-01 00:00")
    assert till.account().tier == "silver"
    assert till.said("tier.expiring") == [{"tier": "silver", "ends_at": "2026-01-31T05:00:00Z"}]
    till.wait("2026-06-01")
    assert till.said_at()[-2:] == [
        ("tier.expiring", at("2026-01-01 00:00")),
        ("tier.changed", at("2026-01-31 00:00")),
    ]
    assert till.account().due_at == NEVER


def test_a_tier_that_is_reached_again_in_its_grace_goes_on() -> None:
    till = grace()
    till.put(bought("o2", 100_00, when="2026-01-20"))
    till.wait("2026-12-31")
    assert changes(till) == [("member", "silver", "reached")]


def test_a_refund_ends_a_tier_in_its_grace_too() -> None:
    till = grace()
    till.put(voided("o1", when="2026-01-10"))
    assert changes(till)[-1] == ("silver", "member", "refund")


def test_nothing_is_said_of_a_grace_where_another_window_holds_the_tier() -> None:
    rungs = ladder(held="next_window", grace=Span(days=30))
    till = Till(program(meters=[spend("year")], ladder=rungs))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2026-03-03"))
    till.wait("2027-06-01")
    assert till.said("tier.expiring") == []


def test_a_rolling_tier_in_its_grace_is_reached_again_by_what_meets_it() -> None:
    till = Till(tiered(ROLLING_30, held="rolling", grace=Span(days=10)))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 50_00, when="2025-04-03"))
    assert till.account().tier == "silver"
    assert till.said("tier.expiring") == [{"tier": "silver", "ends_at": "2025-04-12T04:00:00Z"}]
    till.put(bought("o3", 50_00, when="2025-04-10"))
    till.wait("2025-05-02 23:59")
    assert changes(till) == [("member", "silver", "reached")]
