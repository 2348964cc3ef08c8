"""Whether the rules of a program fit one another: multipliers, groups, days, shared caps."""

from collections.abc import Iterator, Mapping

from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

LINE_FIELDS = ("category", "sku", "kind", "attributes")
# What a multiplier has nothing of its own of.
NOT_OF_MULTIPLY = ("earn", "enter", "unlock", "by_tier", "caps", "group", "priority", "funded_by")


def together(
    tree: Tree, document: language.ProgramDocument, places: Mapping[int, int]
) -> Iterator[Problem]:
    """Every contradiction between rules. `places`: a rule's place in the document → the tree."""
    rules = {rule.rule: rule for rule in document.rules}
    for index, rule in enumerate(document.rules):
        path: Path = ("rules", places[index])
        if rule.during is not None and rule.every is not None:
            what = (
                f'{where(tree, path)}: "during" means nothing for punches, which each have a life'
            )
            yield at_key(tree, (*path, "during"), what, "remove it")
        if rule.during is not None and rule.entering is not None:
            what = f'{where(tree, path)}: "during" means nothing for who enters a segment'
            yield at_key(tree, (*path, "during"), what, "remove it")
        yield from days(tree, path, rule.during)
        if rule.multiply is not None:
            yield from _multiply(tree, path, rule, rule.multiply, rules)
        else:
            yield from _grouped(tree, path, rule, document)
        for place, cap in enumerate(rule.caps):
            if cap.window == "campaign" and rule.during is None:
                what = f"{where(tree, path)}: a cap by campaign, and no days of one"
                at = (*path, "caps", place, "window")
                yield at_value(tree, at, what, 'add during: {from: "2026-11-01", to: "2026-12-01"}')
    yield from _caps(tree, document)


def days(tree: Tree, path: Path, during: language.During | None) -> Iterator[Problem]:
    """Whether a rule or price holds on any day."""
    name = where(tree, path)
    if during is None:
        return
    if during.from_ is not None and during.to is not None and during.from_ >= during.to:
        what = f"{name} would hold on no day: it ends as {during.to} begins"
        yield at_value(tree, (*path, "during", "to"), what, f"write a day after {during.from_}")
    if during.from_ is None and during.to is None and during.weekdays is None:
        yield at_key(tree, (*path, "during"), f"{name}: no days", "add from, to or weekdays")


def _multiply(
    tree: Tree,
    path: Path,
    rule: language.Rule,
    multiply: language.Multiply,
    rules: Mapping[str, language.Rule],
) -> Iterator[Problem]:
    name = where(tree, path)
    for field in NOT_OF_MULTIPLY:
        if field in rule.model_fields_set:
            what = f'{name}: "{field}" on a rule that multiplies others'
            yield at_key(tree, (*path, field), what, "remove it, or write it on those rules")
    lines = [field for field in LINE_FIELDS if getattr(rule.match, field) is not None]
    for index, target in enumerate(multiply.rules):
        other = rules.get(target)
        at: Path = (*path, "multiply", "rules", index)
        if other is None:
            continue
        if (other.earn is None and other.enter is None) or other.reach is not None:
            what = f"{name}: rule {shown(target)} earns nothing that could be multiplied"
            yield at_value(tree, at, what, "name a rule with earn or enter")
        elif lines and (
            other.round_up is not None
            or (other.per_step is not None and other.per_step.by == "order")
        ):
            what = f"{name} multiplies some lines, and rule {shown(target)} is of whole orders"
            mend = "write by: line in its per_step, or remove match." + lines[0]
            yield at_value(tree, at, what, mend)
        elif (other.per_event or other.streak) and set(lines) - {"attributes"}:
            what = f"{name} multiplies lines of orders, and rule {shown(target)} pays for events"
            yield at_value(tree, at, what, "name a rule that pays for orders")


def _grouped(
    tree: Tree, path: Path, rule: language.Rule, document: language.ProgramDocument
) -> Iterator[Problem]:
    name = where(tree, path)
    if rule.group is not None and rule.earn is None:
        what = f'{name}: "group" on a rule that earns nothing'
        yield at_key(tree, (*path, "group"), what, "remove it")
    pick = document.groups.get(rule.group or "")
    if rule.priority is not None and pick != "priority":
        what = f'{name}: "priority" means nothing outside a group that picks by it'
        yield at_key(tree, (*path, "priority"), what, "remove it, or write the group's priority")
    if rule.priority is None and pick == "priority":
        what = f"{name} has no priority in group {shown(rule.group)}"
        yield at_value(tree, (*path, "group"), what, "add it: priority: 10")
    first = next(each for each in document.rules if each.group == rule.group)
    if rule.group is not None and rule.earn and first.earn and rule.earn != first.earn:
        what = f"{name} earns {rule.earn}, and rule {shown(first.rule)} of its group {first.earn}"
        yield at_value(tree, (*path, "earn"), what, "give the group rules of one asset only")


def _caps(tree: Tree, document: language.ProgramDocument) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for index, cap in enumerate(document.caps):
        if (cap.asset, cap.window) in seen:
            what = f"a second cap on {cap.asset} by {cap.window}"
            yield at_value(tree, ("caps", index, "window"), what, "keep the lower one")
        seen.add((cap.asset, cap.window))
