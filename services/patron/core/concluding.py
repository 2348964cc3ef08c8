"""The end of every entry: what the member is in now, and what entering a segment gives.

A reward that a segment gave goes back with the meters that gave it: where a return takes
the member out again, an unclaimed one is revoked; of one that was claimed already, the
next entering gives none.
"""

from patron.core.belongings import changes, meets_but_for_ages, settled
from patron.core.decision import Decision
from patron.core.draft import Draft
from patron.core.facts import OrderCompleted, OrderFact
from patron.core.mechanics.entering import entering_rules, owed_name
from patron.core.program import Rule
from patron.core.referring import watch
from patron.core.rewards import give, newest_unclaimed, revoke


def conclude(draft: Draft) -> Decision:
    """Begin and end segments and entitlements, and be done with the entry."""
    if draft.referral is not None:
        watch(draft)
    if draft.program.belongings:
        account = settled(draft.program, draft.left())
        draft.belongings = account.belongings
        draft.due_no_later_than(account.due_at)
        tell_belongings(draft)
        for rule in entering_rules(draft.program):
            _give_or_take(draft, rule)
    return draft.decision()


def tell_belongings(draft: Draft) -> None:
    """Say what has begun, what lives by grace, and what has ended with this entry."""
    for kind, data in changes(draft.program, draft.account.belongings, draft.belongings):
        draft.notice(kind, data)


def _give_or_take(draft: Draft, rule: Rule) -> None:
    segment = rule.mechanic.segment
    was, is_now = segment in draft.account.belongings, segment in draft.belongings
    if is_now and not was:
        _give(draft, rule)
    elif was and not is_now and _is_undeserved(draft, segment):
        _take_back(draft, rule)


def _is_undeserved(draft: Draft, segment: str) -> bool:
    """Whether an order's event took it; who left by an age, as by coming back, deserved it."""
    by_order = isinstance(draft.fact, OrderFact)
    return by_order and not meets_but_for_ages(draft.program, draft.left(), segment)


def _give(draft: Draft, rule: Rule) -> None:
    owed = _owed(draft, rule)
    is_once = rule.mechanic.once == "ever"
    if owed:
        _owe(draft, rule, owed if is_once else owed - 1)
        return
    if is_once:
        _owe(draft, rule, 1)
    order = draft.fact.order if isinstance(draft.fact, OrderCompleted) else ""
    give(draft, rule.mechanic.reward, rule=rule.name, order=order)


def _take_back(draft: Draft, rule: Rule) -> None:
    reward = draft.program.rewards[rule.mechanic.reward]
    grant = newest_unclaimed(draft, {rule.name}) if reward.on_refund == "revoke" else None
    if grant is None:
        owe_one(draft, rule)
        return
    revoke(draft, grant, reason="refund")
    if rule.mechanic.once == "ever":
        _owe(draft, rule, 0)


def owe_one(draft: Draft, rule: Rule) -> None:
    """One of its rewards is out that is not deserved: the next entering gives none."""
    _owe(draft, rule, 1 if rule.mechanic.once == "ever" else _owed(draft, rule) + 1)


def _owed(draft: Draft, rule: Rule) -> int:
    return draft.used.get(owed_name(rule), ("", 0))[1]


def _owe(draft: Draft, rule: Rule, enterings: int) -> None:
    draft.used[owed_name(rule)] = ("", enterings)
