"""The second model by hand: small histories whose outcome can be worked out on paper."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patron.audit import calendar, worth
from patron.audit.facts import Event
from patron.audit.model import Model
from patron.audit.programs import terms_of

DOCUMENT = """
format: 1
program: corner-shop
zone: America/New_York
currency: USD
assets:
  points: {ends: {after: P6M, at_end_of: month}}
meters:
  spend: {counts: basis, window: year}
  cups: {counts: units, punches: true, match: {category: [COFFEE]}, lives: P30D}
rules:
  - {rule: base, earn: points, per_step: {points: 1, step: "1.00"}, by_tier: {silver: "1.5"}}
  - rule: review
    earn: points
    per_event: {points: 10, action: review, once: subject}
    caps: [{window: day, amount: 15}]
  - {rule: card, unlock: coffee, every: {meter: cups, count: 3}}
tiers:
  meter: spend
  ladder: [{tier: bronze, from: "0"}, {tier: silver, from: "100.00"}]
rewards:
  coffee: {kind: free_product, lapses_after: P10D}
"""
NOON = datetime(2025, 3, 3, 17, tzinfo=UTC)


def account(events: Sequence[tuple[str, dict[str, Any], int]], document: str = DOCUMENT) -> Model:
    """A member after events (kind, fields, days after the first noon), one entry each."""
    model = Model({1: terms_of(document)})
    for seq, (kind, fields, days) in enumerate(events, start=1):
        at = NOON + timedelta(days=days)
        model.apply(Event(seq, kind, at, at, "shop", "/till", f"e{seq}", 1, fields))
    return model


def bought(
    order: str, paid_minor: int, *, units: int = 0, day: int = 0
) -> tuple[str, dict[str, Any], int]:
    line: dict[str, Any] = {
        "line": "1",
        "sku": "1",
        "category": "COFFEE" if units else "FOOD",
        "quantity_milli": 1000 * units,
        "paid_minor": paid_minor,
        "list_minor": paid_minor,
        "tax_minor": 0,
        "kind": "goods",
        "attributes": [],
    }
    fields = {
        "order": order,
        "currency": "USD",
        "lines": [line],
        "rate": None,
        "shipping_minor": 0,
        "payments": [],
        "currency_digits": 2,
    }
    return "completed", fields, day


def returned(order: str, amount_minor: int, *, day: int) -> tuple[str, dict[str, Any], int]:
    return "refunded", {"order": order, "lines": [], "amount_minor": amount_minor}, day


def voided(order: str, *, day: int) -> tuple[str, dict[str, Any], int]:
    return "cancelled", {"order": order, "reason": ""}, day


def reviewed(subject: str, *, day: int = 0) -> tuple[str, dict[str, Any], int]:
    return "engaged", {"action": "review", "subject": subject, "attributes": []}, day


def redeemed(amount: int, *, day: int) -> tuple[str, dict[str, Any], int]:
    return "redeem", {"asset": "points", "amount": amount, "reward": "", "order": ""}, day


def test_whole_steps_earn_and_a_refund_is_worth_what_is_left() -> None:
    # 12.99 are twelve steps; 10.98 are ten.
    model = account([bought("o1", 12_99), returned("o1", 2_01, day=1)])
    assert model.wallet.held("points") == 10


def test_points_end_with_the_month_that_is_six_months_on() -> None:
    (lot,) = account([bought("o1", 5_00)]).wallet.lots
    # From 3 March to 3 September, and so to the end of September in New York.
    assert lot.expires_at == datetime(2025, 10, 1, 4, tzinfo=UTC)


def test_time_takes_what_has_ended() -> None:
    model = account([bought("o1", 5_00), ("time", {}, 220)])
    assert model.wallet.held("points") == 0


def test_what_is_spent_becomes_debt_and_the_next_points_pay_it() -> None:
    events = [bought("o1", 10_00), redeemed(8, day=1), voided("o1", day=2)]
    assert account(events).wallet.debt == {"points": 8}
    model = account([*events, bought("o2", 11_00, day=3)])
    assert (model.wallet.debt, model.wallet.held("points")) == ({"points": 0}, 3)


def test_more_than_there_is_cannot_be_redeemed() -> None:
    model = account([bought("o1", 10_00), redeemed(11, day=1)])
    assert model.wallet.held("points") == 10
    assert model.notices == [("request.answered", "e2")]


def test_an_order_earns_at_the_tier_from_before_it() -> None:
    model = account([bought("o1", 100_00), bought("o2", 10_00, day=1)])
    # A hundred at bronze, then ten times one and a half at silver.
    assert (model.tier, model.wallet.held("points")) == ("silver", 115)
    assert model.notices == [("tier.changed", "silver")]


def test_a_refund_takes_the_tier_that_it_no_longer_gives() -> None:
    model = account([bought("o1", 100_00), returned("o1", 1, day=1)])
    assert model.tier == "bronze"


def test_a_subject_pays_once_and_a_day_pays_no_more_than_its_cap() -> None:
    model = account([reviewed("tea"), reviewed("tea"), reviewed("jam"), reviewed("rye", day=1)])
    # Ten for the tea, nothing for the tea again, five for the jam, ten on the next day.
    assert [lot.amount for lot in model.wallet.lots] == [10, 5, 10]


def test_a_full_card_is_a_reward_and_a_return_takes_it_back() -> None:
    events = [bought("o1", 6_00, units=2), bought("o2", 6_00, units=2, day=1)]
    model = account(events)
    assert [grant.state for grant in model.cards.grants] == ["unlocked"]
    assert sum(punch.left for punch in model.cards.punches["cups"]) == 1
    model = account([*events, voided("o2", day=2)])
    # The reward goes and the first two punches live again.
    assert [grant.state for grant in model.cards.grants] == ["revoked"]
    assert sum(punch.left for punch in model.cards.punches["cups"]) == 2


def test_an_unclaimed_reward_lapses() -> None:
    model = account([bought("o1", 6_00, units=3), ("time", {}, 10)])
    assert [grant.state for grant in model.cards.grants] == ["lapsed"]


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        pytest.param(100, [1, 1, 1], [34, 33, 33], id="ties-go-to-the-first"),
        pytest.param(10, [2, 1], [7, 3], id="the-largest-remainder-rounds-up"),
        pytest.param(5, [0, 0], [0, 0], id="nothing-to-spread-over"),
    ],
)
def test_an_amount_is_spread_without_loss(
    amount: int, weights: list[int], shares: list[int]
) -> None:
    assert worth.spread(amount, weights) == shares


@pytest.mark.parametrize(
    ("span", "there"),
    [
        pytest.param("P1M", "2025-02-28T17:00", id="a-month-ends-on-its-last-day"),
        pytest.param("P40D", "2025-03-12T16:00", id="days-keep-the-wall-clock"),
        pytest.param("PT960H", "2025-03-12T17:00", id="hours-are-elapsed"),
    ],
)
def test_spans_are_added_in_local_time(span: str, there: str) -> None:
    zone = terms_of(DOCUMENT).zone
    start = datetime(2025, 1, 31, 17, tzinfo=UTC)
    assert calendar.plus(start, span, zone) == datetime.fromisoformat(there).replace(tzinfo=UTC)


def test_a_document_may_be_json_too() -> None:
    document = {"format": 1, "program": "p", "zone": "UTC", "currency": "JPY"}
    assert terms_of(json.dumps(document)).digits == 0
