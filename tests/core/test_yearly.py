"""What time awards: once a year, at an hour of the member's own day, whatever is moved."""

import pytest

from core.grocery import Till, at, enrolled, profile, program, reward, rule
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.yearly import Yearly
from patron.core.program import Cap, MonthDay, Program


def birthday(**settings: object) -> Program:
    """200 points at nine in the morning of a birthday."""
    yearly = Yearly(**{"on": "birthday", "hour": 9, "points": 200} | settings)  # type: ignore[arg-type]
    return program(rule(yearly, name="birthday"))


def awarded(till: Till, member: str = "ann") -> list[str]:
    """When time awarded something to a member, in UTC."""
    return [
        f"{each.decision.at:%Y-%m-%d %H:%M}"
        for each in till.book.decided
        if each.member == member
        for notice in each.decision.notices
        if notice.type == "yearly.reached"
    ]


def test_a_birthday_is_awarded_at_its_hour_each_year() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-03-01", birthday="03-10"))
    till.wait("2027-01-01")
    assert till.balance().available == 400
    assert [f"{lot.earned_at:%m-%d %H:%M}" for lot in till.lots()] == ["03-10 13:00"] * 2
    assert awarded(till) == ["2025-03-10 13:00", "2026-03-10 13:00"]


def test_found_late_it_is_the_same_and_at_its_own_instant() -> None:
    slow, quick = Till(birthday()), Till(birthday())
    for till in (slow, quick):
        till.put(enrolled("2025-03-01", birthday="03-10"))
    for month in range(3, 12):
        quick.wait(f"2025-{month:02}-28")
    for till in (slow, quick):
        till.wait("2026-01-01")
    assert slow.lots() == quick.lots()


def test_who_joins_after_the_hour_gets_it_next_year() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-03-10 09:01", birthday="03-10"))
    till.wait("2026-03-10 08:59")
    assert till.balance().available == 0
    till.wait("2026-03-10 09:00")
    assert till.balance().available == 200


def test_at_its_very_instant_it_comes_before_the_event() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-03-01", birthday="03-10"))
    till.put(profile("2025-03-10 09:00", birthday="06-01"))
    till.wait("2026-01-01")
    assert awarded(till) == ["2025-03-10 13:00"]


@pytest.mark.parametrize(
    ("year", "day"), [("2025", "2025-02-28 14:00"), ("2028", "2028-02-29 14:00")]
)
def test_the_29th_of_february_falls_on_the_months_last_day(year: str, day: str) -> None:
    till = Till(birthday())
    till.put(enrolled(f"{year}-01-05", birthday="02-29"))
    till.wait(f"{year}-12-01")
    assert awarded(till) == [day]


def test_moving_the_birthday_gives_no_second_award_in_that_year() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-01-05", birthday="03-10"))
    till.put(profile("2025-04-01", birthday="06-01"))
    till.wait("2026-12-01")
    assert awarded(till) == ["2025-03-10 13:00", "2026-06-01 13:00"]


def test_moving_it_before_it_comes_moves_the_award() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-01-05", birthday="06-01"))
    till.put(profile("2025-02-01", birthday="03-10"))
    till.wait("2025-12-01")
    assert awarded(till) == ["2025-03-10 13:00"]


def test_the_hour_is_of_the_members_own_day_where_a_rule_says_so() -> None:
    till = Till(birthday(by_zone="member"))
    till.put(enrolled("2025-01-05", birthday="03-10", zone="Asia/Tokyo"))
    till.put(enrolled("2025-01-05", member="bob", birthday="03-10"))
    till.wait("2025-12-01")
    till.wait("2025-12-01", member="bob")
    assert awarded(till) == ["2025-03-10 00:00"]
    assert awarded(till, "bob") == ["2025-03-10 13:00"]  # The program's, of one without a zone.


def test_moving_west_on_new_years_eve_gives_no_second_award_of_one_year() -> None:
    till = Till(birthday(by_zone="member", hour=0, on=MonthDay(1, 1)))
    till.put(enrolled("2025-06-01", zone="Pacific/Kiritimati"))
    till.put(profile("2026-01-01 00:30", zone="America/New_York"))
    till.wait("2026-12-01")
    assert awarded(till) == ["2025-12-31 10:00"]


def test_the_day_a_member_joined_is_awarded_from_the_year_after() -> None:
    till = Till(birthday(on="joined"))
    till.put(enrolled("2024-02-29 08:00"))
    till.wait("2026-12-01")
    assert awarded(till) == ["2025-02-28 14:00", "2026-02-28 14:00"]


def test_a_date_is_everybodys_who_is_there() -> None:
    till = Till(birthday(on=MonthDay(12, 24)))
    till.put(profile("2025-06-01"))
    till.wait("2026-01-01")
    assert awarded(till) == ["2025-12-24 14:00"]


def test_a_reward_or_a_wish_may_be_given_instead_of_points() -> None:
    cake = rule(Yearly(on="birthday", reward="cake"), name="cake", asset="")
    wish = rule(Yearly(on="birthday"), name="wish", asset="")
    till = Till(program(cake, wish, rewards=[reward("cake")]))
    till.put(enrolled("2025-01-05", birthday="03-10"))
    till.wait("2025-12-01")
    assert [grant.reward for grant in till.grants()] == ["cake"]
    assert len(awarded(till)) == 2


def test_what_multiplies_and_what_caps_other_rules_does_so_here() -> None:
    twice = rule(Multiply(by=2, rules=frozenset({"birthday"})), name="twice", asset="")  # type: ignore[arg-type]
    given = rule(
        Yearly(on="birthday", points=200), name="birthday", caps=(Cap(window="year", amount=300),)
    )
    till = Till(program(given, twice))
    till.put(enrolled("2025-01-05", birthday="03-10"))
    till.wait("2025-12-01")
    assert till.balance().available == 300


def test_what_was_missed_by_an_outage_is_earned_at_its_own_instant() -> None:
    till = Till(birthday())
    till.put(enrolled("2025-01-05", birthday="03-10"))
    till.wait("2025-12-01")
    assert till.lots()[0].earned_at == at("2025-03-10 09:00")
