"""What members share of rewards and rules, and a member's own limit of a reward.

How much of a pool others had taken is written in the entry that looked at it: it belongs
to no account, and so can't be worked out from one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron_schemas.program import Rule

if TYPE_CHECKING:
    from patron.audit.model import Model


def may_have(model: Model, terms: Terms, event: Event, reward: str) -> bool:
    """Whether the member may have one more of a reward, and whether there is one."""
    limit = terms.document.rewards[reward].per_member
    mine = [
        grant
        for grant in model.cards.grants
        if grant.reward == reward and grant.state in ("reserved", "claimed")
    ]
    used = len(mine) + model.cards.inherited[reward]
    return (limit is None or used < limit) and is_there(terms, event, reward)


def is_there(terms: Terms, event: Event, reward: str) -> bool:
    """Whether the stock, the codes and the budget of a reward have one left."""
    spec = terms.document.rewards[reward]
    codes = f"codes/{reward}"
    if spec.codes == "loaded" and event.pools[codes] + 1 > event.loaded[codes]:
        return False
    if spec.stock is not None and event.pools[f"stock/{reward}"] + 1 > spec.stock:
        return False
    if spec.budget is None or spec.value is None:
        return True
    taken = event.pools[f"worth/{reward}"]
    return taken + terms.minor(spec.value) <= terms.minor(spec.budget)


def within_budgets(
    model: Model, terms: Terms, event: Event, gives: Mapping[str, int], given: Mapping[str, int]
) -> dict[str, int]:
    """What the rules' budgets let through: what was given already, and what is left."""
    within = dict(gives)
    for rule in terms.document.rules:
        if rule.budget is not None and rule.rule in within:
            allowed = given.get(rule.rule, 0) + left_of(rule, event)
            if event.stands is not None:
                allowed = event.stands.get(rule.rule, 0)
            within[rule.rule] = min(within[rule.rule], allowed)
            if within[rule.rule]:
                model.had.setdefault(event.seq, {})[rule.rule] = within[rule.rule]
    return within


def left_of(rule: Rule, event: Event) -> int:
    """How much of a rule's budget an event found."""
    assert rule.budget is not None
    taken = event.pools.get(f"budget/{rule.rule}", rule.budget)
    return max(0, rule.budget - taken)


def is_used(model: Model, rule: Rule, event: Event, key: tuple[str, str]) -> bool:
    """Whether somebody was paid already for what a rule pays once."""
    is_first_of_all = rule.per_event is not None and rule.per_event.once_for == "program"
    if not model.by_time:
        return key in model.once or key in event.once
    if not is_first_of_all:
        return key in model.once
    if event.stands is not None:
        return rule.rule not in event.stands
    return key in event.once


def come_back(
    model: Model, terms: Terms, event: Event, whole: list[Any], left: list[Any], *, void: bool
) -> None:
    """An order that is void frees what was claimed for it, but not by a chargeback."""
    paid = any(line["paid_minor"] for line in whole)
    what = "paid_minor" if paid else "quantity_milli"
    if event.fields.get("reason") == "chargeback" or not (
        void or not any(line[what] for line in left)
    ):
        return
    for grant in model.cards.grants:
        spec = terms.document.rewards.get(grant.reward)
        if spec is None or grant.state != "claimed" or grant.used_on != event.fields["order"]:
            continue
        limits = (spec.stock, spec.per_member, spec.budget)
        if spec.codes == "loaded":
            continue  # What was told can't be taken back.
        if spec.on_return == "free" and limits != (None, None, None):
            grant.state = "revoked"
            model.freed[grant.request] = event


def shares_of(terms: Terms, reward: str) -> dict[str, int]:
    """What one of a reward takes of which pools."""
    spec = terms.document.rewards.get(reward)
    shares: dict[str, int] = {}
    if spec is None:  # An amount was reserved.
        return shares
    if spec.stock is not None:
        shares[f"stock/{reward}"] = 1
    if spec.codes == "loaded":
        shares[f"codes/{reward}"] = 1
    if spec.budget is not None and spec.value is not None:
        shares[f"worth/{reward}"] = terms.minor(spec.value)
    return shares


def use_budgets(
    model: Model, terms: Terms, event: Event, before: Mapping[str, int], after: Mapping[str, int]
) -> None:
    """What rules give is taken of their budgets; what comes back is there again, or kept."""
    is_chargeback = event.fields.get("reason") == "chargeback"
    for rule in terms.document.rules:
        if rule.budget is None:
            continue
        change = after.get(rule.rule, 0) - before.get(rule.rule, 0)
        if change > 0 or not (is_chargeback or rule.on_return == "keep"):
            model.taken[f"budget/{rule.rule}"] += change


def taken(model: Model) -> Counter[str]:
    """All that an account has of pools."""
    of_pools = Counter(model.taken)
    for grant in model.cards.grants:
        if grant.state == "claimed":
            of_pools.update(grant.shares)
    return of_pools
