"""How many purchases the core decides a second: twenty rules, four of them expressions.

    python -m bench.decisions --count 50000

No servers and no input: one process, one order of four lines after the other, and each is
decided as live intake, replay and simulation have it decided. CPU seconds are what counts,
so that a busy machine tells nearly the same.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta

from patron.core.account import Account, State
from patron.core.decide import after, decide
from patron.core.decision import Decision
from patron.core.facts import EventName, Line, OrderCompleted, Who
from patron.wire.documents import compile_document

# The categories of sixteen rules; an order has a line of each of the first four.
SOLD = ("coffee", "tea", "bakery", "home", *(f"category-{n}" for n in range(12)))
EXPRESSIONS = (
    "order.total_minor > 10000",
    "order.lines.exists(l, l.category == 'coffee')",
    "order.attributes.channel == 'app' && order.units >= 3",
    "order.lines.all(l, l.paid_minor == l.list_minor) && member.tier == ''",
)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def document() -> str:
    """The program: rules by category, and rules by expressions."""
    rules = [
        {
            "rule": f"matched-{n}",
            "earn": "points",
            "per_amount": {"points": "1", "per": "1.00"},
            "match": {"category": [category]},
        }
        for n, category in enumerate(SOLD)
    ]
    rules += [
        {
            "rule": f"expression-{n}",
            "earn": "points",
            "per_step": {"points": 10, "step": "5.00"},
            "when": expression,
        }
        for n, expression in enumerate(EXPRESSIONS)
    ]
    return json.dumps(
        {
            "format": 1, "program": "twenty-rules", "zone": "Europe/Warsaw", "currency": "EUR",
            "assets": {"points": {"ends": {"after": "P12M", "at_end_of": "month"}}},
            "rules": rules,
        }
    )  # fmt: skip


def order(number: int) -> OrderCompleted:
    """The n-th order: four lines."""
    name = EventName("default", "/shop", str(number))
    lines = tuple(
        Line(str(n), f"sku-{n}", category, 1000, 350 + number % 97, 350 + number % 97)
        for n, category in enumerate(SOLD[:4], 1)
    )
    at = BEGIN + timedelta(minutes=number)
    attributes = (("channel", "app" if number % 3 else "till"),)
    return OrderCompleted(
        name, at, Who("id", "ann"), str(number), "EUR", lines, attributes=attributes
    )


def decisions_per_s(count: int) -> float:
    """Decide so many purchases of one member; by CPU time."""
    program = compile_document(document(), source="twenty-rules")
    state, orders = State(Account("ann")), [order(n) for n in range(count)]
    begun_s = time.process_time()
    for fact in orders:
        decision = decide(program, state, fact)
        assert isinstance(decision, Decision)
        state = after(state, decision)
    return count / (time.process_time() - begun_s)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    print(f"{decisions_per_s(parser.parse_args().count):.0f}")
