"""Quotes by hand: what a basket costs, what could be used for it, what it earns, why not."""

from fractions import Fraction
from typing import Any

from core.grocery import (
    PER_DOLLAR,
    Till,
    adjust,
    article,
    at,
    bought,
    card,
    freeze,
    ladder,
    program,
    redeem,
    reserve,
    reward,
    rule,
    spend,
)
from patron.core.decision import Unfit
from patron.core.facts import Fact
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.percent_off import PercentOff
from patron.core.mechanics.special_price import SpecialPrice
from patron.core.program import (
    Asset,
    Cap,
    During,
    Match,
    Meter,
    Paying,
    Price,
    Program,
    Span,
)
from patron.core.quote import Payable, Quote, Usable
from patron.engine import quoting

LATER = "2025-03-04"
PAID = Meter(name="paid", counts="basis")
GROWING = PercentOff(meter="paid", steps=((0, Fraction(3)), (100_00, Fraction(5))))
TRIO = Price(name="trio", text={}, mechanic=SpecialPrice(each_minor=2_50, sets_of=3))
CARD = Price(name="card", text={}, mechanic=GROWING)
BLOCKS = Paying(asset="points", block=10, worth_minor=1_00, share_max=Fraction(1, 2))


def quoted(program: Program, *before: Fact, basket: Any, when: str = LATER, **order: Any) -> Quote:
    """A quote for ann, after these facts."""
    till = Till(program)
    till.put(*before) if before else None
    said = quoting.quoted(till.book, bought("", *basket, when=when, **order), member="ann")
    assert isinstance(said, Quote)
    return said


def why_not(quote: Quote) -> dict[str, tuple[str, str]]:
    return {p.rule: (p.why_not, p.condition) for p in quote.earns if not p.amount}


def test_a_quote_reads_the_meters_as_they_stand_before_its_basket() -> None:
    grower = program(meters=[PAID], prices=(CARD,))
    # The basket alone would reach 100.00; it has 3 % all the same, the next one has 5 %.
    assert quoted(grower, basket=[120_00]).charged_minor == 116_40
    assert quoted(grower, bought("o1", 120_00), basket=[10_00]).charged_minor == 9_50


def test_a_meter_of_a_window_counts_for_the_window_around_the_quote() -> None:
    this_year = program(meters=[spend()], prices=(CARD_OF_THE_YEAR,))
    before = bought("o1", 120_00, when="2025-12-31")
    assert quoted(this_year, before, basket=[10_00], when="2025-12-31 23:59").charged_minor == 9_50
    assert quoted(this_year, before, basket=[10_00], when="2026-01-01 00:00").charged_minor == 10_00


CARD_OF_THE_YEAR = Price(
    name="card", text={}, mechanic=PercentOff(meter="spend", steps=((100_00, Fraction(5)),))
)


def test_it_earns_what_the_purchase_at_those_prices_will() -> None:
    both = program(meters=[PAID], prices=(TRIO, CARD))
    # 9.00 → 7.50 → 7.27 (3 % are 0.225, half up 0.23): 7 points.
    basket = [article(9_00, units=3)]
    quote = quoted(both, basket=basket)
    assert (quote.charged_minor, [p.amount for p in quote.earns]) == (7_27, [7])
    till = Till(both)
    till.put(bought("o1", article(7_27, units=3)))
    assert till.balance().available == 7


def test_tax_falls_as_the_price_does_and_shipping_is_charged_besides() -> None:
    half = Price(name="half", text={}, mechanic=PercentOff(percent=Fraction(50)))
    basket = [article(10_00, tax_minor=2_00)]
    quote = quoted(program(prices=(half,)), basket=basket, shipping_minor=4_00)
    assert quote.charged_minor == 5_00 + 1_00 + 4_00


def test_a_quote_moves_nothing() -> None:
    till = Till(card(count=2, cost=5, cost_asset="points", stock=2, per_member=1))
    till.put(bought("o1", article(20_00, units=3)), reserve(reward="coffee"))
    states, orders = dict(till.book.states), dict(till.book.orders)
    pools = {name: (pool.used, dict(pool.holds)) for name, pool in till.book.pools.items()}
    count = len(till.book.decided)
    quoting.quoted(till.book, bought("", article(20_00, units=9), when=LATER), member="ann")
    assert (till.book.states, till.book.orders, len(till.book.decided)) == (states, orders, count)
    assert pools == {name: (p.used, dict(p.holds)) for name, p in till.book.pools.items()}


def test_time_passes_up_to_the_quote() -> None:
    ending = program(assets=[Asset(name="points", lives=Span(days=30))], paying=BLOCKS)
    quote = quoted(ending, bought("o1", 50_00), basket=[20_00], when="2025-03-20")
    assert quote.payable == Payable("points", 50, 5_00)
    quote = quoted(ending, bought("o1", 50_00), basket=[20_00], when="2025-05-01")
    assert quote.payable == Payable("points", 0, 0, "insufficient_points")


def test_whom_nobody_knows_is_quoted_as_a_new_member() -> None:
    till = Till(program(meters=[PAID], prices=(CARD,)))
    said = quoting.quoted(till.book, bought("", 10_00, member="eve"), member="eve")
    assert isinstance(said, Quote)
    assert (said.member, said.charged_minor) == ("eve", 9_70)


