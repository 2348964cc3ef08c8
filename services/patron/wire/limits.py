"""Limits that members share: the budgets of rules, the stock and budgets of rewards."""

from collections.abc import Iterator

from patron.wire.figures import money
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language


def rule_budget(tree: Tree, path: Path, rule: language.Rule) -> Iterator[Problem]:
    """What all members share of a rule: what orders and events earn by it."""
    if rule.budget is not None and (rule.earn is None or rule.yearly is not None):
        what = f"{where(tree, path)}: a budget, which only orders and events that earn have"
        yield at_key(tree, (*path, "budget"), what, "remove it")
    event = rule.per_event
    if event is not None and "once_for" in event.model_fields_set and event.once == "never":
        what = f'{where(tree, path)}: "once_for" where every event pays'
        at: Path = (*path, "per_event", "once_for")
        yield at_key(tree, at, what, "add once: subject, or once: ever")
    if "on_return" in rule.model_fields_set and rule.budget is None:
        what = f'{where(tree, path)}: "on_return" without a budget'
        yield at_key(tree, (*path, "on_return"), what, "add a budget, or remove it")


def reward_limits(
    tree: Tree, path: Path, reward: language.Reward, digits: int | None
) -> Iterator[Problem]:
    """What all members share of a reward: its budget needs to know what one is worth."""
    name = where(tree, path)
    if "match" in reward.model_fields_set and reward.costs is None:
        what = f'{name}: "match" says who may buy it, and it has no price'
        yield at_key(tree, (*path, "match"), what, "write it at the rule that unlocks it")
    for field in ("budget", "value"):
        text = getattr(reward, field)
        if text is not None:
            yield from money(tree, (*path, field), text, digits)
    if reward.budget is not None and reward.value is None:
        what = f'{name}: "budget" without "value"'
        yield at_key(tree, (*path, "budget"), what, 'add it: value: "5.00"; or remove budget')
    if reward.codes == "loaded" and reward.kind != "code":
        what = f'{name}: "codes" of a reward of another kind'
        yield at_key(tree, (*path, "codes"), what, "write kind: code, or remove it")
    if reward.low_at is not None and reward.codes != "loaded":
        what = f'{name}: "low_at" where no codes are loaded'
        yield at_key(tree, (*path, "low_at"), what, "add codes: loaded, or remove it")
    elif reward.low_at is not None and reward.stock is not None and reward.low_at >= reward.stock:
        what = f'{name}: "low_at" is not below its stock, so it would be low from the start'
        yield at_value(tree, (*path, "low_at"), what, f"write less than {reward.stock}")
    shared = (reward.stock, reward.per_member, reward.budget)
    if "on_return" in reward.model_fields_set and shared == (None, None, None):
        what = f'{name}: "on_return" where nothing is limited'
        yield at_key(tree, (*path, "on_return"), what, "add stock, per_member or budget")
