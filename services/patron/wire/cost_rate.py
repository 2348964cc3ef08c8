"""How much of what members spend a program gives back, held against its limit.

For each tier: what its order rules give for one unit of money, all that can hold at once,
times what one unit of the asset is worth. The worst basket counts, not the average one.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from patron.wire.doubt import Doubt, doubt
from patron.wire.yaml_tree import Tree
from patron_schemas import program as language

AT = ("limits", "cost_rate_max")


def too_dear(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    """Tiers whose members are given back more than the limit; and what can't be judged."""
    if document.limits is None:
        return
    worth = {asset: worth_of(document, asset) for asset in document.assets}
    earned = {rule.earn or "" for rule in document.rules if _of_money(rule) is not None}
    for asset in sorted(earned):
        if worth[asset] is None:
            yield doubt(
                tree, AT, f"what {asset} cost can't be judged: nothing says what one is worth",
                "they are left out of the rate",
                f"add paying for {asset}, or a value to a reward that costs {asset}",
            )  # fmt: skip
    limit = Fraction(document.limits.cost_rate_max)
    for tier in _tiers(document):
        rates = rates_of(document, worth, tier)
        rate = sum(rates.values(), Fraction())
        if rate > limit:
            whose = f"members of {tier}" if tier else "members"
            parts = " + ".join(f"{shown(part)} by {rule}" for rule, part in rates.items())
            yield doubt(
                tree, AT, f"{whose} get back up to {shown(rate)} of what they spend: {parts}",
                f"the program may cost {shown(limit)} at most",
                "lower these rules, what a point is worth, or raise the limit",
            )  # fmt: skip


def rates_of(
    document: language.ProgramDocument, worth: Mapping[str, Fraction | None], tier: str
) -> dict[str, Fraction]:
    """What each rule gives back of one unit of money to members of a tier; of a group the most."""
    rates: dict[str, Fraction] = {}
    in_group: dict[str, str] = {}
    for rule in document.rules:
        points, value = _of_money(rule), worth.get(rule.earn or "")
        if points is None or value is None or not _is_for(rule, tier):
            continue
        times = Fraction(rule.by_tier.get(tier, "1"))
        for other in document.rules:
            multiplies = other.multiply is not None and rule.rule in other.multiply.rules
            if multiplies and other.multiply is not None and _is_for(other, tier):
                times *= max(Fraction(1), Fraction(other.multiply.by))
        rate = points * times * value
        rival = in_group.get(rule.group or "")
        if rival is not None and rates[rival] >= rate:
            continue
        if rival is not None:
            del rates[rival]
        if rule.group is not None:
            in_group[rule.group] = rule.rule
        rates[rule.rule] = rate
    return rates


def worth_of(document: language.ProgramDocument, asset: str) -> Fraction | None:
    """What one unit of an asset is worth in money, where it buys most; None where nothing tells."""
    worth = [
        Fraction(reward.value) / reward.costs[asset]
        for reward in document.rewards.values()
        if reward.value is not None and reward.costs is not None and asset in reward.costs
    ]
    if document.paying is not None and document.paying.asset == asset:
        worth.append(Fraction(document.paying.worth) / document.paying.block)
    return max(worth, default=None)


def _of_money(rule: language.Rule) -> Fraction | None:
    """How much a rule gives for one unit of money; None where it does not pay for money."""
    if rule.earn is None:
        return None
    if rule.per_amount is not None:
        return Fraction(rule.per_amount.points) / Fraction(rule.per_amount.per)
    if rule.per_step is not None:
        return Fraction(rule.per_step.points) / Fraction(rule.per_step.step)
    return None


def _is_for(rule: language.Rule, tier: str) -> bool:
    return rule.match.tier is None or tier in rule.match.tier


def _tiers(document: language.ProgramDocument) -> list[str]:
    return [""] if document.tiers is None else [rung.tier for rung in document.tiers.ladder]


def shown(rate: Fraction) -> str:
    """A share as people read it: "7.5 %"."""
    return f"{float(rate * 100):.4g} %"