def test_a_basket_in_another_currency_has_no_price_here() -> None:
    till = Till(program(prices=(TRIO,)))
    said = quoting.quoted(till.book, bought("", 10_00, currency="EUR", rate=(1, 1)), member="ann")
    assert isinstance(said, Unfit)
    assert said.code == "other_currency"


# Points that could pay.


def test_points_could_pay_in_whole_blocks() -> None:
    quote = quoted(program(paying=BLOCKS), bought("o1", 25_00), basket=[50_00])
    assert quote.payable == Payable("points", 20, 2_00)


def test_points_could_pay_at_most_the_programs_share_and_the_quote_says_so() -> None:
    quote = quoted(program(paying=BLOCKS), bought("o1", 95_00), basket=[5_00])
    # Half of 5.00 is 2.50: two blocks of the nine that there are.
    assert quote.payable == Payable("points", 20, 2_00, "cap_reached")


def test_less_than_one_block_pays_nothing_and_the_quote_says_why() -> None:
    few = quoted(program(paying=BLOCKS), bought("o1", 9_00), basket=[50_00])
    assert few.payable == Payable("points", 0, 0, "insufficient_points")
    small = quoted(program(paying=BLOCKS), bought("o1", 90_00), basket=[1_00])
    assert small.payable == Payable("points", 0, 0, "cap_reached")


# Rewards that could be used.


def test_a_reward_that_is_held_or_affordable_is_usable() -> None:
    both = card(count=2, cost=5, cost_asset="points")
    # The punch card of this program earns no points: an operator gives some.
    held = quoted(both, bought("o1", article(1_00, units=2)), basket=[1_00])
    assert held.usable == (Usable("coffee", "free_product"),)
    bought_for = quoted(both, adjust(7), basket=[1_00])
    assert bought_for.usable == (Usable("coffee", "free_product", 5, "points"),)


def test_a_reward_that_is_not_usable_says_why() -> None:
    def told(*before: Fact, **settings: Any) -> tuple[str, int]:
        [usable] = quoted(program(rewards=[reward(**settings)]), *before, basket=[1_00]).usable
        return usable.why_not, usable.missing

    costly: dict[str, Any] = {"cost": 50, "cost_asset": "points"}
    rich = adjust(80)
    assert told(adjust(30), **costly) == ("insufficient_points", 20)
    assert told() == ("not_held", 0)
    assert told(rich, freeze(), **costly) == ("frozen", 0)
    assert told(rich, redeem(reward="coffee"), **costly, per_member=1) == ("member_limit", 0)
    assert told(rich, redeem(reward="coffee"), **costly, stock=1) == ("out_of_stock", 0)


def test_a_reservation_that_has_lapsed_by_the_quote_holds_no_stock() -> None:
    scarce = program(rewards=[reward(cost=5, cost_asset="points", stock=1, held_for=Span(days=2))])
    till = Till(scarce)
    till.put(adjust(9, member="bob"), adjust(9), reserve(reward="coffee", member="bob"))
    held, lapsed = (
        quoting.quoted(till.book, bought("", 1_00, when=when), member="ann")
        for when in ("2025-03-04", "2025-03-05")
    )
    assert isinstance(held, Quote)
    assert isinstance(lapsed, Quote)
    assert held.usable[0].why_not == "out_of_stock"
    assert lapsed.usable[0].why_not == ""


# Why not.


def test_each_rule_that_would_give_nothing_says_why() -> None:
    rules = [
        rule(),
        rule(name="gold", match=Match(tiers=frozenset({2}))),
        rule(name="over", during=During(to_day=at("2025-03-01").date())),
        rule(name="drinks", match=Match(categories=frozenset({"drinks"}))),
        rule(name="capped", caps=(Cap(window="day", amount=1),)),
        rule(Multiply(by=Fraction(2), rules=frozenset({"base"})), name="double", asset="",
             match=Match(tiers=frozenset({1}))),
        rule(Multiply(by=Fraction(2), rules=frozenset({"base"})), name="drinks-double", asset="",
             match=Match(categories=frozenset({"drinks"}))),
    ]  # fmt: skip
    every = program(*rules, meters=[spend()], ladder=ladder())
    quote = quoted(every, bought("o1", 3_00, when=LATER), basket=[5_00])
    assert why_not(quote) == {
        "gold": ("tier", "match.tier"),
        "over": ("closed", "during.to"),
        "drinks": ("condition", "match"),
        "capped": ("cap_reached", "caps.day"),
        "double": ("tier", "match.tier"),
        "drinks-double": ("condition", "match"),
    }


def test_a_quote_says_the_tier_and_the_rewards_that_its_basket_would_bring() -> None:
    quote = quoted(card(count=2), basket=[article(5_00, units=4)])
    assert quote.unlocks == ("coffee", "coffee")
    climbing = program(rule(PER_DOLLAR), meters=[spend()], ladder=ladder())
    quote = quoted(climbing, basket=[150_00])
    assert (quote.tier, quote.tier_after) == ("", "silver")
