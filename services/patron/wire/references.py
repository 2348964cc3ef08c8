"""Every name that a program document uses must be one that it declares.

This looks at the plain tree, so that a name is checked also in a rule that has other
mistakes, and a declaration with a mistake in it still declares its name.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from patron.core.wallets import wallet_name
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, nearest, shown
from patron.wire.yaml_tree import Path, Tree


class _Use(NamedTuple):
    """A place where a name is used; `key`: the name is a field's, not a value."""

    path: Path
    kind: str
    name: object
    key: bool = False


def unknown_names(tree: Tree) -> Iterator[Problem]:
    """Each use of an asset, meter, reward, draw, rule, group or tier that is nowhere declared."""
    known = _declared(tree.data)
    for path, kind, name, key in _uses(tree.data):
        if isinstance(name, str) and name not in known[kind]:
            at = at_key if key else at_value
            what = f"{where(tree, path)}: no {kind} {shown(name)}"
            yield at(tree, path, what, nearest(name, known[kind]))


def _declared(data: dict[str, Any]) -> dict[str, list[str]]:
    ladder = _list(_block(data.get("tiers")).get("ladder"))
    tiers = [_block(rung).get("tier") for rung in ladder]
    rules = [_block(rule).get("rule") for rule in _list(data.get("rules"))]
    return {
        "asset": [*_block(data.get("assets")), *_wallets(data)],
        "meter": list(_block(data.get("meters"))),
        "reward": list(_block(data.get("rewards"))),
        "draw": list(_block(data.get("draws"))),
        "rule": [rule for rule in rules if isinstance(rule, str)],
        "group": list(_block(data.get("groups"))),
        "tier": [tier for tier in tiers if isinstance(tier, str)],
        "segment": list(_block(data.get("segments"))),
        "entitlement": list(_block(data.get("entitlements"))),
    }


def _wallets(data: dict[str, Any]) -> Iterator[str]:
    for name, asset in _block(data.get("assets")).items():
        for value in _list(_block(_block(asset).get("split_by")).get("values")):
            yield wallet_name(name, str(value))


def _uses(data: dict[str, Any]) -> Iterator[_Use]:
    for name, meter in _block(data.get("meters")).items():
        yield _Use(("meters", name, "asset"), "asset", _block(meter).get("asset"))
    for index, element in enumerate(_list(data.get("rules"))):
        yield from _uses_of_rule(("rules", index), _block(element))
    for index, element in enumerate(_list(data.get("prices"))):
        yield from _uses_of_price(("prices", index), _block(element))
    for index, element in enumerate(_list(data.get("caps"))):
        yield _Use(("caps", index, "asset"), "asset", _block(element).get("asset"))
    yield _Use(("paying", "asset"), "asset", _block(data.get("paying")).get("asset"))
    for name, segment in _block(data.get("segments")).items():
        yield from _uses_of_condition(("segments", name), _block(segment))
    for name, entitlement in _block(data.get("entitlements")).items():
        hangs_on = _block(_block(entitlement).get("while"))
        yield from _uses_of_condition(("entitlements", name, "while"), hangs_on)
    for name, drop in _block(data.get("drops")).items():
        yield from _uses_of_drop(("drops", name), _block(drop))
    for block in ("tiers", "referrals"):
        yield _Use((block, "meter"), "meter", _block(data.get(block)).get("meter"))
    for name, reward in _block(data.get("rewards")).items():
        for asset in _block(_block(reward).get("costs")):
            yield _Use(("rewards", name, "costs", asset), "asset", asset, key=True)
        yield from _uses_of_match(("rewards", name, "match"), _block(_block(reward).get("match")))
    yield from _uses_of_closings(data)


def _uses_of_closings(data: dict[str, Any]) -> Iterator[_Use]:
    for name, draw in _block(data.get("draws")).items():
        yield _Use(("draws", name, "reward"), "reward", _block(draw).get("reward"))
    for name, share_out in _block(data.get("share_outs")).items():
        for kind in ("meter", "asset"):
            yield _Use(("share_outs", name, kind), kind, _block(share_out).get(kind))


def _uses_of_drop(path: Path, drop: dict[str, Any]) -> Iterator[_Use]:
    yield from _uses_of_match((*path, "match"), _block(drop.get("match")))
    for index, early in enumerate(_list(drop.get("early"))):
        at = (*path, "early", index, "match")
        yield from _uses_of_match(at, _block(_block(early).get("match")))


def _uses_of_condition(path: Path, condition: dict[str, Any]) -> Iterator[_Use]:
    for meter in _block(condition.get("meters")):
        yield _Use((*path, "meters", meter), "meter", meter, key=True)
    yield from _uses_of_match(path, condition)


def _uses_of_match(path: Path, match: dict[str, Any]) -> Iterator[_Use]:
    for kind in ("tier", "segment", "entitlement"):
        for index, name in enumerate(_list(match.get(kind))):
            yield _Use((*path, kind, index), kind, name)


def _uses_of_rule(path: Path, rule: dict[str, Any]) -> Iterator[_Use]:
    yield _Use((*path, "earn"), "asset", rule.get("earn"))
    yield _Use((*path, "enter"), "draw", rule.get("enter"))
    yield _Use((*path, "unlock"), "reward", rule.get("unlock"))
    yield _Use((*path, "every", "meter"), "meter", _block(rule.get("every")).get("meter"))
    yield _Use((*path, "reach", "meter"), "meter", _block(rule.get("reach")).get("meter"))
    segment = _block(rule.get("entering")).get("segment")
    yield _Use((*path, "entering", "segment"), "segment", segment)
    yield _Use((*path, "group"), "group", rule.get("group"))
    for index, name in enumerate(_list(_block(rule.get("multiply")).get("rules"))):
        yield _Use((*path, "multiply", "rules", index), "rule", name)
    yield from _uses_of_match((*path, "match"), _block(rule.get("match")))
    for tier in _block(rule.get("by_tier")):
        yield _Use((*path, "by_tier", tier), "tier", tier, key=True)


def _uses_of_price(path: Path, price: dict[str, Any]) -> Iterator[_Use]:
    percent_off = _block(price.get("percent_off"))
    yield _Use((*path, "percent_off", "meter"), "meter", percent_off.get("meter"))
    for tier in _block(percent_off.get("by_tier")):
        yield _Use((*path, "percent_off", "by_tier", tier), "tier", tier, key=True)
    yield from _uses_of_match((*path, "match"), _block(price.get("match")))


def _block(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
