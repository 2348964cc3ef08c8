"""Punch cards: full sets unlock a coffee, the rest carries over, a return takes back its own."""

import pytest

from core.grocery import (
    Till,
    article,
    at,
    bought,
    card,
    cups,
    program,
    redeem,
    reserve,
    returned,
    reward,
    rule,
    voided,
)
from patron.core.mechanics.every import Every
from patron.core.program import Span


def coffees(order: str, count: int, **settings: object):  # type: ignore[no-untyped-def]
    return bought(order, article(count * 1_00, units=count), **settings)


@pytest.mark.parametrize(
    ("bought_each", "unlocked", "left"),
    [
        pytest.param([2], 0, 2, id="not-yet"),
        pytest.param([3], 1, 0, id="a-full-card"),
        pytest.param([2, 2], 1, 1, id="the-rest-carries-over"),
        pytest.param([7], 2, 1, id="two-at-once"),
        pytest.param([1, 1, 1, 1, 1, 1], 2, 0, id="one-by-one"),
    ],
)
def test_full_cards_unlock_and_the_rest_carries_over(
    bought_each: list[int], unlocked: int, left: int
) -> None:
    till = Till(card(count=3))
    till.put(*(coffees(f"o{place}", count) for place, count in enumerate(bought_each)))
    assert (len(till.grants()), till.punches()) == (unlocked, left)


def test_a_reward_tells_its_order_and_when_it_lapses() -> None:
    till = Till(card(lives=Span(days=30)))
    till.put(coffees("o1", 3, when="2025-03-03"))
    assert till.said("reward.unlocked") == [
        {
            "reward": "coffee",
            "kind": "free_product",
            "grant": "1-1",
            "lapses_at": "2025-04-02T16:00:00Z",
            "order": "o1",
        }
    ]


def test_punches_lapse_by_their_own_life() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 2, when="2025-03-03"), coffees("o2", 1, when="2025-04-02"))
    assert (len(till.grants()), till.punches()) == (0, 1)


def test_punches_live_up_to_their_last_moment() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 2, when="2025-03-03"), coffees("o2", 1, when="2025-04-02 11:59"))
    assert (len(till.grants()), till.punches()) == (1, 0)


def test_the_oldest_punches_are_used_first() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 2, when="2025-03-03"), coffees("o2", 2, when="2025-03-10"))
    (left,) = till.account().punches["cups"]
    assert (left.cause, left.left, left.lapses_at) == ("o2", 1, at("2025-04-09"))


def test_a_return_takes_its_own_living_punches() -> None:
    till = Till(card())
    till.put(coffees("o1", 1), coffees("o2", 1), voided("o2"))
    (left,) = till.account().punches["cups"]
    assert (left.cause, left.left) == ("o1", 1)


def test_a_partial_return_takes_as_many_as_came_back() -> None:
    till = Till(card(count=9))
    till.put(coffees("o1", 4), returned("o1", l1=2_00, units=2))
    assert till.punches() == 2


def test_a_return_of_used_punches_revokes_the_newest_reward_and_the_others_live_again() -> None:
    till = Till(card())
    till.put(coffees("o1", 2), coffees("o2", 1), voided("o2"))
    assert (till.grants(), till.punches()) == ([], 2)
    assert till.said("reward.revoked") == [
        {"reward": "coffee", "grant": "2-1", "reason": "cancelled"}
    ]
    till.put(coffees("o3", 1))
    assert len(till.grants()) == 1


def test_a_return_after_the_coffee_was_drunk_is_owed() -> None:
    till = Till(card())
    till.put(coffees("o1", 3), redeem(reward="coffee"), voided("o1"))
    assert till.punches() == -3
    till.put(coffees("o2", 4))
    assert (till.grants(), till.punches()) == ([], 1)


def test_a_reserved_reward_is_not_revoked() -> None:
    till = Till(card())
    till.put(coffees("o1", 3), reserve(reward="coffee"), voided("o1"))
    assert [grant.state for grant in till.grants()] == ["reserved"]
    assert till.punches() == -3


def test_a_return_of_one_set_leaves_the_other() -> None:
    till = Till(card())
    till.put(coffees("o1", 3), coffees("o2", 3), voided("o1"))
    # The newest reward goes, and its three punches pay for those that o1 takes back.
    assert [grant.seq for grant in till.grants()] == [1]
    assert till.punches() == 0


def test_more_punches_of_an_edited_order_count_from_the_order() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 1, when="2025-03-03"), coffees("o1", 2, when="2025-03-10"))
    assert {punch.lapses_at for punch in till.account().punches["cups"]} == {at("2025-04-02")}


def test_a_reward_lapses() -> None:
    till = Till(card(lives=Span(days=30)))
    till.put(coffees("o1", 3, when="2025-03-03"))
    till.wait("2025-04-02 11:59")
    assert len(till.grants()) == 1
    till.wait("2025-04-02 12:00")
    assert till.grants() == []
    assert till.said("reward.lapsed") == [{"reward": "coffee", "grant": "1-1"}]


def test_two_cards_on_one_meter_fill_in_the_programs_order() -> None:
    small = rule(Every(meter="cups", count=2, reward="coffee"), name="small")
    large = rule(Every(meter="cups", count=3, reward="cake"), name="large")
    rewards = [reward(), reward("cake")]
    till = Till(program(small, large, meters=[cups()], rewards=rewards))
    till.put(coffees("o1", 5))
    assert sorted(grant.reward for grant in till.grants()) == ["coffee", "coffee"]
    assert till.punches() == 1


def test_a_reward_that_is_kept_stays_after_a_return() -> None:
    till = Till(card(on_refund="keep"))
    till.put(coffees("o1", 3), voided("o1"))
    assert [grant.state for grant in till.grants()] == ["unlocked"]


def test_punches_that_have_lapsed_do_not_live_again() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 2, when="2025-03-03"), coffees("o2", 1, when="2025-03-03"))
    till.put(coffees("o3", 1, when="2025-05-01"))
    # The reward of March goes; the two punches that o1 gave have lapsed in April.
    till.put(voided("o2", when="2025-05-02"))
    assert till.grants() == []
    assert till.punches() == 1


def test_punches_that_an_edit_adds_too_late_unlock_nothing() -> None:
    till = Till(card(days=30))
    till.put(coffees("o1", 1, when="2025-03-03"), coffees("o2", 2, when="2025-05-01"))
    till.put(coffees("o1", 2, when="2025-05-02"))
    assert till.grants() == []


def test_a_coffee_that_was_free_punches_no_card() -> None:
    till = Till(card())
    till.put(bought("o1", article(2_00, units=2), article(0, units=1, kind="reward")))
    assert (till.grants(), till.punches()) == ([], 2)
