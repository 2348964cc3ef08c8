"""May a member have something at an instant? A question: it moves nothing.

Entitlements are had by whoever holds them. A drop is closed until it opens, for some of
the members earlier than for all, and may be for some of them only.
"""

from datetime import datetime

from patron.core.account import NEVER, Account
from patron.core.decision import Answer, Refusal
from patron.core.periods import minus, stamp
from patron.core.program import Condition, Drop, Match, Program
from patron.core.together import Failed, excludes


def may_have(program: Program, account: Account, thing: str, *, at: datetime) -> Answer:
    """Whether a member may have a drop or an entitlement; time has passed up to `at`."""
    drop = program.drops.get(thing)
    if drop is not None:
        return _may_open(program, account, drop, at)
    key = f"entitlement/{thing}"
    entitlement = next((each for each in program.belongings if each.key == key), None)
    if entitlement is None:
        return Answer(granted=False, code=Refusal.UNKNOWN_REWARD)

    until = account.belongings.get(key)
    if until is None:
        return Answer(granted=False, code=_lacking(program, account, entitlement.condition))
    return Answer(granted=True, data={} if until == NEVER else {"ends_at": stamp(until)})


def _lacking(program: Program, account: Account, condition: Condition) -> Refusal:
    """The first thing that an entitlement hangs on and that is not there."""
    if condition.tiers and program.tier_at(program.place(account.tier)) not in condition.tiers:
        return Refusal.TIER
    if not condition.segments <= account.belongings.keys():
        return Refusal.SEGMENT
    return Refusal.CONDITION


def _may_open(program: Program, account: Account, drop: Drop, at: datetime) -> Answer:
    excluded = _excluded(program, account, drop.match)
    if excluded is not None:
        return Answer(granted=False, code=excluded.code)

    opens_at = drop.opens_at
    for early in drop.early:
        if _excluded(program, account, early.match) is None:
            opens_at = min(opens_at, minus(drop.opens_at, early.by, program.zone))
    if at < opens_at:
        return Answer(granted=False, code=Refusal.NOT_OPEN, data={"opens_at": stamp(opens_at)})
    return Answer(granted=True)


def _excluded(program: Program, account: Account, match: Match) -> Failed | None:
    return excludes(match, program.place(account.tier), account.belongings)
