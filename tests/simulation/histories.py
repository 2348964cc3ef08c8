"""A shop's history out of a seed: purchases, refunds, cancellations, redemptions, and noise.

Each member's events lie in one family of partitions, at growing times, some of them twice
and some broken. Orders lie in another topic than requests do, so that siblings must merge.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from patron.stream.records import Partition, RawRecord
from simulation.logs import Logs

TENANT = "default"
ORDERS, ENGAGEMENT, MEMBERS = "orders", "engagement", "members"
FAMILIES = 2
KINDS = ("buy", "refund", "cancel", "redeem", "twice", "broken")
WEIGHTS = (8, 3, 1, 3, 3, 3)
FIRST = datetime(2025, 3, 3, 12, tzinfo=UTC)

PROGRAM = """
format: 1
program: shop
zone: America/New_York
currency: USD
assets:
  points: {ends: {after: P20D, at_end_of: day}}
meters:
  spend: {counts: basis, window: month}
rules:
  - rule: base
    text: {en: 1 point per dollar}
    earn: points
    per_amount: {points: 1, per: "1.00"}
    by_tier: {silver: 2}
tiers:
  meter: spend
  ladder: [{tier: member, from: "0"}, {tier: silver, from: "100.00"}]
  held: {until: end_of_next_window}
rewards:
  five-off: {kind: amount_off, text: {en: Five off}, costs: {points: 50}}
notices: [points.earned, points.expired, tier.changed, reward.unlocked, request.answered]
"""


class History:
    """What the shop says, as it lies in the logs, and in the order of its times."""

    def __init__(self, seed: int, *, events: int, members: int = 5) -> None:
        self._random = random.Random(seed)
        self._members = [f"m{number}" for number in range(members)]
        self._at = FIRST
        self._orders: list[tuple[str, str]] = []
        self._offsets = {
            Partition(topic, number): 0
            for topic in (ORDERS, ENGAGEMENT, MEMBERS)
            for number in range(FAMILIES)
        }
        self.logs: Logs = {partition: [] for partition in self._offsets}
        self.lines: list[bytes] = []  # In the order of their times.
        for number in range(events):
            self._put(number)

    def _put(self, number: int) -> None:
        choose = self._random
        self._at += timedelta(seconds=choose.choice([1, 600, 86_400, 4 * 86_400]))
        owner = choose.choice(self._members)
        match choose.choices(
            ["buy", "refund", "cancel", "redeem", "twice", "broken"], [8, 3, 1, 3, 3, 1]
        )[0]:
            case "buy":
                lines = [
                    {"sku": f"s{n}", "line": str(n), "paid": f"{choose.randrange(1, 90)}.50"}
                    for n in range(choose.randrange(1, 4))
                ]
                self._orders.append((owner, f"o{number}"))
                data: dict[str, Any] = {"order": f"o{number}", "currency": "USD", "lines": lines}
                self._send(ORDERS, f"e{number}", "order.completed", owner, data)
            case "refund" if self._orders:
                owner, order = choose.choice(self._orders)
                data = {
                    "order": order,
                    "currency": "USD",
                    "amount": f"{choose.randrange(1, 60)}.00",
                }
                self._send(ORDERS, f"e{number}", "order.refunded", owner, data)
            case "cancel" if self._orders:
                owner, order = choose.choice(self._orders)
                self._send(ORDERS, f"e{number}", "order.cancelled", owner, {"order": order})
            case "redeem":
                data = {"reward": "five-off"}
                self._send(MEMBERS, f"e{number}", "request.redeem", owner, data)
            case "twice" if self.lines:
                line = choose.choice(self.lines)
                topic = MEMBERS if b"request" in line else ORDERS
                if line != b"{":
                    self._record(topic, orjson.loads(line)["data"]["member"], line)
            case "broken":
                self._record(choose.choice([ORDERS, MEMBERS]), owner, b"{")

    def _send(self, topic: str, name: str, kind: str, owner: str, data: dict[str, Any]) -> None:
        event = {
            "specversion": "1.0",
            "id": name,
            "source": "/shop",
            "type": f"io.patron.{kind}.v1",
            "time": self._at.isoformat(),
            "data": {"member": owner, **data},
        }
        self._record(topic, owner, orjson.dumps(event))

    def _record(self, topic: str, owner: str, value: bytes) -> None:
        self.lines.append(value)
        self._append(Partition(topic, int(owner[1:]) % FAMILIES), owner.encode(), value)

    def _append(self, partition: Partition, key: bytes, value: bytes) -> None:
        # Holes are normal: markers and aborted records take offsets too.
        self._offsets[partition] += self._random.choice([0, 0, 0, 1, 3])
        offset = self._offsets[partition]
        self._offsets[partition] += 1
        at_ms = int(self._at.timestamp() * 1000)
        headers = (("content-type", b"application/cloudevents+json"),)
        self.logs[partition].append(RawRecord(*partition, offset, at_ms, key, value, headers))
