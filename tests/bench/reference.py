"""The reference job: what comes in, and what has to come out of it, whoever does it.

Purchases of members of whom some buy far more than others; 2 % of the records repeat an
earlier one, half of them at once and half at any later time. A purchase gives a point for
each full euro, times the member's tier, and two more for each full euro of a line of
coffee. Tiers are reached by what was spent before, and each change is told once.

`reference.yaml` says the same as a program. Nothing here is Patron's: it is the oracle.
"""

import json
import random
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple
from uuid import UUID

MEMBERS = 20_000
SEED = 20_261_123
REPEATED = 0.02
BEGINS = datetime(2026, 1, 6, 12, tzinfo=UTC)
APART_MS = 137
SOURCE = "/shops/eu-1/checkout"
CATEGORIES = ("coffee", "tea", "bakery", "grocery", "books", "home", "beauty", "toys")

TIERS = ("bronze", "silver", "gold")
FROM_MINOR = (0, 500_00, 2000_00)
PERCENT = (100, 125, 150)


class Sent(NamedTuple):
    """A record of the job's topic."""

    key: bytes
    value: bytes
    timestamp_ms: int


class Credit(NamedTuple):
    """What one event gave, and what its member had after it."""

    member: str
    points: int
    balance: int


class Change(NamedTuple):
    """A notice: which event led a member from which tier to which."""

    cause: str
    member: str
    from_tier: str
    to_tier: str


class Outcome(NamedTuple):
    """All that a run has to come to."""

    credits: dict[str, Credit]  # By event.
    changes: list[Change]  # Sorted.


def records(count: int, *, members: int = MEMBERS) -> Iterator[Sent]:
    """The first `count` records of so many members: the same ones each time."""
    chance = random.Random(SEED)
    # The busiest member has 0.24 % of the traffic.
    shares = list(accumulate((place + 50) ** -0.9 for place in range(1, members + 1)))
    numbers = list(range(members))
    chance.shuffle(numbers)
    sent: list[Sent] = []
    for place in range(count):
        timestamp_ms = int(BEGINS.timestamp() * 1000) + APART_MS * place
        if sent and chance.random() < REPEATED:
            recent = max(0, len(sent) - 200) if chance.random() < 0.5 else 0
            yield sent[chance.randrange(recent, len(sent))]._replace(timestamp_ms=timestamp_ms)
            continue
        number = numbers[bisect_left(shares, chance.random() * shares[-1])]
        event = purchase(chance, f"m-{number:07d}", place)
        value = json.dumps(event, separators=(",", ":")).encode()
        sent.append(Sent(event["data"]["member"].encode(), value, timestamp_ms))
        yield sent[-1]


def purchase(chance: random.Random, member: str, place: int) -> dict[str, Any]:
    """A purchase of one to four lines, as a shop publishes it."""
    lines = []
    for _ in range(chance.choice((1, 2, 2, 3, 3, 4))):
        quantity = chance.choice((1, 1, 1, 2, 3))
        paid_minor = quantity * chance.randint(150, 1800)
        lines.append(
            {
                "sku": f"SKU-{chance.randint(0, 99_999):05d}",
                "category": chance.choice(CATEGORIES),
                "quantity": str(quantity),
                "paid": f"{paid_minor // 100}.{paid_minor % 100:02}",
            }
        )
    at = BEGINS + timedelta(milliseconds=APART_MS * place)
    return {
        "specversion": "1.0",
        "id": str(UUID(int=chance.getrandbits(128), version=4)),
        "source": SOURCE,
        "type": "io.patron.order.completed.v1",
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "order": f"o-{10_000_000 + place}",
            "member": member,
            "currency": "EUR",
            "lines": lines,
        },
    }


def tier_at(spent_minor: int) -> int:
    """The place of the tier that so much spending has reached."""
    return sum(spent_minor >= least for least in FROM_MINOR) - 1


def points_of(lines_minor: Iterable[tuple[str, int]], tier: int) -> tuple[int, int]:
    """Points for lines of (category, amount) at a tier, and what was spent in all."""
    spent_minor = coffee = 0
    for category, paid_minor in lines_minor:
        spent_minor += paid_minor
        if category == "coffee":
            coffee += 2 * (paid_minor // 100)
    return spent_minor // 100 * PERCENT[tier] // 100 + coffee, spent_minor


def expected(sent: Iterable[Sent]) -> Outcome:
    """What these records have to come to, worked out one by one."""
    given: dict[str, Credit] = {}
    changes: list[Change] = []
    standing: dict[str, tuple[int, int]] = {}  # By member: points, and what was spent.
    for each in sent:
        event = json.loads(each.value)
        name, data = event["id"], event["data"]
        if name in given:
            continue
        member = data["member"]
        balance, spent_minor = standing.get(member, (0, 0))
        before = tier_at(spent_minor)
        lines = [(line["category"], minor(line["paid"])) for line in data["lines"]]
        points, paid_minor = points_of(lines, before)
        balance, spent_minor = balance + points, spent_minor + paid_minor
        given[name] = Credit(member, points, balance)
        standing[member] = balance, spent_minor
        if (after := tier_at(spent_minor)) != before:
            changes.append(Change(name, member, TIERS[before], TIERS[after]))
    return Outcome(given, sorted(changes))


def minor(text: str) -> int:
    """Cents of decimal text; the job writes two digits always."""
    return int(text.replace(".", ""))
