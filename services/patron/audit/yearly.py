"""What time awards: a yearly rule's day has come for a member."""

from collections.abc import Iterator
from datetime import datetime
from math import floor
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from patron.audit import calendar, together
from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron_schemas.program import Rule

if TYPE_CHECKING:
    from patron.audit.model import Model


def award(model: "Model", terms: Terms, event: Event) -> None:
    """Give what this very instant awards."""
    tier = model.tier_now(terms)
    told = {"member.tier": tier}
    due = [rule for rule in terms.document.rules if rule.yearly and _is_due(model, terms, rule)]
    if model.erased:
        return
    points = {
        rule.rule: floor(
            (rule.yearly.points or 0)
            * together.factor(terms, rule, together.NO_LINE, at=event.at, tier=tier, told=told)
        )
        for rule in due
        if rule.yearly and together.holds(terms, rule, at=event.at, tier=tier, told=told)
    }
    gives = model.pay(terms, event, {name: each for name, each in points.items() if each})
    model.count_points(terms, event, gives)
    for rule in due:
        assert rule.yearly is not None
        # One that may give nothing under its caps is not given; a wish costs nothing.
        if rule.rule not in points or (rule.earn and not gives.get(rule.rule)):
            continue
        model.awarded.add((rule.rule, event.at.astimezone(_zone(model, terms, rule)).year))
        if rule.unlock is not None:
            model.cards.give(terms, rule, event.seq, at=event.at)


def ahead(model: "Model", terms: Terms) -> Iterator[datetime]:
    """The instants of this year and the next at which something may be awarded."""
    for rule in terms.document.rules:
        if rule.yearly is None or model.erased:
            continue
        zone = _zone(model, terms, rule)
        year = model.at.astimezone(zone).year
        for each in (year, year + 1):
            on = _date(model, rule, zone, each)
            if on and not any(rule.rule == n and each <= given for n, given in model.awarded):
                day = calendar.day_of_year(each, on)
                instant = calendar.at_hour(day, rule.yearly.hour, zone)
                if instant > model.at:
                    yield instant


def _date(model: "Model", rule: Rule, zone: ZoneInfo, year: int) -> str:
    assert rule.yearly is not None
    if rule.yearly.on == "birthday":
        return model.birthday
    if rule.yearly.on == "joined":
        joined = model.meters.joined_at.astimezone(zone)
        return f"{joined:%m-%d}" if joined.year < year else ""
    return rule.yearly.on


def _zone(model: "Model", terms: Terms, rule: Rule) -> ZoneInfo:
    assert rule.yearly is not None
    own = rule.yearly.zone == "member" and model.zone
    return ZoneInfo(model.zone) if own else terms.zone


def _is_due(model: "Model", terms: Terms, rule: Rule) -> bool:
    """Whether this very instant is the rule's in its local year, and nothing was given yet."""
    assert rule.yearly is not None
    zone = _zone(model, terms, rule)
    year = model.at.astimezone(zone).year
    on = _date(model, rule, zone, year)
    if not on or any(rule.rule == name and year <= given for name, given in model.awarded):
        return False
    return calendar.at_hour(calendar.day_of_year(year, on), rule.yearly.hour, zone) == model.at
