"""What members share: the budgets of rules, and the stock and budgets of rewards.

They are counted in order of arrival. A pool belongs to no account: it is read under its
own row's lock, after the accounts, and held to the commit, so that no race gives away more
than its limit. The limit is the program's; what is taken of it, for good or by reservations,
is the pool's own. A member's own limit (`per_member`) is counted in the account.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from patron.core.account import NEVER, Given, Grant, Taken, Taking
from patron.core.decision import Proof, Refusal
from patron.core.draft import Draft
from patron.core.program import Program, Reward, Rule

SLOT = "/per_member"  # Ends the names of what counts a member's own limit, beside the caps.


class Share(NamedTuple):
    """What one of a reward takes of one pool."""

    pool: str
    each: int
    limit: int | None  # None: as many as were loaded.
    refusal: Refusal


@lru_cache(maxsize=256)
def reward_shares(program: Program) -> Mapping[str, tuple[Share, ...]]:
    """What one of each reward takes of the pools, by reward; only of those that have any."""
    shares = {name: tuple(_shares(reward)) for name, reward in program.rewards.items()}
    return {name: each for name, each in shares.items() if each}


def _shares(reward: Reward) -> list[Share]:
    shares = []
    if reward.stock is not None:
        shares.append(Share(f"stock/{reward.name}", 1, reward.stock, Refusal.OUT_OF_STOCK))
    if reward.draws_codes:
        shares.append(Share(codes_pool(reward.name), 1, None, Refusal.OUT_OF_STOCK))
    if reward.budget_minor is not None:
        name, each = f"worth/{reward.name}", reward.value_minor
        shares.append(Share(name, each, reward.budget_minor, Refusal.BUDGET_SPENT))
    return shares


@lru_cache(maxsize=256)
def all_reward_pools(program: Program) -> tuple[str, ...]:
    """Every pool that some reward of the program takes from."""
    return tuple(share.pool for shares in reward_shares(program).values() for share in shares)


def reward_pools(program: Program, reward: str) -> tuple[str, ...]:
    """The pools that one reward takes from."""
    return tuple(share.pool for share in reward_shares(program).get(reward, ()))


@lru_cache(maxsize=256)
def rule_budgets(program: Program) -> Mapping[str, tuple[str, Rule]]:
    """The rules that have a budget, each with its pool, by name."""
    return {r.name: (f"budget/{r.name}", r) for r in program.rules if r.budget is not None}


@lru_cache(maxsize=256)
def budget_pools(program: Program) -> tuple[str, ...]:
    """The pools that earning may touch: none in nearly all programs."""
    return tuple(pool for pool, _ in rule_budgets(program).values())


def within_budgets(draft: Draft, proofs: list[Proof], given: Iterable[Given] = ()) -> list[Proof]:
    """What budgets let through: what an order has of one already, and what is left of it."""
    budgets = rule_budgets(draft.program)
    if not budgets:
        return proofs

    stands = draft.state.stands
    before = sums_by_rule(given)
    cut = []
    for proof in proofs:
        if proof.rule in budgets:
            if stands is None:
                left = left_of(budgets[proof.rule], draft.state.pools)
                allowed = before[proof.rule] + left
            else:
                allowed = stands.get(proof.rule, 0)
            if allowed < proof.amount:
                code = Refusal.BUDGET_SPENT
                proof = proof._replace(amount=allowed, why_not=code, condition="budget")
            if proof.amount:
                draft.had[proof.rule] = proof.amount
        cut.append(proof)
    return cut


def sums_by_rule(given: Iterable[Given]) -> Counter[str]:
    """How much each rule gave an order, in whichever wallet."""
    sums: Counter[str] = Counter()
    for each in given:
        sums[each.rule] += each.amount
    return sums


def left_of(budget: tuple[str, Rule], pools: Mapping[str, Taken]) -> int:
    """How much a rule may still give to all members together."""
    pool, rule = budget
    assert rule.budget is not None
    if pool not in pools:  # It is another version's, and was not asked for: no more is had of it.
        return 0
    return max(0, rule.budget - pools[pool].used)


def use_budgets(draft: Draft, changes: Mapping[str, int], *, keeps: bool = False) -> None:
    """Count what rules gave or took back; `keeps`: what comes back stays used."""
    for name, (pool, rule) in rule_budgets(draft.program).items():
        change = changes.get(name, 0)
        if change < 0 and (keeps or rule.on_return == "keep"):
            continue
        if change:
            draft.shared.append(Taking(pool, change))


def refused(draft: Draft, reward: str) -> Refusal | None:
    """Why the member can't have one more of a reward now: their own limit, or a pool's."""
    spec = draft.program.rewards[reward]
    if spec.per_member is not None and _held(draft, reward) >= spec.per_member:
        return Refusal.MEMBER_LIMIT
    return used_up(draft, reward)


def used_up(draft: Draft, reward: str) -> Refusal | None:
    """Which pool has not enough left for one of a reward."""
    for share in reward_shares(draft.program).get(reward, ()):
        taken = draft.state.pools[share.pool]
        limit = taken.loaded if share.limit is None else share.limit
        if taken.used + taken.held + share.each > limit:
            return share.refusal
    return None


def with_code(draft: Draft, grant: Grant) -> Grant:
    """A claimed reward with the next code, which is nobody else's. It is never given back."""
    spec = draft.program.rewards.get(grant.reward)
    if spec is None or not spec.draws_codes:
        return grant
    return grant._replace(code=draft.state.pools[codes_pool(grant.reward)].used + 1)


