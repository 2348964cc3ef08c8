"""Segments and entitlements: what a member is in, by the words of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from patron.audit import calendar
from patron.audit.calendar import NEVER
from patron.audit.programs import Terms
from patron_schemas.program_belongings import Ages, Condition, While

if TYPE_CHECKING:
    from patron.audit.model import Model

Shows = Callable[[str], int]  # What a meter shows now.


def _since(model: Model) -> dict[str, datetime]:
    since = {"joined": model.meters.joined_at, "last_activity": model.active_at}
    return since | ({"last_order": model.ordered_at} if model.ordered_at else {})


def ahead(model: Model, terms: Terms) -> Iterator[datetime]:
    """Every instant at which a condition could begin or cease to hold by time alone."""
    yield from model.belongings.values()
    entitlements = terms.document.entitlements.values()
    conditions = [*terms.document.segments.values(), *(each.while_ for each in entitlements)]
    since = _since(model)
    for condition in conditions:
        ages = {
            "last_order": condition.last_order,
            "last_activity": condition.last_activity,
            "joined": condition.joined,
        }
        for of, asked in ages.items():
            for span in (asked.at_least, asked.below) if asked and of in since else ():
                if span is not None:
                    yield calendar.plus(since[of], span, terms.zone)
        for meter in condition.meters:
            yield from model.meters.ends(terms, meter)


def settle(model: Model, terms: Terms, now: datetime) -> None:
    """Begin and end what begins and ends with an entry that counts at `now`."""
    since = _since(model)
    model.belongings, said = after(
        terms, model.belongings, now=now, tier=model.tier_now(terms),
        shows=lambda meter: model.meters.shows_now(terms, meter, now), since=since,
    )  # fmt: skip
    model.notices += said


def after(
    terms: Terms,
    belongings: dict[str, datetime],
    *,
    now: datetime,
    tier: str,
    shows: Shows,
    since: dict[str, datetime],
) -> tuple[dict[str, datetime], list[tuple[str, str]]]:
    """What stands from now on, and what was said: by name, until the end of its grace."""

    def holds(condition: Condition, names: set[str]) -> bool:
        if condition.tier is not None and tier not in condition.tier:
            return False
        if isinstance(condition, While) and not names >= set(condition.segment or ()):
            return False
        for meter, amounts in condition.meters.items():
            is_money = terms.document.meters[meter].counts == "basis"
            value = shows(meter)
            for text, is_floor in ((amounts.at_least, True), (amounts.below, False)):
                if text is not None:
                    limit = terms.minor(text) if is_money else int(text)
                    if (value >= limit) != is_floor:
                        return False
        ages = {
            "last_order": condition.last_order,
            "last_activity": condition.last_activity,
            "joined": condition.joined,
        }
        return all(ages[of] is None or is_old(since.get(of), ages[of]) for of in ages)

    def is_old(start: datetime | None, ages: Ages | None) -> bool:
        assert ages is not None
        if start is None:
            return False
        if ages.at_least is not None and now < calendar.plus(start, ages.at_least, terms.zone):
            return False
        return ages.below is None or now < calendar.plus(start, ages.below, terms.zone)

    left, said = dict(belongings), list[tuple[str, str]]()
    names: set[str] = set()
    for name, segment in terms.document.segments.items():
        key = f"segment/{name}"
        if holds(segment, names):
            names.add(name)
            if key not in left:
                said.append(("segment.entered", name))
            left[key] = NEVER
        elif left.pop(key, None) is not None:
            said.append(("segment.left", name))
    for name, entitlement in terms.document.entitlements.items():
        key = f"entitlement/{name}"
        if holds(entitlement.while_, names):
            if key not in left:
                said.append(("entitlement.began", name))
            left[key] = NEVER
        elif left.get(key) == NEVER and entitlement.grace is not None:
            left[key] = calendar.plus(now, entitlement.grace, terms.zone)
            said.append(("entitlement.ending", name))
        elif key in left and (left[key] == NEVER or left[key] <= now):
            del left[key]
            said.append(("entitlement.ended", name))
    return left, said
