"""Punches and the rewards that they unlock.

A punch lives from its event for its meter's span. N living punches unlock a reward and
are used up, oldest first; the rest carry over. A return takes back its own order's
punches; where they are used up, the newest unclaimed reward is revoked and its punches
live again, else the member owes punches, which the next ones pay off.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from patron.core.account import NEVER, Grant, Punch
from patron.core.draft import Draft
from patron.core.mechanics.every import Every
from patron.core.periods import plus, stamp
from patron.core.program import Meter, Program, Reward, Rule

LAPSED_KEPT = timedelta(days=366)  # How long punches that ended unused are remembered.


def grant_name(grant: Grant) -> str:
    """How notices and requests name a grant of an account."""
    return f"{grant.seq}-{grant.n}"


def punch(draft: Draft, meter: Meter, count: int, *, cause: str, at: datetime) -> None:
    """Add punches of one order or event; what the member owes is paid off first."""
    lives = meter.window.lives
    lapses_at = NEVER if lives is None else plus(at, lives, draft.program.zone)
    _add(draft, meter.name, (Punch(lapses_at, cause, count),))


def _add(draft: Draft, meter: str, punches: Iterable[Punch], *, again: bool = False) -> None:
    before = draft.punches.get(meter, ())
    living = {} if again else {(each.lapses_at, each.cause): each.left for each in before}
    for lapses_at, cause, left in punches:
        if lapses_at <= draft.arrives_at:
            remember_lapsed(draft, meter, (Punch(lapses_at, cause, left),))
            continue
        owed = draft.owed.get(meter, 0)
        paid = min(owed, left)
        if paid:
            draft.owed[meter] = owed - paid
        if left > paid:
            living[lapses_at, cause] = living.get((lapses_at, cause), 0) + left - paid
            draft.due_no_later_than(lapses_at)
    # What lives again was used before all that still lives, so it is the older.
    for lapses_at, cause, left in before if again else ():
        living[lapses_at, cause] = living.get((lapses_at, cause), 0) + left
    # Oldest first, also where an older event comes late; of those that lapse together by arrival.
    by_age = sorted(living.items(), key=lambda each: each[0][0])
    draft.punches[meter] = tuple(Punch(*name, left) for name, left in by_age)


def take_punches_over(draft: Draft, meter: str, punches: Iterable[Punch], *, owed: int) -> None:
    """Add another account's living punches, and what it owed of them."""
    _add(draft, meter, punches)
    _, missing = take_oldest(draft, meter, owed)
    if missing:
        draft.owed[meter] = draft.owed.get(meter, 0) + missing


def remember_lapsed(draft: Draft, meter: str, ended: tuple[Punch, ...]) -> None:
    """Keep which punches of orders ended unused: a return of those owes nothing.

    Only for so long: what comes back later counts as used up.
    """
    spec = draft.program.meters.get(meter)
    if spec is None or spec.counts != "units":
        return  # Nothing takes back what an event gave.

    known = [p for p in draft.lapsed.get(meter, ()) if p.lapses_at + LAPSED_KEPT > draft.at]
    draft.lapsed[meter] = (*known, *ended)


def unpunch(draft: Draft, meter: Meter, count: int, *, cause: str, reason: str) -> int:
    """Take back punches of one order; return how many stay, in rewards that are kept.

    Living ones go first, then those that lapsed unused, then those of unclaimed rewards.
    """
    draft.punches[meter.name], count = _part(draft.punches.get(meter.name, ()), count, cause=cause)
    ended = [p for p in draft.lapsed.get(meter.name, ()) if p.lapses_at + LAPSED_KEPT > draft.at]
    if ended and count:
        draft.lapsed[meter.name], count = _part(ended, count, cause=cause)
    while count:
        rewards = _rewards_of(draft, meter.name)
        revoking = {rule for rule, reward in rewards.items() if reward.on_refund == "revoke"}
        grant = newest_unclaimed(draft, revoking)
        if grant is None:
            if rewards and not revoking:
                return count
            draft.owed[meter.name] = draft.owed.get(meter.name, 0) + count
            return 0
        revoke(draft, grant, reason=reason)
        # Its own order's first; where it used none of those, as many of the oldest.
        is_own = any(used.cause == cause for used in grant.punches)
        alive, count = _part(grant.punches, count, cause=cause if is_own else None)
        _add(draft, meter.name, alive, again=True)
    return 0


