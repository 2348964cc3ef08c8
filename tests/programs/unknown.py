"""A shop that sends what it knows: cards before it knows whose they are."""

from typing import Any

import orjson

PROGRAM = """
format: 1
program: corner
zone: Europe/Warsaw
currency: PLN
assets:
  points: {}
meters:
  spend: {counts: basis, window: year}
rules:
  - rule: base
    text: {en: 1 point per zloty}
    earn: points
    per_amount: {points: 1, per: "1.00"}
    by_tier: {gold: 2}
  - rule: review
    text: {en: A review}
    earn: points
    per_event: {points: 50, action: review, once: subject}
tiers:
  meter: spend
  ladder: [{tier: member, from: "0"}, {tier: gold, from: "100.00"}]
  held: {until: end_of_next_window}
notices: [points.earned, points.reversed, tier.changed]
"""


def event(kind: str, name: str, day: int, **data: Any) -> bytes:
    """An event of March 2026, at noon in Warsaw. `card` is short for one identifier."""
    if card := data.pop("card", None):
        data["identifier"] = {"kind": "card", "value": card}
    # Whose partition it lies in, where no member says so: as all members' events here do.
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": name,
            "source": "/till",
            "type": f"io.patron.{kind}.v1",
            "time": f"2026-03-{day:02}T12:00:00+01:00",
            "tenant": "default",
            "data": data,
        }
    )


def bought(order: str, paid: str, day: int, *, name: str = "", **whose: Any) -> bytes:
    """An order of one article, paid in full."""
    line = {"line": "l1", "sku": "tea", "category": "FOOD", "quantity": "1", "paid": paid}
    name = name or f"{order}-paid"
    return event("order.completed", name, day, order=order, currency="PLN", lines=[line], **whose)


def returned(order: str, amount: str, day: int, **whose: Any) -> bytes:
    """So much of an order's article came back."""
    lines = [{"line": "l1", "quantity": "0", "amount": amount}]
    name = f"{order}-back"
    return event("order.refunded", name, day, order=order, currency="PLN", lines=lines, **whose)


def reviewed(subject: str, day: int, **whose: Any) -> bytes:
    """A review of a product."""
    return event("action.done", f"review-{subject}", day, action="review", subject=subject, **whose)


def joined(member: str, day: int, *cards: str) -> bytes:
    """A member joins, with these cards."""
    identifiers = [{"kind": "card", "value": card} for card in cards]
    return event("member.enrolled", f"{member}-joins", day, member=member, identifiers=identifiers)


def linked(member: str, day: int, *cards: str) -> bytes:
    """More cards of a member."""
    identifiers = [{"kind": "card", "value": card} for card in cards]
    kind = "member.identifiers_linked"
    return event(kind, f"{member}-links-{cards}", day, member=member, identifiers=identifiers)
