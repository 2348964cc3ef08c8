"""Segments and entitlements: entered, left and kept by grace, each at its own instant."""

from typing import Any

from core.grocery import (
    Till,
    at,
    bought,
    did,
    ladder,
    program,
    redeem,
    returned,
    spend,
)
from patron.core.account import NEVER
from patron.core.program import (
    Age,
    Belonging,
    Condition,
    Meter,
    Program,
    Span,
    Threshold,
    Window,
)

SIXTY = Span(days=60)


def segment(name: str = "some", **condition: Any) -> Belonging:
    return Belonging(kind="segment", name=name, condition=Condition(**condition))


def shop(*belongings: Belonging, window: str = "year", **settings: Any) -> Program:
    meters = [spend(window)]
    return program(**{"meters": meters, "belongings": belongings} | settings)


LAPSED = segment(
    "lapsed",
    thresholds=(Threshold(meter="spend", at_least=100_00),),
    ages=(Age(since="last_order", at_least=SIXTY),),
)


def said(till: Till) -> list[tuple[str, Any]]:
    """Each notice of a segment or an entitlement, and when it counts."""
    return [
        (kind, moment)
        for kind, moment in till.said_at()
        if kind.startswith(("segment.", "entitlement."))
    ]


def test_a_segment_is_entered_at_its_own_instant() -> None:
    till = Till(shop(LAPSED))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    assert till.account().due_at == at("2025-05-02")
    till.wait("2025-05-02 11:59")
    assert said(till) == []
    till.wait("2025-12-01")
    assert said(till) == [("segment.entered", at("2025-05-02"))]
    assert till.said("segment.entered") == [{"segment": "lapsed"}]


def test_a_segment_is_left_by_what_ends_its_condition() -> None:
    till = Till(shop(LAPSED))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-06-01"))
    assert said(till) == [
        ("segment.entered", at("2025-05-02")),
        ("segment.left", at("2025-06-01")),
    ]


def test_each_purchase_moves_the_age_of_the_last_one_and_no_due_instant() -> None:
    till = Till(shop(LAPSED))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-04-03"))
    assert till.account().due_at == at("2025-05-02")
    till.wait("2025-05-02")
    assert till.account().seq == 2
    assert till.account().due_at == at("2025-06-02")


def test_what_never_was_has_no_age() -> None:
    till = Till(shop(segment(ages=(Age(since="last_order", at_least=SIXTY),))))
    till.put(did("review", when="2025-03-03"))
    till.wait("2026-03-03")
    assert said(till) == []


def test_an_age_can_have_an_upper_end() -> None:
    new = segment("new", ages=(Age(since="joining", below=Span(days=30)),))
    till = Till(shop(new))
    till.put(did("review", when="2025-03-03"))
    till.wait("2025-12-01")
    assert said(till) == [("segment.entered", at("2025-03-03")), ("segment.left", at("2025-04-02"))]


def test_any_fact_of_the_member_is_activity() -> None:
    quiet = segment("quiet", ages=(Age(since="last_activity", at_least=SIXTY),))
    till = Till(shop(quiet))
    till.put(bought("o1", 10_00, when="2025-03-03"), redeem(1, when="2025-04-03"))
    till.wait("2025-12-01")
    assert said(till) == [("segment.entered", at("2025-06-02"))]


def test_a_refund_takes_the_member_out_of_a_segment() -> None:
    till = Till(shop(segment(thresholds=(Threshold(meter="spend", at_least=100_00),))))
    till.put(bought("o1", 100_00, when="2025-03-03"), returned("o1", l1=1, when="2025-03-04"))
    assert said(till)[-1] == ("segment.left", at("2025-03-04"))


def test_the_end_of_a_meters_window_ends_its_segment() -> None:
    till = Till(shop(segment(thresholds=(Threshold(meter="spend", at_least=100_00),))))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2026-06-01")
    assert said(till)[-1] == ("segment.left", at("2026-01-01 00:00"))
    assert till.account().due_at == NEVER


def test_a_part_that_leaves_a_rolling_window_ends_its_segment() -> None:
    rolling = Meter(
        name="spend", counts="basis", window=Window(kind="rolling", lives=Span(days=30))
    )
    regular = segment(thresholds=(Threshold(meter="spend", at_least=100_00),))
    till = Till(shop(regular, meters=[rolling]))
    till.put(bought("o1", 60_00, when="2025-03-03"), bought("o2", 60_00, when="2025-03-10"))
    till.wait("2025-12-01")
    assert said(till) == [
        ("segment.entered", at("2025-03-10")),
        ("segment.left", at("2025-04-02 00:00")),
    ]


