"""Whether the times of an asset fit together: its end, its wait, its reminder."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from patron.core.program import Asset
from patron.core.wallets import wallet_name
from patron.wire.durations import DAY_S, roughly_s, span_of
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language
from patron_schemas.program_assets import WALLETS_MAX

COMMON_YEAR = 2025  # One of 365 days.


def problems_of_asset(tree: Tree, path: Path, asset: language.Asset) -> Iterator[Problem]:
    """What is contradictory in how an asset is split, ends, waits and is reminded of."""
    if asset.split_by is not None and len(asset.split_by.values) > WALLETS_MAX:
        what = f"{where(tree, path)}: more than {WALLETS_MAX} wallets"
        mend = "keep those that matter; the rest lies in the asset itself"
        yield at_key(tree, (*path, "split_by", "values"), what, mend)
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


def with_wallets(
    document: language.ProgramDocument, assets: Mapping[str, Asset]
) -> dict[str, Asset]:
    """The assets by name, and the wallets of those that are split, each as an asset alike."""
    found = dict(assets)
    for name, written in document.assets.items():
        for value in written.split_by.values if written.split_by else ():
            wallet = wallet_name(name, value)
            found[wallet] = replace(assets[name], name=wallet, split_by="")
    return found


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
        if asset.partition("/")[0] in given:
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