def _part(
    punches: Iterable[Punch], count: int, *, cause: str | None
) -> tuple[tuple[Punch, ...], int]:
    """What is left after up to `count` are taken (of one cause), and how many were not found."""
    left = []
    for punch in punches:
        part = min(count, punch.left) if cause in (None, punch.cause) else 0
        count -= part
        if punch.left > part:
            left.append(punch._replace(left=punch.left - part))
    return tuple(left), count


def _rewards_of(draft: Draft, meter: str) -> dict[str, Reward]:
    """The rewards that punches of a meter unlock, by rule."""
    rules = [rule for rule in unlocking(draft.program) if rule.mechanic.meter == meter]
    return {rule.name: draft.program.rewards[rule.mechanic.reward] for rule in rules}


def newest_unclaimed(draft: Draft, rules: Collection[str]) -> Grant | None:
    """The latest reward by these rules that the member holds and has not used."""
    unclaimed = [g for g in draft.open_grants() if g.rule in rules and g.state == "unlocked"]
    return unclaimed[-1] if unclaimed else None


def unlock(draft: Draft, *, order: str) -> None:
    """Turn full sets of punches into rewards, rule by rule."""
    for rule in unlocking(draft.program):
        mechanic = rule.mechanic
        while sum(p.left for p in draft.punches.get(mechanic.meter, ())) >= mechanic.count:
            used, missing = take_oldest(draft, mechanic.meter, mechanic.count)
            assert missing == 0
            give(draft, mechanic.reward, rule=rule.name, order=order, punches=used)


@lru_cache(maxsize=256)
def unlocking(program: Program) -> tuple[Rule, ...]:
    """The rules of a program that turn punches into rewards, in its order."""
    return tuple(rule for rule in program.rules if isinstance(rule.mechanic, Every))


def take_oldest(draft: Draft, meter: str, count: int) -> tuple[tuple[Punch, ...], int]:
    """Use up living punches, oldest first; return those, and how many were missing."""
    left, used = [], []
    for living in draft.punches.get(meter, ()):
        part = min(count, living.left)
        count -= part
        if part:
            used.append(living._replace(left=part))
        if living.left > part:
            left.append(living._replace(left=living.left - part))
    draft.punches[meter] = tuple(left)
    return tuple(used), count


def give(
    draft: Draft, reward: str, *, rule: str = "", order: str = "", punches: tuple[Punch, ...] = ()
) -> Grant:
    """Let the member hold one more of a reward."""
    spec = draft.program.rewards[reward]
    at = draft.arrives_at
    lapses_at = NEVER if spec.lives is None else plus(at, spec.lives, draft.program.zone)
    place = draft.next_grant()
    grant = Grant(
        reward, draft.seq, place, "unlocked", at, lapses_at, order, punches=punches, rule=rule
    )
    draft.put_grant(grant)
    tell_unlocked(draft, grant)
    return grant


def tell_unlocked(draft: Draft, grant: Grant) -> None:
    """Say that the member holds one more of a reward, or has a badge."""
    kind = draft.program.rewards[grant.reward].kind
    if kind == "badge":
        draft.notice("badge.awarded", {"badge": grant.reward})
        return
    data = {"reward": grant.reward, "kind": kind, "grant": grant_name(grant)}
    if grant.lapses_at != NEVER:
        data["lapses_at"] = stamp(grant.lapses_at)
    if grant.order:
        data["order"] = grant.order
    draft.notice("reward.unlocked", data)


def tell_lapsed(draft: Draft, grant: Grant) -> None:
    """Say that a reward ended unused, or its reservation did."""
    draft.notice("reward.lapsed", {"reward": grant.reward, "grant": grant_name(grant)})


def revoke(draft: Draft, grant: Grant, *, reason: str) -> None:
    """Take an unclaimed reward back."""
    draft.put_grant(grant._replace(state="revoked"))
    data = {"reward": grant.reward, "grant": grant_name(grant), "reason": reason}
    draft.notice("reward.revoked", data)
