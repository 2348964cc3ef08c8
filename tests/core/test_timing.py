"""What time alone does: activation, expiry, reminders and lapses, each at its own instant."""

from typing import Any

from core.grocery import (
    Till,
    adjust,
    article,
    at,
    bought,
    card,
    did,
    give_back,
    ladder,
    program,
    redeem,
    reserve,
    reward,
    rule,
    spend,
    voided,
)
from patron.core.account import NEVER, Balance
from patron.core.program import Asset, Program, Span


def points(**settings: Any) -> Program:
    return program(assets=[Asset(name="points", **settings)])


def test_points_end_at_their_instant_and_not_before() -> None:
    till = Till(points(lives=Span(months=12)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.account().due_at == at("2026-03-03")
    till.wait("2026-03-03 11:59")
    assert till.balance().available == 10
    till.wait("2026-03-03")
    assert till.balance().available == 0
    assert till.said("points.expired") == [{"asset": "points", "amount": 10}]
    assert till.account().due_at == NEVER


def test_points_that_end_now_are_gone_for_what_happens_now() -> None:
    till = Till(points(lives=Span(days=1)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.ask(redeem(10, when="2025-03-04")).code == "insufficient_points"


def test_points_of_one_month_end_together_and_are_said_once() -> None:
    till = Till(points(lives=Span(months=1), ends_at_end_of="month"))
    till.put(bought("o1", 10_00, when="2025-03-03"), bought("o2", 5_00, when="2025-03-30"))
    till.wait("2025-06-01")
    assert till.said("points.expired") == [{"asset": "points", "amount": 15}]
    assert till.said_at()[-1] == ("points.expired", at("2025-05-01 00:00"))


def test_time_is_found_late_and_acts_when_it_was_due() -> None:
    till = Till(points(lives=Span(days=10)))
    till.put(bought("o1", 1_00, when="2025-03-03"), bought("o2", 2_00, when="2025-03-05"))
    till.wait("2026-01-01")
    assert till.said_at()[-2:] == [
        ("points.expired", at("2025-03-13")),
        ("points.expired", at("2025-03-15")),
    ]


def test_a_points_life_starts_when_it_is_earned_not_when_it_becomes_available() -> None:
    till = Till(points(lives=Span(days=30), pending=Span(days=14)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.balance() == Balance(pending=10)
    (said,) = till.said("points.earned")
    assert said["available_at"] == "2025-03-17T16:00:00Z"
    assert said["expires_at"] == "2025-04-02T16:00:00Z"
    till.wait("2025-03-16")
    assert till.balance() == Balance(pending=10)
    till.wait("2025-03-17")
    assert till.balance() == Balance(available=10)
    assert till.said("points.activated") == [{"asset": "points", "amount": 10}]
    (lot,) = till.lots()
    assert (lot.earned_at, lot.expires_at) == (at("2025-03-03"), at("2025-04-02"))
    till.wait("2025-04-02")
    assert till.balance() == Balance()


def test_pending_points_cannot_be_spent() -> None:
    till = Till(points(pending=Span(days=14)))
    till.put(bought("o1", 10_00))
    assert till.ask(redeem(1)).code == "insufficient_points"


def test_pending_points_may_wait_for_hours_that_elapse() -> None:
    # The clocks go forward on 9 March, so 336 hours end an hour later on the wall.
    till = Till(points(pending=Span(seconds=336 * 3600)))
    till.put(bought("o1", 10_00, when="2025-03-03 10:00"))
    assert till.account().due_at == at("2025-03-17 11:00")


def test_what_ends_soon_is_said_ahead_once() -> None:
    till = Till(points(lives=Span(days=30), remind=Span(days=7)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.account().due_at == at("2025-03-26")
    till.wait("2025-03-25")
    assert till.said("points.expiring") == []
    till.wait("2025-03-26")
    till.wait("2025-04-01")
    assert till.said("points.expiring") == [
        {"asset": "points", "amount": 10, "expires_at": "2025-04-02T16:00:00Z"}
    ]


def test_what_was_spent_before_is_not_reminded_of() -> None:
    till = Till(points(lives=Span(days=30), remind=Span(days=7)))
    till.put(bought("o1", 10_00, when="2025-03-03"), redeem(4, when="2025-03-10"))
    till.put(bought("o2", 1_00, when="2025-03-26"))
    assert [said["amount"] for said in till.said("points.expiring")] == [6]


def test_points_that_become_available_at_the_time_of_their_reminder_are_reminded_of() -> None:
    till = Till(points(lives=Span(days=30), pending=Span(days=23), remind=Span(days=7)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.wait("2025-03-26")
    assert [kind for kind, _ in till.said_at()] == [
        "points.earned",
        "points.activated",
        "points.expiring",
    ]


def test_at_one_instant_what_ends_comes_before_what_starts_and_the_tier_is_last() -> None:
    # All of it is due at midnight of 1 January 2026.
    every = card(lives=Span(days=31)).rules[0]
    to_new_year = Asset(
        name="points", lives=Span(months=1), ends_at_end_of="year", pending=Span(days=16)
    )
    soon = Asset(name="miles", lives=Span(days=38), remind=Span(days=7), ends_at_end_of="exact")
    months = Asset(name="bonus", lives=Span(days=31))
    shop = program(
        rule(),
        rule(name="miles", asset="miles"),
        every,
        assets=[to_new_year, soon, months],
        meters=[spend(), *card().meters.values()],
        rewards=[reward(lives=Span(days=31))],
        ladder=ladder(held="window"),
    )
    till = Till(shop)
    till.put(adjust(7, asset="bonus", when="2025-12-01 00:00"))
    till.put(bought("o1", article(100_00, units=3), when="2025-12-01 00:00"))
    # Points of 16 December start on 1 January, where those of 15 December have ended … so
    # this one lives to the end of the year in which a month ends.
    till.put(bought("o2", 1_00, when="2025-12-16 00:00"))
    till.put(adjust(5, asset="miles", when="2025-12-01 00:00"))
    said_before = len(till.said_at())
    till.wait("2026-01-01 00:00")

    new_year = [kind for kind, moment in till.said_at() if moment == at("2026-01-01 00:00")]
    assert new_year == [
        "points.expired",
        "reward.lapsed",
        "points.activated",
        "points.expiring",
        "tier.changed",
    ]
    assert len(till.said_at()) > said_before


def test_a_reservation_that_lapses_gives_the_points_back_with_their_own_end() -> None:
    till = Till(points(lives=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"), reserve(6, when="2025-03-04 12:00"))
    assert till.balance() == Balance(available=4, reserved=6)
    assert till.account().due_at == at("2025-03-04 12:15")
    till.wait("2025-03-04 12:15")
    assert till.balance() == Balance(available=10)
    assert {lot.expires_at for lot in till.lots()} == {at("2025-04-02")}


def test_reserved_points_do_not_end_while_they_are_held() -> None:
    till = Till(points(lives=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"), reserve(6, when="2025-04-02 11:50"))
    till.wait("2025-04-02 12:00")
    assert till.balance() == Balance(reserved=6)
    # When they come back, their life is over.
    till.put(give_back(when="2025-04-02 12:01"))
    till.wait("2025-04-02 12:01")
    assert till.balance() == Balance()


def test_a_reserved_reward_goes_back_and_may_lapse_at_once() -> None:
    till = Till(card(lives=Span(days=1), held_for=Span(days=5)))
    till.put(bought("o1", article(3_00, units=3), when="2025-03-03"))
    till.put(reserve(reward="coffee", when="2025-03-03 18:00"))
    (held,) = till.grants()
    # No longer than the reward itself.
    assert held.held_until == at("2025-03-04")
    till.wait("2025-03-04")
    assert till.grants() == []


def test_nothing_due_is_no_entry() -> None:
    till = Till(points(lives=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    seq = till.account().seq
    till.wait("2025-03-20")
    assert till.account().seq == seq


def test_time_may_find_nothing_and_then_knows_when_to_look_again() -> None:
    till = Till(points(lives=Span(days=30)))
    till.put(bought("o1", 10_00, when="2025-03-03"), voided("o1", when="2025-03-04"))
    assert till.account().due_at == at("2025-04-02")
    till.wait("2025-04-02")
    assert (till.account().seq, till.account().due_at) == (2, NEVER)


def test_each_member_has_a_time_of_its_own() -> None:
    till = Till(points(lives=Span(days=1)))
    till.put(bought("o1", 1_00, when="2025-03-03"))
    till.put(bought("o2", 1_00, when="2025-03-03", member="bob"))
    till.wait("2025-03-05", member="bob")
    assert (till.balance("ann").available, till.balance("bob").available) == (1, 0)


def test_a_reminder_of_a_new_version_comes_at_its_own_time() -> None:
    plain = points(lives=Span(days=30))
    minding = program(
        assets=[Asset(name="points", lives=Span(days=30), remind=Span(days=7))], version="v2"
    )
    till = Till(plain, ("2025-03-10 00:00", minding))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    # Whatever comes next finds that the reminder was due.
    till.put(did(when="2025-03-27"))
    assert ("points.expiring", at("2025-03-26")) in till.said_at()


def test_points_of_an_asset_that_a_new_version_drops_still_become_available() -> None:
    old = points(lives=Span(days=30), pending=Span(days=14))
    new = program(rule(asset="miles"), assets=[Asset(name="miles")], version="v2")
    till = Till(old, ("2025-03-10 00:00", new))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    till.wait("2025-03-20")
    assert till.balance() == Balance(available=10)


def test_pending_points_end_when_they_were_said_to_end() -> None:
    old = points(lives=Span(days=300), pending=Span(days=14))
    new = program(assets=[Asset(name="points", lives=Span(days=20))], version="v2")
    till = Till(old, ("2025-03-10 00:00", new))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.said("points.earned")[0]["expires_at"] == "2025-12-28T17:00:00Z"
    till.wait("2025-06-01")
    assert till.balance() == Balance(available=10)
