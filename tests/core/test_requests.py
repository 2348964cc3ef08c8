"""Requests: each is granted or refused with a code, and a refused one moves nothing."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    adjust,
    article,
    at,
    bought,
    card,
    confirm,
    did,
    freeze,
    give_back,
    program,
    redeem,
    reserve,
    reward,
    rule,
    transfer,
    voided,
)
from patron.core.account import Balance
from patron.core.facts import Fact
from patron.core.mechanics.every import Every
from patron.core.program import Asset, Span

YEAR = Asset(name="points", lives=Span(months=12))
MUG = reward("mug", cost=8, cost_asset="points")
GIFT = reward("gift")


def shop(**settings: Any) -> Till:
    """A till where Ann has ten points that live a year."""
    till = Till(program(assets=[YEAR], rewards=[MUG, GIFT], **settings))
    till.put(bought("o1", 10_00, when="2025-03-01"))
    return till


# Redeeming.


def test_an_amount_is_spent_soonest_ending_first() -> None:
    till = shop()
    till.put(bought("o2", 10_00, when="2025-03-02"))
    answer = till.ask(redeem(12))
    assert (answer.granted, answer.data) == (True, {"asset": "points", "amount": 12})
    assert [(lot.seq, lot.remaining) for lot in till.lots()] == [(2, 8)]


def test_points_that_never_end_are_spent_last() -> None:
    forever = program(version="v2")
    till = Till(forever, ("2025-03-02 00:00", program(assets=[YEAR], version="v3")))
    till.put(bought("o1", 10_00, when="2025-03-01"), bought("o2", 10_00, when="2025-03-02"))
    till.put(redeem(10))
    assert [lot.seq for lot in till.lots()] == [1]


def test_everything_may_be_spent_and_not_a_point_more() -> None:
    till = shop()
    assert till.ask(redeem(11)).code == "insufficient_points"
    assert till.ask(redeem(10)).granted
    assert till.ask(redeem(1, when="2025-03-04")).code == "insufficient_points"


def test_a_reward_is_bought_for_its_price() -> None:
    till = shop()
    answer = till.ask(redeem(reward="mug"))
    assert (answer.granted, answer.data) == (True, {"reward": "mug", "grant": "2-1"})
    assert till.balance() == Balance(available=2)
    assert till.said("reward.redeemed")[0]["reward"] == "mug"
    assert till.grants() == []


def test_an_unlocked_reward_is_claimed_before_a_price_is_paid() -> None:
    priced = reward(cost=1, cost_asset="points")
    every = rule(Every(meter="cups", count=3, reward="coffee"), name="card")
    till = Till(program(rule(), every, meters=card().meters.values(), rewards=[priced]))
    till.put(bought("o1", article(3_00, units=6)))
    till.put(redeem(reward="coffee", when="2025-03-03"))
    till.put(redeem(reward="coffee", when="2025-03-04"))
    assert till.balance().available == 3
    till.put(redeem(reward="coffee", when="2025-03-05"))
    assert till.balance().available == 2


# Reserving.


def test_a_confirmed_reservation_is_spent() -> None:
    till = shop()
    answer = till.ask(reserve(6, when="2025-03-03 12:00"))
    assert answer.data == {"held_until": "2025-03-03T17:15:00Z"}
    assert till.balance() == Balance(available=4, reserved=6)
    assert till.ask(confirm(when="2025-03-03 12:14")).granted
    assert till.balance() == Balance(available=4)
    assert till.said("points.redeemed")[0]["amount"] == 6
    till.wait("2025-04-01")
    assert till.balance() == Balance(available=4)


def test_a_cancelled_reservation_goes_back() -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"), give_back(when="2025-03-03 12:05"))
    assert till.balance() == Balance(available=10)
    assert {lot.expires_at for lot in till.lots()} == {at("2026-03-01")}


CONFIRMED = pytest.param(confirm(when="2025-03-03 12:05"), "already_used", id="confirmed")
CANCELLED = pytest.param(give_back(when="2025-03-03 12:05"), "closed", id="cancelled")
LAPSED = pytest.param(bought("o9", when="2025-03-03 12:15"), "expired", id="lapsed")


@pytest.mark.parametrize(("ending", "code"), [CANCELLED, LAPSED])
def test_a_reservation_that_is_over_is_not_confirmed(ending: Fact, code: str) -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"), ending)
    balance = till.balance()
    assert till.ask(confirm(when="2025-03-03 12:20")).code == code
    assert till.balance() == balance


@pytest.mark.parametrize(("ending", "code"), [CONFIRMED])
def test_what_was_confirmed_is_not_cancelled(ending: Fact, code: str) -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"), ending)
    balance = till.balance()
    assert till.ask(give_back(when="2025-03-03 12:20")).code == code
    assert till.balance() == balance


@pytest.mark.parametrize("ending", [confirm, give_back], ids=["confirm", "cancel"])
@pytest.mark.parametrize("asked", [{"reward": "mug"}, {"amount": 6}], ids=["reward", "points"])
def test_a_second_confirm_or_cancel_says_the_same_and_moves_nothing(
    ending: Any, asked: dict[str, Any]
) -> None:
    till = shop()
    till.put(reserve(**asked, when="2025-03-03 12:00"))
    first = till.ask(ending(when="2025-03-03 12:05"))
    account = till.account()
    again = till.put(ending(when="2025-03-03 12:20"))
    assert first.granted
    assert again.answer == first
    assert (again.takes, again.opened, again.grants, again.shared) == ((), (), (), ())
    assert till.balance() == account.balances["points"]


def test_a_reservation_is_gone_at_the_moment_it_lapses() -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"))
    assert till.ask(confirm(when="2025-03-03 12:15")).code == "expired"
    assert till.balance() == Balance(available=10)


def test_a_reward_is_held_for_its_own_span() -> None:
    mug = reward("mug", cost=8, cost_asset="points", held_for=Span(seconds=3600))
    till = Till(program(rewards=[mug]))
    till.put(bought("o1", 10_00), reserve(reward="mug", when="2025-03-03 12:00"))
    assert till.balance() == Balance(available=2, reserved=8)
    assert till.account().due_at == at("2025-03-03 13:00")
    assert till.ask(confirm(when="2025-03-03 12:59")).data == {"reward": "mug", "grant": "2-1"}
    assert till.balance() == Balance(available=2)


def test_an_unlocked_reward_is_held_and_unlocked_again() -> None:
    till = Till(card())
    till.put(bought("o1", article(3_00, units=3)), reserve(reward="coffee"))
    assert till.ask(redeem(reward="coffee")).code == "not_held"
    till.put(give_back())
    assert [grant.state for grant in till.grants()] == ["unlocked"]
    assert till.ask(redeem(reward="coffee", when="2025-03-04")).granted


def test_two_reservations_are_apart() -> None:
    till = shop()
    till.put(reserve(3, request="one"), reserve(4, request="two"))
    till.put(give_back("one", when="2025-03-03 12:01"), confirm("two", when="2025-03-03 12:02"))
    assert till.balance() == Balance(available=6)


def test_points_that_come_back_pay_debt_first() -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"), voided("o1", when="2025-03-03 12:05"))
    assert till.balance() == Balance(reserved=6, debt=6)
    till.put(give_back(when="2025-03-03 12:06"))
    assert till.balance() == Balance()


# Giving, adjusting, freezing.


def test_a_gift_keeps_its_end_and_its_day_of_earning() -> None:
    till = shop()
    assert till.ask(transfer(7)).granted
    assert (till.balance("ann").available, till.balance("bob").available) == (3, 7)
    (lot,) = till.lots("bob")
    assert (lot.expires_at, lot.earned_at) == (at("2026-03-01"), at("2025-03-01"))
    assert (till.account("ann").seq, till.account("bob").seq) == (2, 1)


def test_where_the_program_says_new_a_gift_lives_as_though_it_were_just_earned() -> None:
    till = Till(program(assets=[YEAR], transferred="new"))
    till.put(bought("o1", 10_00, when="2025-03-01"), transfer(7, when="2025-06-15"))
    (lot,) = till.lots("bob")
    assert (lot.expires_at, lot.earned_at) == (at("2026-06-15"), at("2025-03-01"))
    assert [left.expires_at for left in till.lots("ann")] == [at("2026-03-01")]


def test_a_gift_takes_the_soonest_ending_first_and_keeps_lots_apart() -> None:
    till = shop()
    till.put(bought("o2", 10_00, when="2025-03-02"), transfer(15))
    assert [(lot.remaining, lot.expires_at) for lot in till.lots("bob")] == [
        (10, at("2026-03-01")),
        (5, at("2026-03-02")),
    ]


def test_a_gift_pays_the_takers_debt() -> None:
    till = shop()
    till.put(bought("b1", 4_00, member="bob"), redeem(4, member="bob"), voided("b1"))
    assert till.balance("bob") == Balance(debt=4)
    till.put(transfer(7))
    assert till.balance("bob") == Balance(available=3)


def test_an_adjustment_credits_and_debits() -> None:
    till = shop()
    assert till.ask(adjust(5)).data == {"asset": "points", "amount": 5}
    assert till.lots()[-1].rule == "adjusted"
    till.put(adjust(-12))
    assert till.balance() == Balance(available=3)


def test_a_frozen_account_is_thawed() -> None:
    till = shop()
    till.put(freeze())
    assert till.account().frozen
    till.put(freeze(False, when="2025-03-04"))
    assert till.ask(redeem(10, when="2025-03-04")).granted


def test_time_runs_on_for_a_frozen_account() -> None:
    till = shop()
    till.put(freeze())
    till.wait("2026-03-01")
    assert till.balance() == Balance()


@pytest.mark.parametrize(
    ("before", "request_", "code"),
    [
        pytest.param([], redeem(11), "insufficient_points", id="redeem-too-much"),
        pytest.param([], redeem(1, asset="miles"), "unknown_asset", id="redeem-unknown-asset"),
        pytest.param([], redeem(reward="cake"), "unknown_reward", id="redeem-unknown-reward"),
        pytest.param([], redeem(reward="gift"), "not_held", id="redeem-not-held"),
        pytest.param([redeem(5)], redeem(reward="mug"), "insufficient_points", id="redeem-price"),
        pytest.param([freeze()], redeem(1), "frozen", id="redeem-frozen"),
        pytest.param([], reserve(11), "insufficient_points", id="reserve-too-much"),
        pytest.param([], reserve(1, asset="miles"), "unknown_asset", id="reserve-unknown-asset"),
        pytest.param([], reserve(reward="cake"), "unknown_reward", id="reserve-unknown-reward"),
        pytest.param([], reserve(reward="gift"), "not_held", id="reserve-not-held"),
        pytest.param([redeem(5)], reserve(reward="mug"), "insufficient_points", id="hold-price"),
        pytest.param([freeze()], reserve(1), "frozen", id="reserve-frozen"),
        pytest.param([], confirm("?"), "unknown_reservation", id="confirm-unknown"),
        pytest.param([], give_back("?"), "unknown_reservation", id="cancel-unknown"),
        pytest.param([], transfer(11), "insufficient_points", id="transfer-too-much"),
        pytest.param([], transfer(1, asset="miles"), "unknown_asset", id="transfer-asset"),
        pytest.param([], transfer(1, to="ann"), "condition", id="transfer-to-oneself"),
        pytest.param([freeze()], transfer(1), "frozen", id="transfer-frozen"),
        pytest.param([freeze(member="bob")], transfer(1), "frozen", id="transfer-to-frozen"),
        pytest.param([], adjust(-11), "insufficient_points", id="adjust-too-much"),
        pytest.param([], adjust(1, asset="miles"), "unknown_asset", id="adjust-asset"),
    ],
)
def test_a_refusal_has_a_code_and_moves_nothing(
    before: list[Fact], request_: Fact, code: str
) -> None:
    till = shop()
    if before:
        till.put(*before)
    balances = till.balance("ann"), till.balance("bob")

    decision = till.put(request_)

    assert decision.answer is not None
    assert (decision.answer.granted, decision.answer.code) == (False, code)
    assert (decision.takes, decision.opened, decision.grants) == ((), (), ())
    assert (till.balance("ann"), till.balance("bob")) == balances
    answered = {"request": request_.name.id, "granted": False, "code": code}
    assert till.said("request.answered")[-1] == answered


def test_a_request_acts_at_the_accounts_time_where_that_is_later() -> None:
    till = shop()
    till.put(bought("o2", 1_00, when="2025-03-05"))
    assert till.put(redeem(1, when="2025-03-04")).account.at == at("2025-03-05")
    assert till.said_at()[-1] == ("request.answered", at("2025-03-05"))


def test_a_late_request_cannot_spend_what_ended_before_it_acts() -> None:
    till = Till(program(assets=[Asset(name="points", lives=Span(days=2))]))
    till.put(bought("o1", 1_00, when="2025-03-10"))
    # A late order brings points that ended on 3 March; the request acts on 10 March.
    till.put(bought("o2", 5_00, when="2025-03-01"))
    assert till.ask(redeem(6, when="2025-03-02")).code == "insufficient_points"


def test_a_gift_to_a_member_of_a_later_time_cannot_move_what_has_ended() -> None:
    till = Till(program(assets=[Asset(name="points", lives=Span(days=5))]))
    till.put(bought("o1", 5_00, when="2025-03-01"))
    till.put(bought("b1", 1_00, when="2025-03-10", member="bob"))
    # It acts on 10 March, when the points of 1 March have long been gone.
    assert till.ask(transfer(5, when="2025-03-02")).code == "insufficient_points"


def test_what_a_frozen_account_earns_stays_pending() -> None:
    till = shop()
    till.put(freeze(), bought("o2", 5_00), did())
    assert till.balance() == Balance(available=10, pending=5)


def test_unfreezing_makes_what_was_earned_available_as_it_would_have_been() -> None:
    till = shop()
    till.put(freeze(when="2025-03-03"), bought("o2", 5_00, when="2025-03-04"))
    till.put(freeze(frozen=False, when="2025-03-10"))
    assert till.balance() == Balance(available=15)
    # A year from the purchase, not from the unfreezing.
    assert [lot.expires_at for lot in till.lots()] == [at("2026-03-01"), at("2026-03-04")]


def test_what_waits_out_a_return_window_when_an_account_is_let_go_waits_on() -> None:
    till = Till(program(assets=[Asset(name="points", pending=Span(days=14))]))
    till.put(bought("o1", 5_00, when="2025-03-01"), bought("o2", 7_00, when="2025-03-08"))
    till.put(freeze(when="2025-03-09"), freeze(frozen=False, when="2025-03-16"))
    assert till.balance() == Balance(available=5, pending=7)
    till.wait("2025-03-22")
    assert till.balance() == Balance(available=12)


def test_time_runs_on_in_a_frozen_account_and_its_points_end() -> None:
    till = shop()
    till.put(freeze(when="2025-03-03"), bought("o2", 5_00, when="2025-03-04"))
    till.wait("2026-03-01")
    assert till.balance() == Balance(pending=5)
    till.wait("2026-03-04")
    assert till.balance() == Balance()


def test_a_frozen_account_spends_nothing_that_was_reserved() -> None:
    till = shop()
    till.put(reserve(6, when="2025-03-03 12:00"), freeze(when="2025-03-03 12:01"))
    assert till.ask(confirm(when="2025-03-03 12:02")).code == "frozen"
