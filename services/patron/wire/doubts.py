"""What in a good program is probably not meant: it can run, and `patron check` says so.

Each doubt says where, what, why it matters and what to write instead.
"""

import re
from collections.abc import Iterator

from patron.wire.belongings import conditions
from patron.wire.bounds import idle_caps, out_of_reach
from patron.wire.compiling import notices_of
from patron.wire.cost_rate import too_dear
from patron.wire.doubt import Doubt, doubt
from patron.wire.yaml_tree import Tree
from patron_schemas import program as language

_OR_REMOVE = "use it, or remove it"
_QUOTED = re.compile(r"['\"]([a-z0-9-]+)['\"]")  # A tier that an expression may name.


def doubts(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    """Every doubt about a document without contradictions."""
    yield from _idle_assets(tree, document)
    yield from _idle_meters(tree, document)
    yield from _idle_tiers(tree, document)
    yield from _idle_rewards(tree, document)
    yield from _idle_draws(tree, document)
    yield from idle_caps(tree, document)
    yield from out_of_reach(tree, document)
    yield from _paid_twice(tree, document)
    yield from _in_a_queue(tree, document)
    yield from too_dear(tree, document)


def _paid_twice(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    """Two rules that pay for the very same thing: most often one is a copy of the other."""
    first: dict[str, str] = {}
    for index, rule in enumerate(document.rules):
        if rule.earn is None or rule.group is not None:
            continue
        subject = _subject(rule)
        if subject is None:
            continue
        other = first.setdefault(subject, rule.rule)
        if other != rule.rule:
            yield doubt(
                tree, ("rules", index), f'it pays for the same as rule "{other}"',
                "both are paid, each time",
                "remove one, tell them apart by match or during, or put both into a group",
            )  # fmt: skip


def _subject(rule: language.Rule) -> str | None:
    """What a rule pays for: equal for two that always pay together; None for time's awards."""
    limits = (rule.match, rule.when, rule.during)
    if rule.per_event is not None:
        return f"{rule.earn} {rule.per_event.action} {limits}"
    for mechanic in ("per_amount", "per_step", "per_unit", "round_up"):
        if getattr(rule, mechanic) is not None:
            return f"{rule.earn} {mechanic} {limits}"
    return None


def _in_a_queue(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    for index, rule in enumerate(document.rules):
        if rule.budget is not None:
            yield doubt(
                tree, ("rules", index, "budget"),
                "its earns wait for one another: all of them count on one budget",
                "no more of them are decided in a second than one row can be locked",
                "keep it where the sum must hold; else cap what a member gets: caps",
            )  # fmt: skip


def _idle_assets(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    earned = {rule.earn for rule in document.rules}
    earned |= {share_out.asset for share_out in document.share_outs.values()}
    for name, asset in document.assets.items():
        at = ("assets", name)
        if name not in earned:
            yield doubt(tree, at, "no rule earns it", "nobody will ever hold any", _OR_REMOVE)
        if asset.remind and "points.expiring" not in notices_of(document):
            what = "its reminders are not published: points.expiring is not in notices"
            why = "no service can tell the member before it ends"
            yield doubt(tree, at, what, why, "add points.expiring to notices, or remove remind")


def _idle_meters(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    read = {rule.every.meter for rule in document.rules if rule.every is not None}
    read |= {rule.reach.meter for rule in document.rules if rule.reach is not None}
    if document.tiers is not None:
        read.add(document.tiers.meter)
    if document.referrals is not None:
        read.add(document.referrals.meter)
    read |= {share_out.meter for share_out in document.share_outs.values()}
    for condition in conditions(document):
        read.update(condition.meters)
    percents = [price.percent_off for price in document.prices if price.percent_off is not None]
    read |= {percent.meter for percent in percents if percent.meter is not None}
    for name in document.meters:
        if name not in read:
            why = "it is counted at every event for nothing"
            yield doubt(tree, ("meters", name), "nothing reads it", why, _OR_REMOVE)


def _idle_tiers(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    used = {tier for rule in document.rules for tier in (*rule.by_tier, *(rule.match.tier or ()))}
    for reward in document.rewards.values():
        used.update(reward.match.tier or ())
    for drop in document.drops.values():
        used.update(*(whom.tier or () for whom in (drop.match, *(e.match for e in drop.early))))
    for condition in conditions(document):
        used.update(condition.tier or ())
    used |= {tier for price in document.prices for tier in price.match.tier or ()}
    used |= {tier for p in document.prices if p.percent_off for tier in p.percent_off.by_tier}
    expressions = [rule.when for rule in document.rules if rule.when is not None]
    used |= {word for each in expressions for word in _QUOTED.findall(each)}
    # The first tier is everybody's: it needs no benefit.
    for index, rung in enumerate(() if document.tiers is None else document.tiers.ladder):
        if index and rung.tier not in used:
            yield doubt(
                tree, ("tiers", "ladder", index), "no rule gives its members anything of their own",
                "nobody has a reason to climb there",
                "name it in a by_tier or a match.tier, or remove it",
                about=f'tier "{rung.tier}"',
            )  # fmt: skip


def _idle_rewards(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    unlocked = {rule.unlock for rule in document.rules}
    unlocked |= {draw.reward for draw in document.draws.values()}
    for name, reward in document.rewards.items():
        if name not in unlocked and not reward.costs:
            what, why = "no rule unlocks it and it has no price", "nobody can ever have it"
            mend = "add costs, or a rule with unlock"
            yield doubt(tree, ("rewards", name), what, why, mend)


def _idle_draws(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    entered = {rule.enter for rule in document.rules}
    for name in document.draws:
        if name not in entered:
            what, why = "no rule gives entries in it", "nobody can win"
            yield doubt(tree, ("draws", name), what, why, "add a rule with enter, or remove it")
