"""Plain matchers as closures: which lines of a basket a rule or a meter counts.

A matcher that lets everything through is None, since most are, and a call costs more
than the sum that it guards.
"""

from collections.abc import Callable
from functools import lru_cache

from patron.core.basis import Basket
from patron.core.facts import Line
from patron.core.program import Basis, Match

LineTest = Callable[[Line], bool] | None


@lru_cache(maxsize=4096)
def line_test(match: Match) -> LineTest:
    """The test of a line that `match` describes, with only the parts that it has."""
    tests: list[Callable[[Line], bool]] = []
    if (categories := match.categories) is not None:
        tests.append(lambda line: line.category in categories)
    if (skus := match.skus) is not None:
        tests.append(lambda line: line.sku in skus)
    if (kinds := match.kinds) is not None:
        tests.append(lambda line: line.kind in kinds)
    if match.attributes:
        tests.append(lambda line: match.attributes_of(line.attributes))
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]

    return lambda line: all(test(line) for test in tests)


def matched(basket: Basket, flags: Basis, test: LineTest) -> list[int]:
    """The basis of the lines that pass, in minor units.

    Shipping, where the flags count it, is nobody's line and passes only with no test.
    """
    amounts = basket.basis(flags)
    if test is None:
        return amounts

    return [amount for line, amount in zip(basket.lines, amounts, strict=False) if test(line)]
