"""Whether the prices of a program fit it: one way each, steps that rise, no empty sets."""

from collections.abc import Iterator
from fractions import Fraction

from patron.wire.figures import money, ratio, reading
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.rules_together import days
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language


def prices(tree: Tree, document: language.ProgramDocument, digits: int | None) -> Iterator[Problem]:
    """Every contradiction in what a program makes cheaper."""
    names: set[str] = set()
    for index, price in enumerate(document.prices):
        path: Path = ("prices", index)
        if price.price in names:
            what = f"a second price {shown(price.price)}"
            yield at_value(tree, (*path, "price"), what, "give it a name of its own")
        names.add(price.price)
        yield from _price(tree, path, price, document, digits)


def _price(
    tree: Tree,
    path: Path,
    price: language.Price,
    document: language.ProgramDocument,
    digits: int | None,
) -> Iterator[Problem]:
    name = where(tree, path)
    special, percent = price.special_price, price.percent_off
    if special is None and percent is None:
        yield at_key(tree, path, f"{name} says not which", "add special_price or percent_off")
    elif special is not None and percent is not None:
        what = f"{name} has special_price and percent_off"
        yield at_key(tree, (*path, "percent_off"), what, "make two prices of it")
    if special is not None:
        at: Path = (*path, "special_price")
        yield from money(tree, (*at, "each"), special.each, digits, zero=True)
        if special.sets_of is not None and special.from_units is not None:
            what = f"{name} is for full sets and from a number on"
            yield at_key(tree, (*at, "from_units"), what, "keep sets_of or from_units")
    if percent is not None:
        yield from _percent_off(tree, (*path, "percent_off"), percent, document, digits)
    if "gift_card" in (price.match.kind or ()):
        what = f"{name}: gift cards are never made cheaper"
        yield at_key(tree, (*path, "match", "kind"), what, "remove gift_card")
    yield from days(tree, path, price.during)


def _percent_off(
    tree: Tree,
    path: Path,
    percent: language.PercentOff,
    document: language.ProgramDocument,
    digits: int | None,
) -> Iterator[Problem]:
    name = where(tree, path)
    by_meter = percent.meter is not None or percent.steps
    flat = percent.percent is not None or percent.by_tier
    if not by_meter and not flat:
        yield at_key(tree, path, f"{name} says not how many percent", 'add it: percent: "5"')
    elif by_meter and flat:
        at: Path = (*path, "meter") if percent.meter is not None else (*path, "steps")
        what = f"{name}: percent by a meter, and others besides"
        yield at_key(tree, at, what, "make two prices of it")
    elif percent.meter is None and percent.steps:
        yield at_key(tree, (*path, "steps"), f"{name}: steps, but of no meter", "add it: meter")
    elif percent.meter is not None and not percent.steps:
        what = f"{name}: a meter without steps"
        mend = 'add it: steps: [{from: "1000.00", percent: "5"}]'
        yield at_key(tree, (*path, "meter"), what, mend)
    if percent.percent is not None:
        yield from _percentage(tree, (*path, "percent"), percent.percent)
    for tier, text in percent.by_tier.items():
        yield from _percentage(tree, (*path, "by_tier", tier), text)
    meter = document.meters.get(percent.meter or "")
    if meter is not None and meter.punches:
        what = f"{name}: meter {shown(percent.meter)} has punches, which are used up"
        yield at_value(tree, (*path, "meter"), what, "name a meter without punches")
    yield from _steps(tree, (*path, "steps"), percent, meter, digits)


def _steps(
    tree: Tree,
    path: Path,
    percent: language.PercentOff,
    meter: language.Meter | None,
    digits: int | None,
) -> Iterator[Problem]:
    before: Fraction | None = None
    for index, step in enumerate(percent.steps):
        at: Path = (*path, index)
        yield from _percentage(tree, (*at, "percent"), step.percent)
        start = Fraction(step.from_)
        if before is not None and start <= before:
            what = f"{where(tree, path)}: a step does not start above the one before it"
            yield at_value(tree, (*at, "from"), what, "sort the steps from the lowest up")
        elif meter is not None:
            its = f"meter {shown(percent.meter)}"
            yield from reading(tree, (*at, "from"), step.from_, its, meter, digits, zero=True)
        before = start


def _percentage(tree: Tree, path: Path, text: str) -> Iterator[Problem]:
    if Fraction(text) > 100:
        what = f"{shown(text)} percent is more than all of it"
        yield at_value(tree, path, what, 'write "100" at most')
    else:
        yield from ratio(tree, path, text)
