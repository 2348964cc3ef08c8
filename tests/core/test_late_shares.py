"""Late facts where something is shared: it is counted in order of arrival, whatever comes late."""

from fractions import Fraction
from typing import Any

from core.grocery import (
    PER_DOLLAR,
    Till,
    bought,
    did,
    ladder,
    program,
    redeem,
    returned,
    reward,
    rule,
    spend,
    voided,
)
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Match, Program


def silver_twice(*more: Any, budget: int | None = None, **settings: Any) -> Program:
    """A point a dollar, two at silver (from 100.00), of a budget for all members."""
    base = rule(by_tier={1: Fraction(2)}, budget=budget)
    return program(base, *more, meters=[spend()], ladder=ladder(), **settings)


def used(till: Till, pool: str = "budget/base") -> int:
    return till.book.pools[pool].used


def test_what_an_earlier_order_had_of_a_budget_it_keeps_at_most() -> None:
    till = Till(silver_twice(budget=1_000))
    till.put(bought("o1", 20_00, when="2025-03-10"))
    till.put(bought("o2", 100_00, when="2025-03-03"))
    # At silver o1 is worth 40 now; it had 20 of the budget, and has no more.
    assert till.balance().available == 100 + 20
    assert used(till) == 120


def test_only_the_late_fact_itself_asks_now_what_is_left() -> None:
    till = Till(silver_twice(budget=60))
    till.put(bought("o1", 20_00, when="2025-03-10"), bought("o2", 30_00, member="bob"))
    late = till.put(bought("o3", 25_00, when="2025-03-01"))
    assert [(p.amount, p.why_not) for p in late.proofs] == [(10, "budget_spent")]
    assert (till.balance("ann").available, till.balance("bob").available) == (30, 30)
    assert used(till) == 60


def test_what_is_not_deserved_any_more_goes_back_to_the_budget() -> None:
    till = Till(silver_twice(budget=140))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 20_00, when="2025-03-10"))
    assert used(till) == 140
    till.put(returned("o1", l1=50_00, when="2025-03-05"))
    # 50 for o1, and 20 at member for o2.
    assert used(till) == till.balance().available == 70
    till.put(bought("o3", 70_00, when="2025-03-11", member="bob"))
    assert till.balance("bob").available == 70


def test_what_went_back_is_not_had_again_by_a_second_late_fact() -> None:
    till = Till(silver_twice(budget=140))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 20_00, when="2025-03-10"))
    till.put(returned("o1", l1=50_00, when="2025-03-05"))
    till.put(bought("o3", 70_00, when="2025-03-11", member="bob"))
    # With it Ann was silver on the 10th after all, but Bob has the rest of the budget.
    till.put(bought("o4", 60_00, when="2025-03-04"))
    assert (till.balance("ann").available, till.balance("bob").available) == (70, 70)
    assert used(till) == 140


def test_a_late_edit_asks_for_its_order_as_a_whole() -> None:
    till = Till(silver_twice(budget=50))
    till.put(bought("o1", 20_00, when="2025-03-03"), returned("o1", l1=5_00, when="2025-03-10"))
    till.put(bought("o1", 30_00, when="2025-03-05"))
    assert used(till) == till.balance().available == 25


def test_a_late_cancellation_frees_the_stock_that_its_order_used() -> None:
    print_ = reward("print", cost=10, cost_asset="points", stock=1, per_member=1)
    till = Till(silver_twice(rewards=[print_]))
    till.put(bought("o1", 50_00, when="2025-03-03"))
    claim = redeem(reward="print", when="2025-03-04")._replace(order="o1")
    assert till.ask(claim).granted
    assert till.ask(redeem(reward="print", when="2025-03-06")).code == "member_limit"
    till.put(voided("o1", when="2025-03-05"))
    assert used(till, "stock/print") == 0
    till.put(bought("o2", 50_00, when="2025-03-07"))
    assert till.ask(redeem(reward="print", when="2025-03-08")).granted


def test_answers_of_what_is_limited_stand() -> None:
    print_ = reward("print", cost=10, cost_asset="points", stock=1)
    till = Till(silver_twice(rewards=[print_]))
    till.put(bought("o1", 10_00, when="2025-03-03"))
    assert till.ask(redeem(reward="print", when="2025-03-04")).granted
    till.put(voided("o1", when="2025-03-03 15:00"))
    assert till.balance().debt == 10
    assert used(till, "stock/print") == 1


def test_a_once_key_that_a_correction_leaves_unpaid_is_free_again() -> None:
    review = PerEvent(points=50, action="review", once="ever")
    of_silver = rule(review, name="review", match=Match(tiers=frozenset({1})))
    till = Till(silver_twice(of_silver))
    till.put(bought("o1", 100_00, when="2025-03-03"), did(subject="tea", when="2025-03-05"))
    assert till.balance().available == 100 + 50
    till.put(voided("o1", when="2025-03-04"))
    assert till.balance().available == 0
    till.put(bought("o2", 100_00, when="2025-03-10"), did(subject="jam", when="2025-03-11"))
    assert till.balance().available == 100 + 50


def test_so_is_one_of_all_members_and_the_next_to_come_is_the_first() -> None:
    review = PerEvent(points=50, action="review", once="ever", once_for="program")
    of_silver = rule(review, name="review", match=Match(tiers=frozenset({1})))
    till = Till(program(rule(PER_DOLLAR), of_silver, meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 100_00, when="2025-03-03"), did(when="2025-03-05"))
    till.put(voided("o1", when="2025-03-04"))
    till.put(bought("o2", 100_00, when="2025-03-06", member="bob"))
    till.put(did(when="2025-03-07", member="bob"))
    assert till.balance("bob").available == 100 + 50
    # With this Ann was silver in time, but Bob was paid before it came.
    till.put(bought("o3", 100_00, when="2025-03-02"))
    assert till.balance("ann").available == 100
