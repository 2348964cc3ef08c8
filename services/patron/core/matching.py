"""Plain matchers: which lines of a basket a rule or a meter counts, and what they come to.

Most matchers name categories and nothing else, or let everything through. Those are
answered from sums by category, which a basket works out once for all of them; only the
others look at the lines one by one.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from patron.core.basis import NEVER_COUNT, Basket
from patron.core.facts import Line
from patron.core.program import Basis, Match

Part = tuple[Line | None, int]  # A line and what counts of it; None: nobody's line.
Weighed = tuple[int, Fraction]  # What counts of a line, and the factor of its own.


class Selection(NamedTuple):
    """Which lines count: all (neither), those of some categories, or those that pass a test."""

    categories: frozenset[str] | None
    test: Callable[[Line], bool] | None


@lru_cache(maxsize=4096)
def selection(match: Match) -> Selection:
    """What `match` selects, with only the parts that it has."""
    if match.skus is None and match.kinds is None and not match.attributes:
        return Selection(match.categories, None)

    tests: list[Callable[[Line], bool]] = []
    if (categories := match.categories) is not None:
        tests.append(lambda line: line.category in categories)
    if (skus := match.skus) is not None:
        tests.append(lambda line: line.sku in skus)
    if (kinds := match.kinds) is not None:
        tests.append(lambda line: line.kind in kinds)
    if match.attributes:
        tests.append(lambda line: match.attributes_of(line.attributes))
    return Selection(None, lambda line: all(test(line) for test in tests))


def amounts(basket: Basket, flags: Basis, chosen: Selection) -> list[int]:
    """The basis of each line that counts, in minor units.

    Shipping, where the flags count it, is nobody's line and passes only with no matcher.
    """
    minor = basket.basis(flags)
    test = chosen.test
    if (categories := chosen.categories) is not None:
        lines = zip(basket.lines, minor, strict=False)
        return [amount for line, amount in lines if line.category in categories]
    if test is not None:
        return [amount for line, amount in zip(basket.lines, minor, strict=False) if test(line)]

    return minor


def selects(chosen: Selection, line: Line) -> bool:
    """Whether a line counts."""
    if chosen.test is not None:
        return chosen.test(line)

    return chosen.categories is None or line.category in chosen.categories


def amount_parts(basket: Basket, flags: Basis, chosen: Selection) -> list[Part]:
    """The lines that count, each with its basis; shipping, where it counts, comes last."""
    minor = basket.basis(flags)
    pairs = zip(basket.lines, minor, strict=False)
    found: list[Part] = [(line, amount) for line, amount in pairs if selects(chosen, line)]
    if len(minor) > len(basket.lines) and chosen.test is None and chosen.categories is None:
        found.append((None, minor[-1]))
    return found


def unit_parts(basket: Basket, chosen: Selection) -> list[Part]:
    """The lines that count, each with its whole units."""
    return [
        (line, line.quantity_milli // 1000)
        for line in basket.lines
        if line.kind not in NEVER_COUNT and selects(chosen, line)
    ]


def total(basket: Basket, flags: Basis, chosen: Selection) -> int:
    """The basis of all lines that count together."""
    if chosen.test is not None:
        return sum(amounts(basket, flags, chosen))
    if (categories := chosen.categories) is not None:
        sums = basket.by_category(flags)
        return sum([minor for category, minor in sums.items() if category in categories])

    return sum(basket.basis(flags))


def units(basket: Basket, chosen: Selection) -> int:
    """Whole units of the lines that count, rounded down line by line."""
    if (test := chosen.test) is not None:
        lines = [line for line in basket.lines if line.kind not in NEVER_COUNT]
        return sum([line.quantity_milli // 1000 for line in lines if test(line)])

    sums = basket.units_by_category()
    categories = chosen.categories
    return sum([n for category, n in sums.items() if categories is None or category in categories])
