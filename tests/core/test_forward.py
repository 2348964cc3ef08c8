"""Late facts under `forward_only`: rated as of their own time, they change nothing before."""

from fractions import Fraction

from core.grocery import Till, at, bought, did, ladder, program, rule, spend, voided
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Cap, Meter, Program, Span, Window


def shop(**settings: object) -> Program:
    """Two points a dollar at silver, from 100.00 spent; reviews are worth 10, at silver 20."""
    twice = {1: Fraction(2)}
    review = rule(PerEvent(points=10, action="review"), name="review", by_tier=twice)
    base = rule(by_tier=twice, **settings)
    return program(base, review, meters=[spend()], ladder=ladder(), late="forward_only")


def test_the_late_fact_earns_by_the_tier_of_its_own_time() -> None:
    till = Till(shop())
    till.put(bought("o1", 100_00, when="2025-03-05"), bought("o2", 1_00, when="2025-03-10"))
    assert till.account().tier == "silver"
    till.put(bought("o3", 20_00, when="2025-03-03"), did(when="2025-03-04"))
    # Neither was at silver; on the 6th she was.
    assert till.balance().available == 100 + 2 + 20 + 10
    till.put(bought("o4", 20_00, when="2025-03-06"))
    assert till.balance().available == 132 + 40


def test_it_moves_meters_and_tiers_from_its_arrival_on() -> None:
    till = Till(shop())
    till.put(bought("o1", 20_00, when="2025-03-10"))
    till.put(bought("o2", 80_00, when="2025-03-03"))
    assert till.account().tier == "silver"
    assert [held.reached_at for held in till.account().qualifications] == [at("2025-03-10")]
    till.put(bought("o3", 10_00, when="2025-03-11"))
    assert till.balance().available == 20 + 80 + 20


def test_it_changes_nothing_else() -> None:
    till = Till(shop())
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 20_00, when="2025-03-10"))
    till.put(voided("o1", when="2025-03-05"))
    # The 100 of o1 are gone and she is a member again; o2 keeps what it had at silver.
    assert till.balance().available == 40
    assert till.account().tier == "member"


def test_a_late_edit_moves_tiers_by_what_its_window_shows_as_it_arrives() -> None:
    month = Meter(name="spend", counts="basis", window=Window(kind="rolling", lives=Span(days=30)))
    never = ladder(held="rolling", downgrade="never")
    till = Till(program(meters=[month], ladder=never, late="forward_only"))
    till.put(bought("o1", 1_00, when="2025-05-10"), bought("o2", 1_00, when="2025-03-03"))
    till.put(bought("o2", 100_00, when="2025-03-04"))
    # By now March has left the window: she is not silver, and never was.
    assert till.account().tier == ""


def test_it_has_no_more_of_a_cap_than_was_left_then_and_is_left_now() -> None:
    till = Till(shop(caps=(Cap(window="month", amount=30),)))
    till.put(bought("o1", 25_00, when="2025-03-10"))
    till.put(bought("o2", 20_00, when="2025-03-03"))
    assert till.balance().available == 30


def test_a_late_one_before_another_late_one_is_not_known_at_its_time() -> None:
    till = Till(shop())
    till.put(bought("o1", 1_00, when="2025-03-10"), bought("o2", 100_00, when="2025-03-03"))
    # On the 4th nobody knew of o2 yet; from its arrival on she is silver.
    till.put(bought("o3", 10_00, when="2025-03-04"))
    assert till.balance().available == 1 + 100 + 10
