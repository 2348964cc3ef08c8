"""When points end: after a span, on a date of each year, with a member's activity, or never.

An end is fixed when it is earned and stands in the lot's row, but for one kind: where
points live for a span after the last activity, each fact of the member moves the end of
all of them. No row is rewritten for that. Such a lot says `WITH_ACTIVITY`, which sorts
after every real instant, and the account knows when the member was active last.
"""

from datetime import datetime
from functools import lru_cache

from patron.core.account import AVAILABLE, LONG_AGO, NEVER, WITH_ACTIVITY, Account, Lot
from patron.core.periods import dated_end, life_end, plus, reminded_at
from patron.core.program import Asset, Program
from patron.core.windows import ages_asked


def ends_at(spec: Asset, earned_at: datetime, zone: str) -> datetime:
    """What a lot's row says of its end, if it was earned then."""
    if spec.after_activity is not None:
        return WITH_ACTIVITY
    if spec.ends_on is not None:
        return dated_end(earned_at, spec.ends_on, spec.earned_before, zone)

    return life_end(earned_at, spec.lives, spec.ends_at_end_of, zone)


def moved_to(program: Program, asset: str, active_at: datetime | None) -> datetime:
    """The end of points that live with a member's activity, as of the latest of it."""
    spec = program.assets.get(asset)
    if spec is None or spec.after_activity is None or active_at is None:
        return NEVER  # No version that is in force says when.

    return plus(active_at, spec.after_activity, program.zone)


def real_end(program: Program, account: Account, lot: Lot) -> datetime:
    """When a lot ends, as things stand."""
    if lot.expires_at != WITH_ACTIVITY:
        return lot.expires_at

    return moved_to(program, lot.asset, account.active_at)


def remind_at(program: Program, asset: str, compartment: str, end: datetime) -> datetime:
    """When a member is told of an end that comes; NEVER where nothing is said."""
    spec = program.assets.get(asset)
    if spec is None or spec.remind is None or compartment != AVAILABLE or end == NEVER:
        return NEVER

    return reminded_at(end, spec.remind, program.zone)


@lru_cache(maxsize=256)
def follows_activity(program: Program) -> bool:
    """Whether points live with their member's activity, or a belonging asks for its age."""
    by_points = any(asset.after_activity is not None for asset in program.assets.values())
    return by_points or "last_activity" in ages_asked(program)


def active_at(program: Program, account: Account, at: datetime) -> datetime | None:
    """The latest activity once a fact of the member has acted at `at`."""
    if not follows_activity(program):
        return account.active_at

    return max(account.active_at or LONG_AGO, at)
