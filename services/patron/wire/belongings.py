"""Segments and entitlements of a document: whether they fit its meters, and as values."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from patron.core.program import Age, Belonging, Condition, Threshold
from patron.wire.durations import roughly_s, span_of
from patron.wire.figures import reading_of
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language
from patron_schemas.program_belongings import Ages, Amounts
from patron_schemas.program_belongings import Condition as Written

# Fields of a condition, and what the core counts their ages from.
SINCE = {"last_order": "last_order", "last_activity": "last_activity", "joined": "joining"}


def conditions(document: language.ProgramDocument) -> Iterator[Written]:
    """What segments and entitlements hang on."""
    yield from document.segments.values()
    for entitlement in document.entitlements.values():
        yield entitlement.while_


def problems_of_belongings(
    tree: Tree, document: language.ProgramDocument, digits: int | None
) -> Iterator[Problem]:
    """What is contradictory in the conditions of segments and entitlements."""
    above: set[str] = set()
    for name, segment in document.segments.items():
        yield from _problems(tree, ("segments", name), segment, document, digits)
        for index, other in enumerate(segment.segment or ()):
            if other in document.segments and other not in above:
                at: Path = ("segments", name, "segment", index)
                what = f"{where(tree, at)}: segment {shown(other)} is not above it"
                yield at_value(tree, at, what, "move that one up")
        above.add(name)
    for name, entitlement in document.entitlements.items():
        path: Path = ("entitlements", name, "while")
        yield from _problems(tree, path, entitlement.while_, document, digits)


def _problems(
    tree: Tree, path: Path, written: Written, document: language.ProgramDocument, digits: int | None
) -> Iterator[Problem]:
    for name, amounts in written.meters.items():
        at: Path = (*path, "meters", name)
        meter = document.meters.get(name)
        if meter is None:
            continue
        if meter.punches:
            what = f"{where(tree, path)}: meter {shown(name)} has punches, which are used up"
            yield at_key(tree, at, what, "name a meter without punches")
        of_meter = digits if meter.counts == "basis" else 0
        for field in ("at_least", "below"):
            text = getattr(amounts, field)
            if text is not None and of_meter is not None:
                decimals = len(text.partition(".")[2])
                if decimals > of_meter:
                    what = (
                        f"{where(tree, path)}: {shown(text)} has more digits than what is counted"
                    )
                    mend = (
                        f"write {of_meter} after the point" if of_meter else "write a whole number"
                    )
                    yield at_value(tree, (*at, field), what, mend)
        if _is_empty(amounts.at_least, amounts.below, Fraction):
            yield _nobody(tree, at, path)
    for field in SINCE:
        ages = getattr(written, field)
        if ages is not None and _is_empty(ages.at_least, ages.below, _long):
            yield _nobody(tree, (*path, field), path)


def _long(text: str) -> int:
    return roughly_s(span_of(text))


def _is_empty(at_least: str | None, below: str | None, size: Any) -> bool:
    return at_least is not None and below is not None and bool(size(at_least) >= size(below))


def _nobody(tree: Tree, at: Path, path: Path) -> Problem:
    what = f"{where(tree, path)}: nobody is at_least and below this"
    return at_value(tree, (*at, "below"), what, "write more below than at_least")


def keys_of(kind: str, names: tuple[str, ...] | None) -> frozenset[str] | None:
    """How the core names segments and entitlements that a condition asks for; None: it does not."""
    return None if names is None else frozenset(f"{kind}/{name}" for name in names)


def belongings_of(document: language.ProgramDocument, digits: int) -> tuple[Belonging, ...]:
    """Segments first, since entitlements may hang on them."""
    segments = [
        Belonging(kind="segment", name=name, condition=_condition(segment, document, digits))
        for name, segment in document.segments.items()
    ]
    entitlements = [
        Belonging(
            kind="entitlement",
            name=name,
            condition=_condition(each.while_, document, digits),
            grace=None if each.grace is None else span_of(each.grace),
        )
        for name, each in document.entitlements.items()
    ]
    return (*segments, *entitlements)


def _condition(written: Written, document: language.ProgramDocument, digits: int) -> Condition:
    ages = {field: getattr(written, field) for field in SINCE}
    return Condition(
        thresholds=tuple(
            _threshold(name, amounts, document.meters[name], digits)
            for name, amounts in written.meters.items()
        ),
        ages=tuple(_age(field, each) for field, each in ages.items() if each is not None),
        tiers=frozenset(written.tier or ()),
        segments=keys_of("segment", written.segment) or frozenset(),
    )


def _threshold(name: str, amounts: Amounts, meter: language.Meter, digits: int) -> Threshold:
    def shows(text: str | None) -> int | None:
        return None if text is None else reading_of(text, meter, digits)

    return Threshold(meter=name, at_least=shows(amounts.at_least), below=shows(amounts.below))


def _age(field: str, ages: Ages) -> Age:
    return Age(
        since=SINCE[field],  # type: ignore[arg-type]
        at_least=None if ages.at_least is None else span_of(ages.at_least),
        below=None if ages.below is None else span_of(ages.below),
    )
