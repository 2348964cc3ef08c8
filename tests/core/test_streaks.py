"""Streaks and levels: days in a row, and what has begun less what has ended."""

import pytest

from core.grocery import Till, did, ladder, program, rule
from patron.core.mechanics.streak import Streak
from patron.core.program import Match, Meter, Program, Tier


def daily(days: int = 3, **settings: object) -> Program:
    """Fifty points for so many days in a row with a check-in."""
    mechanic = Streak(points=50, action="check_in", days=days)
    return program(rule(mechanic, name="daily", **settings))


def checked_in(*days: str) -> Till:
    till = Till(daily())
    for place, day in enumerate(days):
        till.put(did("check_in", when=day, event=f"c{place}"))
    return till


def test_the_nth_day_in_a_row_pays() -> None:
    till = checked_in("2025-03-07", "2025-03-08")
    assert till.balance().available == 0
    # The clocks change on 9 March: that day of 23 hours is a day like the others.
    till.put(did("check_in", when="2025-03-09"))
    assert till.balance().available == 50


def test_after_it_has_paid_the_count_starts_again() -> None:
    till = checked_in(*(f"2025-03-0{day}" for day in range(1, 6)))
    assert till.balance().available == 50
    till.put(did("check_in", when="2025-03-06"))
    assert till.balance().available == 100


def test_a_local_day_counts_once_however_many_events_it_has() -> None:
    till = checked_in("2025-03-03 08:00", "2025-03-03 09:00", "2025-03-03 23:59", "2025-03-04")
    assert till.account().streaks == {"daily": ("2025-03-04", 2)}


def test_the_day_of_the_payment_counts_once_too() -> None:
    till = checked_in("2025-03-03", "2025-03-04", "2025-03-05", "2025-03-05 20:00")
    assert till.account().streaks == {"daily": ("2025-03-05", 0)}


def test_midnight_parts_two_days() -> None:
    till = checked_in("2025-03-03 23:59", "2025-03-04 00:00", "2025-03-05 00:00")
    assert till.balance().available == 50


def test_a_day_without_an_event_breaks_the_streak() -> None:
    till = checked_in("2025-03-03", "2025-03-04", "2025-03-06", "2025-03-07")
    assert till.balance().available == 0
    till.put(did("check_in", when="2025-03-08"))
    assert till.balance().available == 50


def test_only_events_that_match_count() -> None:
    runs = Match(attributes=(("kind", frozenset({"run"})),))
    till = Till(daily(days=2, match=runs))
    till.put(did("check_in", when="2025-03-03", kind="run"))
    till.put(did("check_in", when="2025-03-04", kind="walk"))
    [proof] = till.put(did("check_in", when="2025-03-05", kind="run")).proofs
    assert (proof.amount, proof.why_not, proof.condition) == (0, "condition", "streak")


@pytest.mark.parametrize("fact", [did("check_in", when="2025-03-01")], ids=["an-older-day"])
def test_an_event_of_an_older_day_leaves_the_streak(fact: object) -> None:
    till = checked_in("2025-03-03", "2025-03-04")
    till.put(fact)  # type: ignore[arg-type]
    assert till.account().streaks == {"daily": ("2025-03-04", 2)}


def test_a_level_is_what_has_begun_less_what_has_ended() -> None:
    subscriptions = Meter(
        name="open", counts="level", actions=frozenset({"began"}), ended_by=frozenset({"ended"})
    )
    tiers = (Tier(name="guest", threshold=0), Tier(name="subscriber", threshold=1))
    till = Till(program(meters=[subscriptions], ladder=ladder(meter="open", tiers=tiers)))
    till.put(did("began", "news", when="2025-03-03"), did("began", "tv", when="2025-03-04"))
    assert till.account().meters["open"] == {"ever": 2}
    till.put(did("ended", "news", when="2025-03-05"))
    assert till.account().tier == "subscriber"
    till.put(did("ended", "tv", when="2025-03-06"))
    assert till.account().meters["open"] == {"ever": 0}
    assert till.said("tier.changed")[-1]["reason"] == "level_fell"
