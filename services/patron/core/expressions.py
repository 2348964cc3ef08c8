"""What expressions may read: the facts of an order or an event, as plain values.

An expression itself is made by whoever reads program documents; here it only `holds` or
not. What it reads is worked out once for all expressions of a program, and only where a
program has any. The names are those of `patron_schemas.program_expressions`.
"""

from functools import lru_cache
from typing import Any

from patron.core.basis import NEVER_COUNT, Basket
from patron.core.facts import Engaged, Line
from patron.core.program import CAUTIOUS, Basis, Facts, Program

LISTED = Basis(before_discounts=True)


@lru_cache(maxsize=256)
def rules_ask(program: Program) -> bool:
    """Whether any rule of a program hangs on an expression."""
    return any(rule.when is not None for rule in program.rules)


@lru_cache(maxsize=256)
def meters_ask(program: Program) -> bool:
    """Whether any meter of a program hangs on an expression."""
    return any(meter.when is not None for meter in program.meters.values())


def order_facts(basket: Basket, tier: str = "") -> Facts:
    """What expressions read of what is left of an order."""
    paid, listed = basket.basis(CAUTIOUS), basket.basis(LISTED)
    lines = [
        _line(line, paid_minor, list_minor)
        for line, paid_minor, list_minor in zip(basket.lines, paid, listed, strict=True)
        if line.kind not in NEVER_COUNT and basket.is_left(line)
    ]
    return Facts(
        {
            "order.total_minor": sum(paid),
            "order.units": sum([line["units"] for line in lines]),
            "order.currency": basket.currency,
            "order.attributes": dict(basket.attributes),
            "order.lines": lines,
            "member.tier": tier,
        }
    )


def event_facts(fact: Engaged, tier: str = "") -> Facts:
    """What expressions read of an engagement."""
    told = {f"event.{name}": value for name, value in fact.attributes}
    return Facts(
        told
        | {
            "event.action": fact.action,
            "event.subject": fact.subject,
            "event.attributes": dict(fact.attributes),
            "member.tier": tier,
        }
    )


def award_facts(tier: str) -> Facts:
    """What expressions read where time awards."""
    return Facts({"member.tier": tier})


def _line(line: Line, paid_minor: int, list_minor: int) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "category": line.category,
        "kind": line.kind,
        "units": line.quantity_milli // 1000,
        "paid_minor": paid_minor,
        "list_minor": list_minor,
        "attributes": dict(line.attributes),
    }
