"""When points end: each way a program can say it, on days that a calendar can confirm."""

import pytest

from core.grocery import DAY, ZONE, Till, adjust, at, bought, did, program, redeem, transfer
from patron.core.account import NEVER, WITH_ACTIVITY
from patron.core.ends import ends_at, real_end
from patron.core.program import Asset, MonthDay, Program, Span


def points(**settings: object) -> Asset:
    return Asset(name="points", **settings)  # type: ignore[arg-type]


def idle(**settings: object) -> Program:
    """Points live for a year after the last activity."""
    return program(assets=[points(after_activity=Span(months=12), **settings)])


@pytest.mark.parametrize(
    ("earned", "end"),
    [
        pytest.param("2025-01-31 23:59", "2026-02-01 00:00", id="a-long-month"),
        pytest.param("2025-02-01 00:00", "2026-03-01 00:00", id="the-next-begins"),
        pytest.param("2024-02-29 10:00", "2025-03-01 00:00", id="a-leap-day"),
    ],
)
def test_a_lot_ends_months_after_the_end_of_the_month_of_earning(earned: str, end: str) -> None:
    spec = points(lives=Span(months=12), ends_at_end_of="month")
    assert ends_at(spec, at(earned), ZONE) == at(end)


@pytest.mark.parametrize(
    ("earned", "end"),
    [
        pytest.param("2025-12-31 23:59", "2026-04-01 00:00", id="before-the-cut-off"),
        pytest.param("2026-01-01 00:00", "2027-04-01 00:00", id="at-the-cut-off"),
        pytest.param("2026-03-31 23:59", "2027-04-01 00:00", id="on-the-very-day"),
    ],
)
def test_a_lot_ends_on_a_date_of_each_year_if_it_was_earned_before_the_cut_off(
    earned: str, end: str
) -> None:
    spec = points(ends_on=MonthDay(3, 31), earned_before=MonthDay(1, 1))
    assert ends_at(spec, at(earned), ZONE) == at(end)


@pytest.mark.parametrize(
    ("earned", "end"),
    [
        pytest.param("2025-06-30 23:59", "2026-04-01 00:00", id="before-last-summer"),
        pytest.param("2025-07-01 00:00", "2027-04-01 00:00", id="since-last-summer"),
    ],
)
def test_a_cut_off_later_in_the_year_is_that_of_the_year_before(earned: str, end: str) -> None:
    spec = points(ends_on=MonthDay(3, 31), earned_before=MonthDay(7, 1))
    assert ends_at(spec, at(earned), ZONE) == at(end)


def test_without_a_cut_off_all_that_was_earned_by_then_ends() -> None:
    spec = points(ends_on=MonthDay(12, 31))
    assert ends_at(spec, at("2025-12-31 23:59"), ZONE) == at("2026-01-01 00:00")
    assert ends_at(spec, at("2026-01-01 00:00"), ZONE) == at("2027-01-01 00:00")


def test_a_yearly_date_that_its_year_lacks_falls_on_the_months_last_day() -> None:
    spec = points(ends_on=MonthDay(2, 29))
    assert ends_at(spec, at("2025-02-28 23:59"), ZONE) == at("2025-03-01 00:00")
    assert ends_at(spec, at("2028-02-29 23:59"), ZONE) == at("2028-03-01 00:00")


def test_any_fact_of_the_member_moves_the_end_of_all_that_lives_with_activity() -> None:
    till = Till(idle())
    till.put(bought("o1", 10_00, when="2025-03-03"), did("review", when="2026-02-01"))
    till.wait("2026-04-01")
    assert till.balance().available == 10
    till.wait("2027-02-01 11:59")
    assert till.balance().available == 10
    till.wait("2027-02-01")
    assert till.balance().available == 0
    assert till.said_at()[-1] == ("points.expired", at("2027-02-01"))


def test_activity_rewrites_no_lot_and_moves_no_due_instant() -> None:
    till = Till(idle())
    till.put(bought("o1", 10_00, when="2025-03-03"))
    due_at, lots = till.account().due_at, till.lots()
    decision = till.put(bought("o2", 5_00, when="2025-06-03"))
    assert decision.takes == ()
    assert till.lots()[0] == lots[0]
    assert lots[0].expires_at == WITH_ACTIVITY
    assert till.account().due_at == due_at == at("2026-03-03")
    # Time finds nothing to do at that instant, and looks again when there is.
    till.wait("2026-03-03")
    assert till.account().due_at == at("2026-06-03")
    assert till.account().seq == 2


def test_time_is_no_activity() -> None:
    # Both reminders and ends of other points are entries, and move nothing.
    till = Till(idle(remind=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.wait("2026-02-10")
    assert till.said("points.expiring")[0]["expires_at"] == "2026-03-03T17:00:00Z"
    till.wait("2026-03-03")
    assert till.balance().available == 0


def test_a_member_who_comes_back_is_reminded_again_of_the_later_end() -> None:
    till = Till(idle(remind=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.put(redeem(1, when="2026-02-10"))
    till.wait("2027-03-01")
    ends = [told["expires_at"] for told in till.said("points.expiring")]
    assert ends == ["2026-03-03T17:00:00Z", "2027-02-10T17:00:00Z"]


def test_a_fact_at_the_very_end_comes_too_late() -> None:
    till = Till(idle())
    till.put(bought("o1", 10_00, when="2025-03-03"), bought("o2", 5_00, when="2026-03-03"))
    assert till.balance().available == 5


def test_points_that_were_given_away_live_with_their_new_owner() -> None:
    till = Till(idle())
    till.put(bought("o1", 10_00, when="2025-03-03"), transfer(4, when="2025-05-03"))
    till.put(bought("o2", 1_00, when="2025-09-03", member="bob"))
    till.wait("2026-06-01", member="ann")
    till.wait("2026-06-01", member="bob")
    assert till.balance("ann").available == 0
    assert till.balance("bob").available == 5


def test_an_operators_credit_counts_as_activity_too() -> None:
    till = Till(idle())
    till.put(adjust(7))
    [lot] = till.lots()
    assert real_end(idle(), till.account(), lot) == at("2026-03-03")
    assert DAY == "2025-03-03"


def test_points_without_an_end_never_end() -> None:
    assert ends_at(points(), at("2025-03-03"), ZONE) == NEVER
