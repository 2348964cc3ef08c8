"""Figures of a program document: ratios and amounts of money, checked and as integers."""

from collections.abc import Iterator
from fractions import Fraction

from patron.wire.mends import at_value
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language


def ratio(tree: Tree, path: Path, text: str) -> Iterator[Problem]:
    """A number that multiplies: more than nothing, and small enough to be exact."""
    value = Fraction(text)
    if value <= 0:
        yield at_value(tree, path, f"{shown(text)} gives nothing", "write more than 0")
    elif value > language.POINTS_MAX or value.denominator > language.POINTS_MAX:
        yield at_value(tree, path, f"{shown(text)} could overflow", "write 10^12 at most")


def money(
    tree: Tree, path: Path, text: str, digits: int | None, *, zero: bool = False
) -> Iterator[Problem]:
    """An amount of money that the currency can have.

    `digits` is None where the currency is unknown, which is a problem of its own.
    """
    fraction = text.partition(".")[2]
    if digits is not None and len(fraction) > digits:
        what = f"{shown(text)} has more digits than the currency"
        mend = f"write {digits} after the point" if digits else "write a whole number"
        yield at_value(tree, path, what, mend)
    elif Fraction(text) <= 0 and not zero:
        yield at_value(tree, path, f"{shown(text)} is nothing", "write more than 0")


def minor(text: str, digits: int) -> int:
    """Decimal text of a currency with `digits` after the point, in its minor units."""
    amount: Fraction = Fraction(text) * 10**digits
    assert amount.denominator == 1
    return amount.numerator


def reading(
    tree: Tree, path: Path, text: str, its: str, meter: language.Meter, digits: int | None,
    *, zero: bool = False,
) -> Iterator[Problem]:  # fmt: skip
    """What a meter may show: money where it counts that, else a whole number.

    `its` is what a message calls the meter.
    """
    if meter.counts == "basis":
        yield from money(tree, path, text, digits, zero=zero)
    elif "." in text or (text == "0" and not zero):
        what = f"{its} counts {meter.counts}, not money"
        yield at_value(tree, path, what, "write a whole number")


def reading_of(text: str, meter: language.Meter, digits: int) -> int:
    """What a meter shows as an integer: in minor units where it counts money."""
    return minor(text, digits if meter.counts == "basis" else 0)
