"""Segments and entitlements: what a member is in while a condition over meters and ages holds.

Both begin and end at their own instants, each with its notice. A segment ends at once;
an entitlement may have a grace, and whoever meets its condition again within it keeps
it. An account keeps each with the instant at which its grace ends: NEVER, while its
condition holds. Whatever an entry did, the conditions are read again at its end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from patron.core.account import LONG_AGO, NEVER, Account
from patron.core.periods import local_day, plus, stamp
from patron.core.program import Age, Condition, Program, Threshold
from patron.core.windows import ROLLING, crossings, end_of, part_of, reading, window_of

# What is said as a belonging begins, enters its grace, and ends.
NOTICES = {
    "segment": ("segment.entered", "", "segment.left"),
    "entitlement": ("entitlement.began", "entitlement.ending", "entitlement.ended"),
}


class View(NamedTuple):
    """What conditions look at, at one instant."""

    program: Program
    at: datetime
    tier: str
    meters: Mapping[str, Mapping[str, int]]
    since: Mapping[str, datetime | None]  # By what an age counts from.

    @classmethod
    def of(cls, program: Program, account: Account, at: datetime) -> "View":
        """An account as it would be at `at`, if nothing more comes."""
        since = {
            "joining": account.joined_at,
            "last_order": account.ordered_at,
            "last_activity": account.active_at,
        }
        tier = program.tier_at(program.place(account.tier))
        return cls(program, at, tier, account.meters, since)


def holding(view: View) -> frozenset[str]:
    """The keys of all belongings whose conditions hold, segments first."""
    held: set[str] = set()
    for belonging in view.program.belongings:
        if _holds(belonging.condition, view, held):
            held.add(belonging.key)
    return frozenset(held)


def _holds(condition: Condition, view: View, held: set[str]) -> bool:
    return (
        (not condition.tiers or view.tier in condition.tiers)
        and condition.segments <= held
        and all(_meets(threshold, view) for threshold in condition.thresholds)
        and all(_is_of_age(age, view) for age in condition.ages)
    )


def _meets(threshold: Threshold, view: View) -> bool:
    meter, zone = view.program.meters[threshold.meter], view.program.zone
    day = local_day(view.at, zone)
    part = part_of(meter.window, view.at, day, joined_at=view.since["joining"], zone=zone)
    parts = view.meters.get(meter.name, {})
    window = window_of(meter.window, part)
    value = reading(parts, meter, window, at=view.at, zone=zone)
    return (threshold.at_least is None or value >= threshold.at_least) and (
        threshold.below is None or value < threshold.below
    )


def _is_of_age(age: Age, view: View) -> bool:
    since, zone = view.since[age.since], view.program.zone
    if since is None:
        return False  # What never was has no age.

    return (age.at_least is None or plus(since, age.at_least, zone) <= view.at) and (
        age.below is None or view.at < plus(since, age.below, zone)
    )


def meets_but_for_ages(program: Program, account: Account, key: str) -> bool:
    """Whether an account would be in this, were it of any age that it likes."""
    view = View.of(program, account, account.at)
    return all(
        _holds(replace(each.condition, ages=()), view, set(account.belongings))
        for each in program.belongings
        if each.key == key
    )


def next_change(program: Program, account: Account, at: datetime) -> datetime:
    """The first instant after `at` at which a belonging changes, if nothing more comes."""
    if not program.belongings or account.at == LONG_AGO:
        return NEVER  # Whoever was never heard of is in nothing.

    view = View.of(program, account, at)
    now = holding(view)
    graces = [until for until in account.belongings.values() if until > at]
    for instant in sorted({each for each in _instants(view) if at < each < NEVER}):
        if holding(view._replace(at=instant)) != now:
            return min([instant, *graces])
    return min(graces, default=NEVER)


def _instants(view: View) -> Iterator[datetime]:
    """Every instant at which time alone could make or break a condition."""
    for belonging in view.program.belongings:
        for age in belonging.condition.ages:
            since = view.since[age.since]
            for span in (age.at_least, age.below):
                if since is not None and span is not None:
                    yield plus(since, span, view.program.zone)
        for threshold in belonging.condition.thresholds:
            yield from _crossings(threshold, view)


def _crossings(threshold: Threshold, view: View) -> Iterator[datetime]:
    """When a meter will be on another side of a limit, as its window ends or its parts leave."""
    meter, zone = view.program.meters[threshold.meter], view.program.zone
    if meter.window.kind != ROLLING:
        yield end_of(meter.window, view.at, joined_at=view.since["joining"], zone=zone)
        return

    parts = view.meters.get(meter.name, {})
    for limit in (threshold.at_least, threshold.below):
        if limit is not None:
            yield from crossings(parts, meter, limit, at=view.at, zone=zone)


def settled(program: Program, account: Account) -> Account:
    """The account once it has begun and ended what begins and ends at its present instant.

    What another version of the program knows, and this one does not, stays as it is.
    """
    at = account.at
    held = holding(View.of(program, account, at))
    belongings = dict(account.belongings)
    for each in program.belongings:
        until = belongings.get(each.key)
        if each.key in held:
            belongings[each.key] = NEVER
        elif until == NEVER and each.grace is not None:
            belongings[each.key] = plus(at, each.grace, program.zone)
        elif until is not None and (until == NEVER or until <= at):
            del belongings[each.key]
    account = account._replace(belongings=belongings)
    return account._replace(due_at=min(account.due_at, next_change(program, account, at)))


def changes(
    program: Program, before: Mapping[str, datetime], now: Mapping[str, datetime]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What there is to say where an account is in this now, and was in that before."""
    for each in program.belongings:
        begins, ending, ends = NOTICES[each.kind]
        was, until = before.get(each.key), now.get(each.key)
        data: dict[str, Any] = {each.kind: each.name}
        if was is None and until is not None:
            yield begins, data
        if until is None:
            if was is not None:
                yield ends, data
        elif until != NEVER and until != was:
            yield ending, data | {"ends_at": stamp(until)}
