"""Whether the times of an asset fit together: its end, its wait, its reminder."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from patron.wire.durations import DAY_S, roughly_s, span_of
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

COMMON_YEAR = 2025  # One of 365 days.


def problems_of_asset(tree: Tree, path: Path, asset: language.Asset) -> Iterator[Problem]:
    """What is contradictory in when an asset ends, waits and is reminded of."""
    if asset.ends is None:
        if asset.remind is not None:
            what = f"{where(tree, path)}: a reminder of an end that never comes"
            yield at_key(tree, (*path, "remind"), what, 'add "ends", or remove "remind"')
        return
    ends = asset.ends
    for field, means, only in (
        ("at_end_of", ends.after is not None, "after"),
        ("earned_before", ends.on is not None, "on"),
    ):
        if field in ends.model_fields_set and not means:
            what = f'{where(tree, path)}: "ends.{field}" means nothing without "{only}"'
            yield at_key(tree, (*path, "ends", field), what, "remove it")
    if ends.on is not None:
        yield from _pending_past_a_date(tree, path, asset, ends.on)
        return
    life = ends.after or ends.after_activity
    assert life is not None
    life_s = roughly_s(span_of(life))
    for field, text in (("pending", asset.pending), ("remind", asset.remind)):
        if text is None:
            continue
        long_s = roughly_s(span_of(text))
        if long_s > life_s or (long_s == life_s and ends.at_end_of == "exact"):
            what = f"{where(tree, path)}: {field} {text} is not shorter than its life"
            mend = f"write less than {life}"
            yield at_value(tree, (*path, field), what, mend)


def spent_donations(tree: Tree, document: language.ProgramDocument) -> Iterator[Problem]:
    """Donations as a price, or as a way to pay: they were given away."""
    given = {name for name, asset in document.assets.items() if asset.donation}
    uses: list[tuple[Path, str]] = [
        (("rewards", name, "costs", asset), asset)
        for name, reward in document.rewards.items()
        for asset in reward.costs or ()
    ]
    if document.paying is not None:
        uses.append((("paying", "asset"), document.paying.asset))
    for path, asset in uses:
        if asset in given:
            what = f"{where(tree, path)}: {shown(asset)} was given to a cause"
            yield at_key(tree, path, what, "name another asset, or remove donation: true")


def _pending_past_a_date(
    tree: Tree, path: Path, asset: language.Asset, on: str
) -> Iterator[Problem]:
    """What is earned last before a cut-off must become available before it ends."""
    assert asset.ends is not None
    days = 0
    if asset.ends.earned_before is not None:
        gap = _day_of_year(on) + 1 - _day_of_year(asset.ends.earned_before)
        days = gap if gap > 0 else gap + 365
    if asset.pending is not None and roughly_s(span_of(asset.pending)) >= days * DAY_S:
        what = f"{where(tree, path)}: pending {asset.pending} may outlive the end on {on}"
        mend = f"write less than P{days}D" if days else 'add to ends: earned_before: "01-01"'
        yield at_value(tree, (*path, "pending"), what, mend)


def _day_of_year(text: str) -> int:
    month, day = (int(part) for part in text.split("-"))
    return date(COMMON_YEAR, month, min(day, monthrange(COMMON_YEAR, month)[1])).timetuple().tm_yday