def tell_if_low(draft: Draft, grant: Grant) -> None:
    """Say so where the code that was drawn leaves as many as the program wants to hear of."""
    if not grant.code:
        return
    left = draft.state.pools[codes_pool(grant.reward)].loaded - grant.code
    if left == draft.program.rewards[grant.reward].low_at:
        draft.notice("pool.low", {"reward": grant.reward, "left": left})


def codes_pool(reward: str) -> str:
    """Names the pool of a reward's codes."""
    return f"codes/{reward}"


def take_share(draft: Draft, grant: Grant, *, until: datetime = NEVER) -> None:
    """Let a grant take its share: until an instant while it is reserved, else for good."""
    for share in reward_shares(draft.program).get(grant.reward, ()):
        draft.shared.append(Taking(share.pool, share.each, grant.request, until))


def give_share_back(draft: Draft, grant: Grant) -> None:
    """A reservation is given back: the pools have its share again."""
    for share in reward_shares(draft.program).get(grant.reward, ()):
        draft.shared.append(Taking(share.pool, 0, grant.request))


def count_slot(draft: Draft, reward: str, by: int) -> None:
    """Count towards what the member may have of a reward."""
    spec = draft.program.rewards.get(reward)
    if spec is not None and spec.per_member is not None:
        draft.used[_slot(reward)] = ("", max(0, _held(draft, reward) + by))


def _held(draft: Draft, reward: str) -> int:
    return draft.used.get(_slot(reward), ("", 0))[1]


def _slot(reward: str) -> str:
    return reward + SLOT


def slots_of(used: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """How many of each reward a member has, beside the caps."""
    return {name: count for name, count in used.items() if name.endswith(SLOT)}


def without_slots(used: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """The caps alone."""
    return {name: count for name, count in used.items() if not name.endswith(SLOT)}


def free(draft: Draft, order: str, *, claims: Container[str] | None = None) -> None:
    """An order is void: what was claimed for it frees the slot, stock and budget it used.

    `claims`: only those of these requests.
    """
    for grant in draft.state.ended:
        if grant.state != "claimed" or grant.used_on != order:
            continue
        if claims is not None and grant.request not in claims:
            continue
        spec = draft.program.rewards.get(grant.reward)
        if spec is None or spec.on_return == "keep" or grant.code:
            continue  # A code that was told is the member's.
        shares = reward_shares(draft.program).get(grant.reward, ())
        if not shares and spec.per_member is None:
            continue
        for share in shares:
            draft.shared.append(Taking(share.pool, -share.each))
        count_slot(draft, grant.reward, -1)
        draft.put_grant(grant._replace(state="revoked"))
