"""What members share: each sentence of it, by hand, at one till for two members."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    bought,
    confirm,
    did,
    give_back,
    named,
    program,
    redeem,
    reserve,
    returned,
    reward,
    rule,
    voided,
)
from patron.core.decision import Answer
from patron.core.facts import ConfirmAsked, OrderRefunded, RefundedLine
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Span
from patron.engine.pooling import Pool


def shop(**edition: Any) -> Till:
    """Ann and Bob have 100 points each; a print costs 10 and is held for an hour."""
    settings = {"cost": 10, "cost_asset": "points", "held_for": Span(seconds=3600)}
    till = Till(program(rewards=[reward("print", **settings | edition)]))
    for member in ("ann", "bob"):
        till.put(bought(f"of-{member}", 100_00, when="2025-03-01", member=member))
    return till


def take(till: Till, member: str, when: str, order: str = "") -> Answer:
    asked = redeem(reward="print", member=member, when=f"2025-03-03 {when}")
    return till.ask(asked._replace(order=order))


def hold(till: Till, member: str, when: str) -> Answer:
    name = f"{member}-{when}"
    return till.ask(reserve(reward="print", member=member, when=f"2025-03-03 {when}", request=name))


def used(till: Till, pool: str) -> int:
    return till.book.pools[pool].used


# Stock.


def test_no_more_is_given_away_than_there_is() -> None:
    till = shop(stock=1)
    assert take(till, "ann", "10:00").granted
    assert take(till, "bob", "10:01").code == "out_of_stock"
    assert till.balance("bob").available == 100


def test_a_member_has_no_more_than_their_limit_whatever_is_left_in_stock() -> None:
    till = shop(stock=10, per_member=1)
    assert take(till, "ann", "10:00").granted
    assert take(till, "ann", "10:01").code == "member_limit"
    assert take(till, "bob", "10:02").granted


def test_a_reservation_holds_its_share_of_the_stock() -> None:
    till = shop(stock=1)
    assert hold(till, "ann", "10:00").granted
    assert take(till, "bob", "10:59").code == "out_of_stock"


def test_who_holds_the_pool_first_takes_back_the_reservations_that_have_lapsed_by_then() -> None:
    till = shop(stock=1)
    hold(till, "ann", "10:00")
    assert take(till, "bob", "11:00").granted
    # Ann's account has not heard of it yet: her points are still set apart.
    assert till.balance("ann").reserved == 10


def test_the_holders_own_lapse_written_later_only_returns_the_points() -> None:
    till = shop(stock=1)
    hold(till, "ann", "10:00")
    take(till, "bob", "11:00")
    till.wait("2025-03-03 12:00")
    assert (till.balance("ann").available, till.balance("ann").reserved) == (100, 0)
    assert used(till, "stock/print") == 1
    assert hold(till, "ann", "12:01").code == "out_of_stock"


def test_a_confirmation_that_comes_after_its_share_went_to_another_is_refused() -> None:
    till = shop(stock=1)
    hold(till, "ann", "10:00")
    take(till, "bob", "11:00")
    late = confirm("ann-10:00", when="2025-03-03 10:30")
    assert till.ask(late).code == "out_of_stock"
    assert used(till, "stock/print") == 1


def test_a_confirmed_reservation_counts_once() -> None:
    till = shop(stock=2)
    hold(till, "ann", "10:00")
    first = till.ask(confirm("ann-10:00", when="2025-03-03 10:10"))
    again = till.ask(confirm("ann-10:00", when="2025-03-03 10:20"))
    assert first.granted
    assert again == first
    assert used(till, "stock/print") == 1


def test_a_cancelled_reservation_gives_its_share_and_its_slot_back_once() -> None:
    till = shop(stock=1, per_member=1)
    hold(till, "ann", "10:00")
    for when in ("10:10", "10:20"):
        assert till.ask(give_back("ann-10:00", when=f"2025-03-03 {when}")).granted
    assert hold(till, "ann", "10:30").granted
    assert hold(till, "bob", "10:31").code == "out_of_stock"


def test_a_lapsed_reservation_frees_the_members_slot() -> None:
    till = shop(stock=1, per_member=1)
    hold(till, "ann", "10:00")
    assert hold(till, "ann", "11:00").granted


def test_a_reward_that_a_rule_unlocked_takes_its_stock_when_it_is_claimed() -> None:
    from core.grocery import article, card

    till = Till(card(count=1, stock=1))
    for member in ("ann", "bob"):
        till.put(bought(f"cup-{member}", article(3_00), member=member))
    assert till.ask(redeem(reward="coffee", member="ann")).granted
    asked = redeem(reward="coffee", member="bob", when="2025-03-04")
    assert till.ask(asked).code == "out_of_stock"
    assert [grant.state for grant in till.grants("bob")] == ["unlocked"]


# Budgets.


def test_the_budget_of_a_reward_is_spent_by_what_each_is_worth() -> None:
    till = shop(budget_minor=12_00, value_minor=5_00)
    assert take(till, "ann", "10:00").granted
    assert take(till, "bob", "10:01").granted
    assert take(till, "ann", "10:02").code == "budget_spent"
    assert used(till, "worth/print") == 10_00


def test_a_rule_gives_what_its_budget_has_left_and_says_what_was_cut() -> None:
    till = Till(program(rule(budget=15)))
    till.put(bought("o1", 10_00))
    proof = till.put(bought("o2", 10_00, member="bob")).proofs[0]
    assert (proof.amount, proof.uncapped, proof.why_not) == (5, 10, "budget_spent")
    assert till.balance("bob").available == 5


def test_what_a_refund_takes_back_can_be_given_again() -> None:
    till = Till(program(rule(budget=15)))
    till.put(bought("o1", 10_00), returned("o1", l1=10_00), bought("o2", 12_00, member="bob"))
    assert till.balance("bob").available == 12


def test_an_order_that_grows_gets_no_more_than_what_is_left_of_the_budget() -> None:
    till = Till(program(rule(budget=15)))
    till.put(bought("o1", 5_00), bought("o2", 8_00, member="bob"))
    till.put(bought("o1", 20_00, when="2025-03-04"))
    assert till.balance("ann").available == 7
    assert used(till, "budget/base") == 15


@pytest.mark.parametrize(("on_return", "left"), [("free", 0), ("keep", 10)])
def test_a_rule_may_keep_what_a_refund_took_back_as_used(on_return: str, left: int) -> None:
    till = Till(program(rule(budget=15, on_return=on_return)))
    till.put(bought("o1", 10_00), returned("o1", l1=10_00))
    assert used(till, "budget/base") == left


def test_a_chargeback_keeps_the_budget_used() -> None:
    till = Till(program(rule(budget=15)))
    till.put(bought("o1", 10_00), chargeback("o1"))
    assert till.balance().available == 0
    assert used(till, "budget/base") == 10


def test_an_engagement_is_paid_from_the_budget_too() -> None:
    till = Till(program(rule(PerEvent(points=10, action="review"), budget=15)))
    for place, member in enumerate(("ann", "bob", "ann")):
        till.put(did(member=member, when=f"2025-03-0{place + 3}"))
    assert (till.balance("ann").available, till.balance("bob").available) == (10, 5)


# What a return frees.


def chargeback(order: str) -> OrderRefunded:
    back = (RefundedLine("l1", 10_00, 1000),)
    return returned(order, when="2025-03-05")._replace(
        lines=back, reason="chargeback", name=named(f"{order}-chargeback")
    )


@pytest.mark.parametrize("back", [returned("o1", when="2025-03-05", l1=10_00), voided("o1")])
def test_a_full_refund_or_cancellation_frees_the_slot_and_stock_it_used(back: Any) -> None:
    till = shop(stock=1, per_member=1)
    till.put(bought("o1", 10_00))
    take(till, "ann", "10:00", order="o1")
    till.put(back)
    assert used(till, "stock/print") == 0
    assert till.ask(redeem(reward="print", when="2025-03-06")).granted


def test_a_partial_refund_frees_nothing() -> None:
    till = shop(stock=1)
    till.put(bought("o1", 10_00))
    take(till, "ann", "10:00", order="o1")
    till.put(returned("o1", when="2025-03-05", l1=9_00, units=0))
    assert used(till, "stock/print") == 1


@pytest.mark.parametrize("edition", [{"on_return": "keep"}, {}])
def test_keep_and_a_chargeback_free_nothing(edition: dict[str, Any]) -> None:
    till = shop(stock=1, **edition)
    till.put(bought("o1", 10_00))
    take(till, "ann", "10:00", order="o1")
    till.put(returned("o1", when="2025-03-05", l1=10_00) if edition else chargeback("o1"))
    assert used(till, "stock/print") == 1


def test_a_reservation_confirmed_for_an_order_is_freed_with_it_and_once() -> None:
    till = shop(stock=2)
    till.put(bought("o1", 10_00))
    hold(till, "ann", "12:10")
    sure: ConfirmAsked = confirm("ann-12:10", when="2025-03-03 12:20")._replace(order="o1")
    till.put(sure, voided("o1", when="2025-03-04"))
    till.put(bought("o1", 10_00, when="2025-03-05"), voided("o1", when="2025-03-06"))
    assert used(till, "stock/print") == 0


# Once-keys.


def test_of_all_members_only_the_first_is_paid_where_once_is_for_the_program() -> None:
    first = PerEvent(points=10, action="review", once="subject", once_for="program")
    till = Till(program(rule(first)))
    till.put(did(subject="tea", member="ann"))
    refused = till.put(did(subject="tea", member="bob", when="2025-03-04")).proofs[0]
    assert (refused.amount, refused.why_not) == (0, "already_used")
    till.put(did(subject="jam", member="bob", when="2025-03-05"))
    assert (till.balance("ann").available, till.balance("bob").available) == (10, 10)


def test_a_late_first_review_stands_where_another_member_was_paid_before_it_came() -> None:
    first = PerEvent(points=10, action="review", once="subject", once_for="program")
    till = Till(program(rule(first)))
    till.put(did(subject="tea", member="ann"), did(subject="jam", member="bob"))
    till.put(did(subject="tea", member="bob", when="2025-03-01"))
    assert (till.balance("ann").available, till.balance("bob").available) == (10, 10)


# Codes.


def with_codes(loaded: int, **settings: Any) -> Till:
    till = shop(kind="code", draws_codes=True, **settings)
    till.book.pools["codes/print"] = Pool(loaded=loaded)
    return till


def test_each_claim_draws_the_next_code_and_nobody_gets_one_twice() -> None:
    till = with_codes(2)
    assert take(till, "ann", "10:00").granted
    assert take(till, "bob", "10:01").granted
    assert [said["code_number"] for said in till.said("reward.redeemed")] == [1, 2]
    assert take(till, "bob", "10:02").code == "out_of_stock"


def test_a_reservation_holds_a_code_and_draws_it_when_it_is_confirmed() -> None:
    till = with_codes(1)
    assert hold(till, "ann", "10:00").granted
    assert take(till, "bob", "10:01").code == "out_of_stock"
    assert till.ask(confirm("ann-10:00", when="2025-03-03 10:30")).granted
    assert [said["code_number"] for said in till.said("reward.redeemed")] == [1]


def test_a_code_that_was_told_is_not_given_back() -> None:
    till = with_codes(1)
    till.put(bought("o1", 10_00, when="2025-03-02"))
    assert take(till, "ann", "10:00", order="o1").granted
    till.put(voided("o1", when="2025-03-04"))
    assert used(till, "codes/print") == 1


def test_that_codes_run_low_is_told_once_by_the_claim_that_leaves_so_many() -> None:
    till = with_codes(4, low_at=2)
    for minute in range(4):
        assert take(till, "ann", f"10:0{minute}").granted
    [low] = till.said("pool.low")
    assert (low["reward"], low["left"]) == ("print", 2)


def test_it_is_told_again_when_more_were_loaded_and_used_up_to_there() -> None:
    till = with_codes(2, low_at=1)
    assert take(till, "ann", "10:00").granted
    till.book.pools["codes/print"].loaded = 3
    assert take(till, "bob", "10:01").granted
    assert [low["left"] for low in till.said("pool.low")] == [1, 1]


def test_a_reservation_of_a_code_is_no_use_of_it_and_its_confirmation_is() -> None:
    till = with_codes(2, low_at=1)
    assert hold(till, "ann", "10:00").granted
    assert till.said("pool.low") == []
    assert till.ask(confirm("ann-10:00", when="2025-03-03 10:30")).granted
    assert [low["left"] for low in till.said("pool.low")] == [1]


def test_where_nobody_wants_to_hear_of_it_nothing_is_told() -> None:
    till = with_codes(2)
    assert take(till, "ann", "10:00").granted
    assert till.said("pool.low") == []
