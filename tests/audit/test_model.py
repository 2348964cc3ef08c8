"""The second model alone, on examples that a reader can check by hand.

The entries are written here as the tables keep them: JSON arrays in the order of fields.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from patron.audit.facts import KINDS, Event, event_of, instant
from patron.audit.model import Model
from patron.audit.programs import terms_of

ANN = ["id", "ann"]
BASE = {"rule": "base", "earn": "points", "per_amount": {"points": "1", "per": "1.00"}}
CARD = {"rule": "card", "unlock": "coffee", "every": {"meter": "cups", "count": 3}}
CUPS = {"counts": "units", "punches": True}
SPEND = {"counts": "basis", "window": "year"}
TIERS = {
    "meter": "spend",
    "ladder": [{"tier": "member", "from": "0"}, {"tier": "silver", "from": "100.00"}],
}


def document(*rules: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    """A program of a shop in New York: one point a dollar, unless it says otherwise."""
    return {
        "format": 1,
        "program": "shop",
        "zone": "America/New_York",
        "currency": "USD",
        "assets": {"points": {}},
        "rules": list(rules or (BASE,)),
        **parts,
    }


class Account:
    """A model, and entries that go into it one by one."""

    def __init__(self, program: Mapping[str, Any]) -> None:
        self.model = Model({1: terms_of(json.dumps(program))})
        self.numbers = count(1)

    def enter(self, kind: str, at: str, *fields: Any) -> "Account":
        self.model.apply(entry(next(self.numbers), kind, at, *fields))
        return self

    def buy(self, order: str, at: str, *lines: list[Any], payments: Any = ()) -> "Account":
        rest = [None, 0, payments, [], 2]
        return self.enter("completed", at, ANN, order, "USD", lines, *rest)

    def refund(self, order: str, at: str, amount: int = 0, *lines: list[Any]) -> "Account":
        return self.enter("refunded", at, None, order, lines, amount, "")

    def redeem(self, at: str, amount: int = 0, reward: str = "") -> "Account":
        return self.enter("redeem", at, ANN, "" if reward else "points", amount, reward, "")

    @property
    def balance(self) -> tuple[int, int, int, int]:
        held = self.model.wallet.held
        return (
            held("points"),
            held("points", "pending"),
            held("points", "reserved"),
            self.model.wallet.debt.get("points", 0),
        )

    @property
    def grants(self) -> list[str]:
        return [grant.state for grant in self.model.cards.grants]


def entry(seq: int, kind: str, at: str, *fields: Any) -> Event:
    """An entry as it is read from its row."""
    body = json.dumps([[["default", "shop", f"e{seq}"], at, *fields], [None, [], []]]).encode()
    return event_of(seq=seq, at=instant(at), kind=KINDS.index(kind), version=1, body=body)


def line(name: str, paid: int, *, units: int = 1, kind: str = "goods", listed: int = 0) -> Any:
    return [name, "sku", "food", units * 1000, paid, listed or paid, 0, kind, []]


def test_a_refund_by_lines_takes_back_what_is_left_over_and_not_a_point_more() -> None:
    # 10.99 gives 10; with 2.50 off, 8.49 gives 8; with 8.49 off, nothing is left.
    account = Account(document()).buy("o", "2025-03-03T12:00:00Z", line("l1", 10_99))
    assert account.balance == (10, 0, 0, 0)
    assert account.refund("o", "2025-03-04T12:00:00Z", 0, ["l1", 2_50, 0]).balance == (8, 0, 0, 0)
    assert account.refund("o", "2025-03-05T12:00:00Z", 8_49).balance == (0, 0, 0, 0)


def test_an_amount_comes_back_of_the_lines_that_were_there_and_an_edit_does_not_move_it() -> None:
    # 1 cent of 1.00 and 12.34 comes back of the second, which has the larger remainder.
    food = {**BASE, "match": {"sku": ["tea"]}}
    tea, jam = line("l1", 1_00), line("l2", 12_34)
    tea[1], edited = "tea", ["l2", "tea", "food", 1000, 20_00, 20_00, 0, "goods", []]
    account = Account(document(food)).buy("o", "2025-03-03T12:00:00Z", tea, jam)
    account.refund("o", "2025-03-04T12:00:00Z", 1)
    # The edit makes the second line 20.00 of tea, less the cent: 19 points.
    assert account.buy("o", "2025-03-05T12:00:00Z", edited).balance == (19, 0, 0, 0)


@pytest.mark.parametrize(
    ("policy", "debt", "after_next"),
    [("debt", 4, 6), ("clamp", 0, 10), ("pending_only", 0, 16)],
)
def test_what_a_clawback_cannot_take_is_owed_or_let_go(
    policy: str, debt: int, after_next: int
) -> None:
    # 10 points, 4 of them spent, and the whole order comes back.
    account = Account(document(debt=policy)).buy("o", "2025-03-03T12:00:00Z", line("l1", 10_00))
    account.redeem("2025-03-04T12:00:00Z", 4)
    account.enter("cancelled", "2025-03-05T12:00:00Z", None, "o", "")
    assert account.balance == (6 if policy == "pending_only" else 0, 0, 0, debt)
    account.buy("o2", "2025-03-06T12:00:00Z", line("l1", 10_00))
    assert account.balance == (after_next, 0, 0, 0)


def test_pending_points_become_available_and_end_counted_from_the_day_they_were_earned() -> None:
    points = {"pending": "P14D", "ends": {"after": "P1M", "at_end_of": "month"}}
    account = Account(document(assets={"points": points}))
    account.buy("o", "2025-01-31T17:00:00Z", line("l1", 5_00))
    assert account.balance == (0, 5, 0, 0)
    # Noon in New York, fourteen days later.
    account.enter("time", "2025-02-14T17:00:00Z")
    assert account.balance == (5, 0, 0, 0)
    # A month from 31 January is 28 February; the end of that month is 1 March, 00:00 there.
    assert account.model.wallet.lots[-1].expires_at == instant("2025-03-01T05:00:00Z")
    account.enter("time", "2025-03-01T05:00:00Z")
    assert account.balance == (0, 0, 0, 0)


def test_steps_of_each_line_are_whole_and_what_is_multiplied_is_rounded_once() -> None:
    # 3.99 and 3.99: one step of 2.00 each by line, 3 by order. Two times 1.25 is 2.5, so 2.
    by_line = {
        "rule": "base",
        "earn": "points",
        "per_step": {"points": 1, "step": "2.00", "by": "line"},
        "by_tier": {"member": "1.25"},
    }
    program = document(by_line, meters={"spend": SPEND}, tiers=TIERS)
    account = Account(program).buy("o", "2025-03-03T12:00:00Z", line("l1", 3_99), line("l2", 3_99))
    assert account.balance == (2, 0, 0, 0)


def test_gift_cards_and_parts_paid_by_points_are_no_basis() -> None:
    # 12.00 of goods of which 3.00 were paid with points; the gift card counts for nothing.
    account = Account(document()).buy(
        "o",
        "2025-03-03T12:00:00Z",
        line("l1", 12_00),
        line("l2", 50_00, kind="gift_card"),
        payments=[["points", 3_00], ["money", 59_00]],
    )
    assert account.balance == (9, 0, 0, 0)


def test_caps_leave_room_that_a_refund_frees() -> None:
    capped = {**BASE, "caps": [{"window": "day", "amount": 15}]}
    account = Account(document(capped)).buy("o1", "2025-03-03T12:00:00Z", line("l1", 10_00))
    assert account.buy("o2", "2025-03-03T13:00:00Z", line("l1", 10_00)).balance == (15, 0, 0, 0)
    account.enter("cancelled", "2025-03-03T14:00:00Z", None, "o1", "")
    assert account.balance == (5, 0, 0, 0)
    # 5 are used, so 10 are free; the second order keeps the room that it had.
    assert account.buy("o3", "2025-03-03T15:00:00Z", line("l1", 30_00)).balance == (15, 0, 0, 0)


def test_a_tier_is_held_to_the_end_of_the_next_year_and_the_refund_of_its_order_ends_it() -> None:
    program = document(meters={"spend": SPEND}, tiers=TIERS)
    account = Account(program).buy("o", "2025-03-03T12:00:00Z", line("l1", 100_00))
    assert account.model.tier == "silver"
    (held,) = account.model.qualifications
    assert held.held_until == instant("2027-01-01T05:00:00Z")
    account.refund("o", "2025-04-01T12:00:00Z", 1)
    assert account.model.tier == "member"


def test_who_is_never_downgraded_does_not_fall_by_buying_but_does_by_a_refund() -> None:
    held = {**TIERS, "held": "end_of_window", "downgrade": "never"}
    program = document(meters={"spend": {**SPEND, "window": "month"}}, tiers=held)
    account = Account(program).buy("o", "2025-03-03T12:00:00Z", line("l1", 100_00))
    account.enter("time", "2025-04-01T04:00:00Z")
    assert account.model.tier == "silver"
    account.buy("o2", "2025-04-02T12:00:00Z", line("l1", 1_00))
    assert account.model.tier == "silver"
    account.enter("cancelled", "2025-04-03T12:00:00Z", None, "o", "")
    assert account.model.tier == "member"


def test_three_cups_unlock_a_coffee_and_a_returned_cup_revokes_it() -> None:
    program = document(CARD, meters={"cups": CUPS}, rewards={"coffee": {"kind": "free_product"}})
    account = Account(program).buy("o1", "2025-03-03T12:00:00Z", line("l1", 2_00, units=2))
    account.buy("o2", "2025-03-04T12:00:00Z", line("l1", 2_00, units=2))
    assert account.grants == ["unlocked"]
    account.refund("o1", "2025-03-05T12:00:00Z", 0, ["l1", 1_00, 1000])
    # Three cups are left of four, so the card is full again with those.
    assert account.grants == ["revoked", "unlocked"]
    account.redeem("2025-03-06T12:00:00Z", reward="coffee")
    account.enter("cancelled", "2025-03-07T12:00:00Z", None, "o2", "")
    assert account.grants == ["revoked", "claimed"]
    assert account.model.cards.owed == {"cups": 2}


def test_a_reservation_of_a_reward_makes_it_live_no_longer() -> None:
    coffee = {"kind": "free_product", "lapses_after": "P2D", "hold": "P3D"}
    program = document(CARD, meters={"cups": CUPS}, rewards={"coffee": coffee})
    account = Account(program).buy("o", "2025-03-03T12:00:00Z", line("l1", 3_00, units=3))
    account.enter("reserve", "2025-03-04T12:00:00Z", ANN, "", 0, "coffee")
    account.enter("time", "2025-03-05T12:00:00Z")
    assert account.grants == ["lapsed"]


def test_a_reserved_amount_comes_back_with_its_end_when_it_lapses() -> None:
    points = {"ends": {"after": "P1M"}}
    account = Account(document(assets={"points": points}))
    account.buy("o", "2025-03-03T12:00:00Z", line("l1", 10_00))
    account.enter("reserve", "2025-03-04T12:00:00Z", ANN, "points", 4, "")
    assert account.balance == (6, 0, 4, 0)
    account.enter("time", "2025-03-04T12:15:00Z")
    assert account.balance == (10, 0, 0, 0)
    assert {lot.expires_at for lot in account.model.wallet.of("points", "available")} == {
        instant("2025-04-03T11:00:00Z")  # Noon less the hour that New York turned its clocks.
    }


def test_a_frozen_member_spends_nothing_and_an_operators_credit_waits_like_any_other() -> None:
    account = Account(document(assets={"points": {"pending": "PT1H"}}))
    account.enter("adjust", "2025-03-03T12:00:00Z", ANN, "points", 40, "goodwill", "")
    assert account.balance == (0, 40, 0, 0)
    account.enter("time", "2025-03-03T13:00:00Z")
    account.enter("freeze", "2025-03-03T14:00:00Z", ANN, True, "")
    assert account.redeem("2025-03-03T15:00:00Z", 10).balance == (40, 0, 0, 0)
    account.enter("freeze", "2025-03-03T16:00:00Z", ANN, False, "")
    assert account.redeem("2025-03-03T17:00:00Z", 10).balance == (30, 0, 0, 0)


def test_a_review_pays_once_for_each_subject_and_up_to_its_cap() -> None:
    review = {
        "rule": "review",
        "earn": "points",
        "per_event": {"points": 50, "action": "review", "once": "subject"},
        "caps": [{"window": "day", "amount": 80}],
    }
    account = Account(document(review))
    for subject in ("tea", "tea", "jam"):
        account.enter("engaged", "2025-03-03T12:00:00Z", ANN, "review", subject, [])
    # 50 for tea, nothing for tea again, and 30 of 50 for jam.
    assert account.balance == (80, 0, 0, 0)
