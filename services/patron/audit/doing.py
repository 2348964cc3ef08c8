"""What is not a purchase: what each rule gives for it, before its caps."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from patron.audit import expressions, sharing, together
from patron.audit.counting import StreakDays
from patron.audit.facts import Event
from patron.audit.programs import Terms, attributes_match, tier_matches
from patron_schemas.program import Match, Rule

if TYPE_CHECKING:
    from patron.audit.model import Model


def fits(model: Model, terms: Terms, match: Match, event: Event) -> bool:
    """Whether an event is of those that a rule or meter looks at."""
    return attributes_match(match, event.fields["attributes"]) and tier_matches(
        match, model.rated().tier_now(terms)
    )


def earned(model: Model, terms: Terms, rule: Rule, event: Event) -> int:
    """What one rule gives for an event."""
    mechanic = rule.per_event or rule.streak
    if mechanic is None or mechanic.action != event.fields["action"]:
        return 0
    tier = model.rated().tier_now(terms)
    if not fits(model, terms, rule.match, event):
        return 0
    told = expressions.of_event(event, tier)
    if not together.holds(terms, rule, at=event.told_at, tier=tier, told=told):
        return 0
    key = once_key(rule, event)
    is_once = rule.per_event is not None and rule.per_event.once != "never"
    if is_once and sharing.is_used(model, rule, event, key):
        return 0
    if rule.streak is not None:
        day = event.told_at.astimezone(terms.zone).date()
        days = model.streak_days.setdefault(rule.rule, StreakDays())
        if not days.completed_by(day, needed=rule.streak.days):
            return 0

    line = {**together.NO_LINE, "attributes": event.fields["attributes"]}
    factor = together.factor(terms, rule, line, at=event.told_at, tier=tier, told=told)
    return floor(mechanic.points * factor)


def once_key(rule: Rule, event: Event) -> tuple[str, str]:
    """What a rule that pays once remembers of an event."""
    by_subject = rule.per_event is not None and rule.per_event.once == "subject"
    return rule.rule, event.fields["subject"] if by_subject else ""
