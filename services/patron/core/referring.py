"""Referrals: one member brings another, and both earn once the other has stayed.

Whoever was brought has stayed when a meter, of what was bought say, has shown enough for
so long, without a break: a return that takes it below begins the wait anew. Then an
engagement follows for each of the two, so rules pay for it as for any other: with caps,
by tier, once for each friend.
"""

from datetime import datetime

from patron.core.account import NEVER, Account, Referral
from patron.core.decision import Refusal
from patron.core.draft import Draft
from patron.core.facts import Engaged, EventName, ReferAsked, Who
from patron.core.periods import plus, stamp
from patron.core.program import Program
from patron.core.windows import reading_at

# No event from outside can have an action with a dot.
GIVEN, RECEIVED = "referral.given", "referral.received"
SOURCE = "patron:referral"


def refer(draft: Draft, fact: ReferAsked) -> dict[str, str] | Refusal:
    """Keep who brought a member: once, and of one who is new."""
    referrals = draft.program.referrals
    if referrals is None:
        return Refusal.CONDITION
    if is_oneself(draft.account, fact.referrer):
        return Refusal.SELF_REFERRAL
    if draft.referral is not None:
        return Refusal.ALREADY_USED
    if any(draft.meters.get(referrals.meter, {}).values()):
        return Refusal.CONDITION

    return refer_again(draft, fact)


def refer_again(draft: Draft, fact: ReferAsked) -> dict[str, str]:
    """Keep it, whatever the member has by now: so it was answered."""
    draft.referral = Referral(fact.referrer)
    return {"referrer": fact.referrer}


def is_oneself(account: Account, referrer: str) -> bool:
    """Whether that is the member, or one who was merged into it."""
    return referrer == account.member or referrer in account.formerly


def watch(draft: Draft) -> None:
    """See, after an entry, whether the meter shows enough, and since when."""
    program, referral = draft.program, draft.referral
    referrals = program.referrals
    if referrals is None or referral is None or referral.is_earned:
        return

    meter = program.meters[referrals.meter]
    parts = draft.meters.get(meter.name, {})
    shows = reading_at(parts, meter, draft.at, joined_at=draft.joined_at, zone=program.zone)
    since = min(referral.since, draft.at) if shows >= referrals.threshold else NEVER
    draft.referral = referral._replace(since=since)
    draft.due_no_later_than(earned_at(program, draft.referral))


def earned_at(program: Program, referral: Referral | None) -> datetime:
    """When a member who was brought will have stayed, if nothing more comes."""
    if program.referrals is None or referral is None or referral.is_earned:
        return NEVER
    if referral.since == NEVER:
        return NEVER

    return plus(referral.since, program.referrals.kept, program.zone)


def earn(draft: Draft) -> None:
    """Time: a member has stayed, so what follows from it follows."""
    referral = draft.referral
    if referral is None or earned_at(draft.program, referral) > draft.at:
        return

    draft.referral = referral._replace(is_earned=True)
    friend, by = draft.account.member, referral.by
    if is_oneself(draft.account, by) or draft.account.erased:
        return  # They have become one since, or nobody's.
    tenant = draft.fact.name.tenant
    told = f"{draft.program.name}/{friend}/{stamp(draft.at)}"
    for who, action, about in ((by, GIVEN, friend), (friend, RECEIVED, by)):
        name = EventName(tenant, SOURCE, f"{told}/{action}")
        draft.follows.append(Engaged(name, draft.at, Who("id", who), action, about))


def as_told(program: Program, account: Account, *, before: Referral | None) -> Account:
    """An account that a late fact has changed: what was told was told, and is not told again."""
    referral = account.referral
    if before is not None and before.is_earned:
        return account._replace(referral=before)
    if referral is None:
        return account

    # Where it is earned by now, time finds out, at the instant at which it was.
    account = account._replace(referral=referral._replace(is_earned=False))
    return account._replace(due_at=min(account.due_at, earned_at(program, account.referral)))
