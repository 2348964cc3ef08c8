"""Referrals: both earn once the friend has stayed, once, and never of oneself."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    adjust,
    at,
    bought,
    did,
    erased,
    merged,
    program,
    redeem,
    refer,
    returned,
    rule,
    spend,
    voided,
)
from patron.core.decision import Refusal
from patron.core.facts import Engaged
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.refer import Referrals
from patron.core.program import Asset, Cap, Program, Span
from patron.core.referring import GIVEN, RECEIVED

BROUGHT = "2025-03-03"


def friends(**settings: Any) -> Program:
    """Ann brings Bob: 500 to her, at most 800 a month, and 200 to him once he has stayed."""
    thanks = PerEvent(points=500, action=GIVEN, once="subject")
    welcome = PerEvent(points=200, action=RECEIVED, once="ever")
    return program(
        rule(thanks, name="thanks", caps=(Cap(window="month", amount=800),)),
        rule(welcome, name="welcome"),
        meters=[spend("lifetime")],
        referrals=Referrals(meter="spend", threshold=30_00, kept=Span(days=14)),
        **settings,
    )


def shop(*versions: Any, members: str = "ann bob cat") -> Till:
    return Till(*(versions or (friends(),)), members=members)


def paid(till: Till) -> tuple[int, int]:
    """What the referrer has, and the friend."""
    return till.balance("ann").available, till.balance("bob").available


def wait(till: Till, until: str) -> None:
    """Time passes for the friend, and what follows from it follows."""
    till.wait(until, member="bob")
    till.follow()


def test_both_earn_when_the_friend_has_kept_enough_for_so_long() -> None:
    till = shop()
    assert till.ask(refer("bob", by="ann")).data == {"referrer": "ann"}
    till.put(bought("o1", 30_00, when="2025-03-04", member="bob"))
    wait(till, "2025-03-18 11:59")
    assert paid(till) == (0, 0)
    wait(till, "2025-03-18 12:00")
    assert paid(till) == (500, 200)
    wait(till, "2026-03-18")
    assert paid(till) == (500, 200)


def test_what_time_does_within_the_wait_brings_nothing_yet() -> None:
    till = shop(friends(assets=[Asset(name="points", lives=Span(days=5))]))
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(adjust(10, member="bob", when="2025-03-05"))
    wait(till, "2025-03-18 11:59")
    assert till.said("points.expired") == [{"asset": "points", "amount": 10}]
    assert paid(till) == (0, 0)
    wait(till, "2025-03-18 12:00")
    assert paid(till) == (500, 200)


def test_less_than_enough_brings_nothing() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 29_99, when="2025-03-04", member="bob"))
    wait(till, "2026-03-18")
    assert paid(till) == (0, 0)


def test_a_return_begins_the_wait_anew() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(returned("o1", l1=1, when="2025-03-10"))
    wait(till, "2025-03-19")
    assert paid(till) == (0, 0)
    till.put(bought("o2", 1, when="2025-03-20", member="bob"))
    wait(till, "2025-04-03 11:59")
    assert paid(till) == (0, 0)
    wait(till, "2025-04-03 12:00")
    assert paid(till) == (500, 200)


def test_who_cancels_within_the_wait_brings_nothing() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(voided("o1", when="2025-03-18 11:59"))
    wait(till, "2026-03-18")
    assert paid(till) == (0, 0)


def test_a_return_that_is_told_after_the_wait_leaves_what_was_earned() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    wait(till, "2025-03-18 12:00")
    till.put(bought("o2", 1_00, when="2025-03-20", member="bob"))
    till.put(returned("o1", l1=30_00, when="2025-03-10"))
    wait(till, "2026-03-18")
    # What was told was told: neither is it taken back, nor told again.
    assert paid(till) == (500, 200)


def test_an_order_that_comes_late_lets_the_friend_have_stayed_since_its_own_time() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o2", 1_00, when="2025-04-10", member="bob"))
    till.put(bought("o1", 30_00, when="2025-03-04", member="bob"))
    wait(till, "2025-04-11")
    assert paid(till) == (500, 200)
    follows = [f for each in till.book.decided for f in each.decision.follows]
    assert [fact.at for fact in follows] == [at("2025-03-18 12:00")] * 2


def test_a_referrer_earns_up_to_the_cap() -> None:
    till = shop(members="ann bob cat")
    for friend in ("bob", "cat"):
        till.put(refer(friend, by="ann"))
        till.put(bought(f"{friend}-1", 30_00, when="2025-03-04", member=friend))
        till.wait("2025-03-18 12:00", member=friend)
        till.follow()
    assert till.balance("ann").available == 800


def test_nobody_brings_oneself() -> None:
    assert shop().ask(refer("ann", by="ann")).code == Refusal.SELF_REFERRAL


def test_nobody_brings_who_was_merged_into_them() -> None:
    till = shop()
    till.put(merged("cat", into="bob"))
    assert till.ask(refer("bob", by="cat")).code == Refusal.SELF_REFERRAL


def test_two_who_become_one_bring_nobody() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-05"))
    till.wait("2026-03-18")
    till.follow()
    assert till.balance("ann").available == 0


def test_a_friend_who_was_merged_has_stayed_as_the_heir() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(merged("bob", into="cat", when="2025-03-05"))
    till.wait("2025-03-18 12:00", member="cat")
    till.follow()
    assert (till.balance("ann").available, till.balance("cat").available) == (500, 200)


def test_a_friend_has_one_referrer() -> None:
    till = shop()
    till.put(refer("bob", by="ann"))
    assert till.ask(refer("bob", by="cat", when="2025-03-04")).code == Refusal.ALREADY_USED


def test_who_has_bought_is_no_new_friend() -> None:
    till = shop()
    till.put(bought("o1", 1_00, member="bob"))
    assert till.ask(refer("bob", by="ann", when="2025-03-04")).code == Refusal.CONDITION


def test_a_program_without_referrals_refuses() -> None:
    assert Till(program()).ask(refer("bob", by="ann")).code == Refusal.CONDITION


def test_who_is_erased_brings_nobody() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(erased("bob", when="2025-03-05"))
    wait(till, "2026-03-18")
    assert till.balance("ann").available == 0


def test_points_that_were_spent_meanwhile_are_no_matter() -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    till.put(adjust(10, member="bob", when="2025-03-05"))
    till.put(redeem(10, member="bob", when="2025-03-06"))
    wait(till, "2025-03-18 12:00")
    assert paid(till) == (500, 200)


def test_a_late_event_before_the_request_leaves_its_answer() -> None:
    till = shop()
    till.put(refer("bob", by="ann", when="2025-03-04"))
    till.put(bought("o1", 30_00, when="2025-03-03", member="bob"))
    wait(till, "2025-03-18 11:59")
    assert paid(till) == (0, 0)
    wait(till, "2025-03-18 12:00")
    assert paid(till) == (500, 200)


@pytest.mark.parametrize("action", [GIVEN, RECEIVED])
def test_what_follows_is_called_by_its_cause(action: str) -> None:
    till = shop()
    till.put(refer("bob", by="ann"), bought("o1", 30_00, when="2025-03-04", member="bob"))
    wait(till, "2025-03-19")
    told = [each.decision.fact for each in till.book.decided]
    names = [f.name for f in told if isinstance(f, Engaged) and f.action == action]
    assert [(name.source, name.id) for name in names] == [
        ("patron:referral", f"grocer/bob/2025-03-18T16:00:00Z/{action}")
    ]
    assert did().action != action
