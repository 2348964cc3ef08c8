"""A merge: one account is closed, the other takes over all that it had, and nothing is re-rated."""

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
    ladder,
    merged,
    program,
    redeem,
    reserve,
    returned,
    rule,
    spend,
    voided,
)
from patron.core.account import Balance
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Asset, Cap, Paying, Span

YEAR = Asset(name="points", lives=Span(months=12))


def two(**settings: object) -> Till:
    """Ann with ten points and Bob with seven, which live a year."""
    till = Till(program(assets=[YEAR], **settings))
    till.put(bought("a1", 10_00, when="2025-03-01"))
    till.put(bought("b1", 7_00, when="2025-03-02", member="bob"))
    return till


def test_an_entry_closes_one_account_and_one_on_the_other_takes_over_every_lot() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    assert till.balance("bob") == Balance()
    assert till.balance("ann") == Balance(available=17)
    assert till.lots("bob") == []
    # Where they come from, when they were earned and when they end is kept.
    _, seven = till.lots("ann")
    assert (seven.rule, seven.earned_at, seven.expires_at) == (
        "base", at("2025-03-02"), at("2026-03-02"),
    )  # fmt: skip
    closing, taking = till.book.decided[-2:]
    assert (closing.member, closing.decision.account.seq) == ("bob", 2)
    assert (taking.member, taking.decision.account.seq) == ("ann", 2)
    assert closing.decision.fact == taking.decision.fact


def test_later_events_of_the_merged_member_lead_to_the_heir() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(bought("b2", 5_00, when="2025-03-04", member="bob"))
    assert till.balance("ann") == Balance(available=22)


def test_a_refund_after_the_merge_takes_the_merged_members_points_back_from_the_heir() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(returned("b1", l1=7_00, when="2025-03-04", member="bob"))
    # Its own lot goes first, though Ann's ends sooner.
    assert [(lot.rule, lot.earned_at) for lot in till.lots("ann")] == [("base", at("2025-03-01"))]
    assert till.balance("ann") == Balance(available=10)


def test_an_order_can_be_cancelled_edited_and_brought_back_after_its_member_was_merged() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(voided("b1", when="2025-03-04"))
    assert till.balance("ann").available == 10
    till.put(bought("b1", 9_00, when="2025-03-05", member="bob"))
    assert till.balance("ann").available == 19
    till.put(returned("b1", l1=2_00, when="2025-03-06"))
    assert till.balance("ann").available == 17