def lounge(*, grace: Span | None = None, **condition: Any) -> Belonging:
    wanted = Condition(**condition or {"tiers": frozenset({"silver", "gold"})})
    return Belonging(kind="entitlement", name="lounge", condition=wanted, grace=grace)


def test_an_entitlement_that_hangs_on_a_tier_begins_and_ends_with_it() -> None:
    till = Till(shop(lounge(), ladder=ladder(held="window")))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2026-06-01")
    assert said(till) == [
        ("entitlement.began", at("2025-03-03")),
        ("entitlement.ended", at("2026-01-01 00:00")),
    ]


def test_after_its_grace_an_entitlement_ends() -> None:
    till = Till(shop(lounge(grace=Span(days=30)), ladder=ladder(held="window")))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2026-06-01")
    assert said(till)[1:] == [
        ("entitlement.ending", at("2026-01-01 00:00")),
        ("entitlement.ended", at("2026-01-31 00:00")),
    ]
    assert till.said("entitlement.ending") == [
        {"entitlement": "lounge", "ends_at": "2026-01-31T05:00:00Z"}
    ]


def test_who_meets_it_again_within_the_grace_keeps_the_entitlement() -> None:
    till = Till(shop(lounge(grace=Span(days=30)), ladder=ladder(held="window")))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 100_00, when="2026-01-20"))
    till.wait("2026-12-01")
    assert [kind for kind, _ in said(till)] == ["entitlement.began", "entitlement.ending"]
    assert till.account().belongings == {"entitlement/lounge": NEVER}


def test_an_entitlement_may_hang_on_a_segment() -> None:
    early = lounge(segments=frozenset({"segment/lapsed"}))
    till = Till(shop(LAPSED, early))
    till.put(bought("o1", 100_00, when="2025-03-03"), bought("o2", 1_00, when="2025-06-01"))
    assert said(till) == [
        ("segment.entered", at("2025-05-02")),
        ("entitlement.began", at("2025-05-02")),
        ("segment.left", at("2025-06-01")),
        ("entitlement.ended", at("2025-06-01")),
    ]


def test_a_late_order_takes_the_member_out_and_says_so() -> None:
    till = Till(shop(LAPSED))
    till.put(bought("o1", 100_00, when="2025-03-03"))
    till.wait("2025-05-10")
    till.put(did("review", when="2025-05-10"), bought("o2", 1_00, when="2025-04-01"))
    assert said(till) == [("segment.entered", at("2025-05-02")), ("segment.left", at("2025-04-01"))]
    till.wait("2025-06-01")
    assert said(till)[2:] == [("segment.entered", at("2025-05-31"))]


def test_under_forward_only_a_late_fact_counts_from_its_arrival_on() -> None:
    big = segment("big", thresholds=(Threshold(meter="spend", at_least=100_00),))
    till = Till(shop(big, LAPSED, late="forward_only"))
    till.put(bought("o1", 60_00, when="2025-03-03"), did("review", when="2025-05-10"))
    till.put(bought("o2", 60_00, when="2025-03-01"))
    assert till.account().belongings == {"segment/big": NEVER, "segment/lapsed": NEVER}


def test_a_part_below_zero_that_leaves_a_rolling_window_begins_a_segment() -> None:
    lines = Meter(
        name="lines", counts="level", window=Window(kind="rolling", lives=Span(days=30)),
        actions=frozenset({"line_begun"}), ended_by=frozenset({"line_ended"}),
    )  # fmt: skip
    growing = segment(thresholds=(Threshold(meter="lines", at_least=1),))
    till = Till(shop(growing, meters=[lines]))
    till.put(did("line_ended", when="2025-03-03"), did("line_begun", when="2025-03-10"))
    till.wait("2025-12-01")
    assert said(till) == [
        ("segment.entered", at("2025-04-02 00:00")),
        ("segment.left", at("2025-04-09 00:00")),
    ]


def test_who_was_never_heard_of_is_in_nothing() -> None:
    till = Till(shop(segment(thresholds=(Threshold(meter="spend", below=1),))))
    till.wait("2025-03-03")
    assert till.account().belongings == {}


def test_without_segments_and_entitlements_an_account_keeps_nothing_of_them() -> None:
    till = Till(shop())
    till.put(bought("o1", 100_00))
    account = till.account()
    assert (account.belongings, account.ordered_at, account.active_at) == ({}, None, None)


def test_time_finds_nothing_to_do_for_who_never_came() -> None:
    till = Till(shop(LAPSED))
    till.wait("2025-06-01")
    assert till.account().seq == 0
