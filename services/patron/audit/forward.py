"""Late facts where a program only goes forward: by the tier and caps of their own time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patron.audit import ceilings
from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron_schemas.program import Rule

if TYPE_CHECKING:
    from patron.audit.model import Model


def as_then(model: Model, event: Event) -> Model:
    """The account as it was known at the time of an event; itself where none is late."""
    terms = model.terms[event.version]
    if model.by_time or terms.document.late == "retroactive" or event.told_at >= model.at:
        return model
    if any(earlier.takes_over for earlier in model.past):
        return model  # Its own entries are not all that it has.
    then = type(model)(model.terms)
    for earlier in model.past:
        if earlier.at > event.told_at:
            break
        then.apply(earlier)
    return then


def room(
    model: Model, terms: Terms, rules: Sequence[Rule], event: Event
) -> dict[tuple[str, str], int]:
    """What was left under every cap then, and is left now."""
    left = ceilings.room(terms, model.used, rules, event.told_at)
    was_left = ceilings.room(terms, model.rated().used, rules, event.told_at)
    return {cap: min(amount, was_left[cap]) for cap, amount in left.items()}