def test_a_refund_that_waited_under_the_old_name_is_applied_to_the_heirs_order() -> None:
    till = two()
    till.offer(returned("b9", l1=1_00, when="2025-03-02", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(bought("b9", 4_00, when="2025-03-01", member="bob"))
    assert till.balance("ann").available == 20
    assert till.book.unfit == []


def test_what_one_owes_the_other_pays() -> None:
    till = two()
    till.put(redeem(7, when="2025-03-03", member="bob"), voided("b1", when="2025-03-04"))
    assert till.balance("bob") == Balance(debt=7)
    till.put(merged("bob", into="ann", when="2025-03-05"))
    assert till.balance("bob") == Balance()
    assert till.balance("ann") == Balance(available=3)


def test_what_the_heir_owes_is_paid_by_what_it_takes_over() -> None:
    till = two()
    till.put(redeem(10, when="2025-03-03"), voided("a1", when="2025-03-04"))
    till.put(merged("bob", into="ann", when="2025-03-05"))
    assert till.balance("ann") == Balance(debt=3)


def test_a_reservation_is_the_heirs_and_can_be_confirmed() -> None:
    till = two()
    till.put(reserve(6, when="2025-03-03 12:00", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-03 12:05"))
    assert till.balance("ann") == Balance(available=11, reserved=6)
    assert till.ask(confirm(when="2025-03-03 12:10")).granted
    assert till.balance("ann") == Balance(available=11)


def test_a_reservation_that_was_taken_over_lapses_at_its_own_time() -> None:
    till = two()
    till.put(reserve(6, when="2025-03-03 12:00", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-03 12:05"))
    till.wait("2025-03-03 12:15")
    assert till.balance("ann") == Balance(available=17)


def paying() -> Till:
    """Bob has 100 points; ten of them pay for 1.00."""
    settings = Paying(asset="points", block=10, worth_minor=1_00)
    till = Till(program(assets=[YEAR], paying=settings))
    till.put(adjust(100, when="2025-03-01", member="bob"))
    return till


def test_points_redeemed_beforehand_pay_for_the_heirs_order() -> None:
    till = paying()
    till.put(redeem(30, when="2025-03-02", member="bob")._replace(order="o1"))
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(bought("o1", 3_00, paid_by={"points": 3_00}, when="2025-03-04"))
    assert till.balance("ann") == Balance(available=70)


def test_points_that_come_back_after_a_merge_go_to_the_lots_they_came_from() -> None:
    till = paying()
    till.put(bought("o1", 3_00, paid_by={"points": 3_00}, when="2025-03-02", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(voided("o1", when="2025-03-04"))
    assert till.balance("ann") == Balance(available=100)
    assert len({lot.origin for lot in till.lots("ann")}) == 1


def test_a_late_fact_acts_at_its_own_time_on_an_account_that_took_another_over() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    till.put(bought("b2", 5_00, when="2025-03-01 18:00", member="bob"))
    assert till.balance("ann") == Balance(available=22)


def test_meters_count_together_and_the_tier_follows() -> None:
    till = Till(program(meters=[spend()], ladder=ladder()))
    till.put(bought("a1", 60_00), bought("b1", 50_00, member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    assert till.account("ann").meters["spend"] == {"2025": 110_00}
    assert till.account("ann").tier == "silver"
    # Nothing is re-rated: both orders gave what they gave.
    assert till.balance("ann").available == 110


def test_the_better_qualification_stands() -> None:
    till = Till(program(meters=[spend()], ladder=ladder()))
    till.put(bought("a1", 110_00), bought("b1", 300_00, member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    assert till.account("ann").tier == "gold"
    assert till.account("bob").tier == ""
    # A refund of the order that had reached it ends it.
    till.put(returned("b1", l1=300_00, when="2025-03-05"))
    assert till.account("ann").tier == "silver"


def test_caps_count_together() -> None:
    capped = rule(caps=(Cap(window="day", amount=10),))
    till = Till(program(capped))
    till.put(bought("a1", 6_00, when="2025-03-03 10:00"))
    till.put(bought("b1", 3_00, when="2025-03-03 10:00", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-03 11:00"))
    till.put(bought("a2", 5_00, when="2025-03-03 12:00"))
    assert till.balance("ann").available == 10


def test_once_keys_count_together() -> None:
    review = rule(PerEvent(points=50, action="review", once="subject"), name="review")
    till = Till(program(review))
    till.put(did("review", "tea", event="r1", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    till.put(did("review", "tea", event="r2", when="2025-03-05"))
    assert till.balance("ann").available == 50


def test_punches_are_united_and_fill_a_card() -> None:
    till = Till(card(count=3, days=30))
    till.put(bought("a1", article(4_00, units=2)), bought("b1", article(2_00), member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    assert [grant.reward for grant in till.grants("ann")] == ["coffee"]
    assert till.punches() == 0


def test_an_unlocked_reward_is_the_heirs() -> None:
    till = Till(card(count=1, lives=Span(days=30)))
    till.put(bought("b1", article(2_00), member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    (coffee,) = till.grants("ann")
    assert (coffee.state, coffee.lapses_at) == ("unlocked", at("2025-04-02"))
    assert till.grants("bob") == []
    assert till.ask(redeem(reward="coffee", when="2025-03-05")).granted


def test_what_was_frozen_stays_frozen() -> None:
    till = two()
    till.put(freeze(when="2025-03-03", member="bob"))
    till.put(merged("bob", into="ann", when="2025-03-04"))
    assert till.ask(redeem(1, when="2025-03-05")).code == "frozen"


def test_a_member_who_was_merged_twice_over_is_found_at_the_last() -> None:
    till = Till(program(assets=[YEAR]), members="ann bob cleo")
    till.put(bought("a1", 1_00), bought("b1", 2_00, member="bob"))
    till.put(bought("c1", 4_00, member="cleo"))
    till.put(merged("cleo", into="bob", when="2025-03-04"))
    till.put(merged("bob", into="ann", when="2025-03-05"))
    assert till.balance("ann") == Balance(available=7)
    till.put(returned("c1", l1=4_00, when="2025-03-06", member="cleo"))
    assert till.balance("ann") == Balance(available=3)
    # Entries of three accounts that earned something have three numbers here.
    assert len({lot.origin for lot in till.lots("ann")}) == 2


def test_merging_what_is_one_already_changes_nothing() -> None:
    till = two()
    till.put(merged("bob", into="ann", when="2025-03-03"))
    entries = len(till.book.decided)
    assert till.offer(merged("bob", into="ann", when="2025-03-05")) is None
    assert len(till.book.decided) == entries
