"""Expressions, asked a second time: the library evaluates, what it is told is found anew."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cel_expr_python import cel

from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron_schemas.program_expressions import EVENT, MEMBER, ORDER, fields_of_events

Told = Mapping[str, Any]  # What an expression may read, by name.
NOTHING: Told = {}


def any_rule(terms: Terms) -> bool:
    """Whether any rule has a condition: else nobody asks what is told."""
    return any(rule.when is not None for rule in terms.document.rules)


def of_event(event: Event, tier: str) -> Told:
    """What is told of an engagement."""
    attributes = pairs(event.fields["attributes"])
    return {
        **{f"event.{name}": value for name, value in attributes.items()},
        "event.action": event.fields["action"],
        "event.subject": event.fields["subject"],
        "event.attributes": attributes,
        "member.tier": tier,
    }


def pairs(attributes: Iterable[Iterable[Any]]) -> dict[str, Any]:
    """Attributes by name."""
    return {str(name): value for name, value in attributes}


def holds(expression: str | None, told: Told) -> bool:
    """Whether an expression is true; one that can't be worked out is not."""
    if expression is None:
        return True
    try:
        return compiled(expression).eval(data=told).value() is True
    except RuntimeError:
        return False


@cache
def compiled(expression: str) -> Any:
    """The expression over all names there are, of any type: what was published was checked."""
    names = {**ORDER, **MEMBER, **EVENT, **fields_of_events()}
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN)).compile(expression)
