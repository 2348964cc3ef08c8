"""Whether a program's draws and share-outs fit the rest of it."""

from collections.abc import Iterator, Mapping

from patron.core.periods import first_day_of
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

WINDOW_LIKE = {
    "year": "2026", "half_year": "2026-H1", "quarter": "2026-Q3", "month": "2026-05",
    "week": "2026-W07", "day": "2026-05-31",
}  # fmt: skip


def closings(
    tree: Tree, document: language.ProgramDocument, places: Mapping[int, int]
) -> Iterator[Problem]:
    """Every contradiction of draws and share-outs. `places`: as in `contradictions`."""
    for name, draw in document.draws.items():
        yield from _draw(tree, ("draws", name), draw, document)
    for name, share_out in document.share_outs.items():
        yield from _share_out(tree, ("share_outs", name), share_out, document)
    for index, rule in enumerate(document.rules):
        if rule.enter is not None:
            yield from _entering(tree, ("rules", places[index]), rule, document)


def _draw(
    tree: Tree, path: Path, draw: language.Draw, document: language.ProgramDocument
) -> Iterator[Problem]:
    name = str(path[-1])
    if draw.from_ >= draw.to:
        what = f"{where(tree, path)} is never open: it ends as {draw.to} begins"
        yield at_value(tree, (*path, "to"), what, f"write a day after {draw.from_}")
    for kind, others in (("asset", document.assets), ("meter", document.meters)):
        if name in others:
            # Its entries are counted under its name, and rules give them as they give assets.
            what = f"{where(tree, path)} has the name of {kind} {shown(name)}"
            yield at_key(tree, path, what, "give it a name of its own")


def _is_of_member(window: str | language.Stretch) -> bool:
    """Whether each member has a window of their own."""
    return isinstance(window, language.Stretch) and window.from_ is None


def _share_out(
    tree: Tree, path: Path, share_out: language.ShareOut, document: language.ProgramDocument
) -> Iterator[Problem]:
    meter = document.meters.get(share_out.meter)
    if meter is None:
        return
    name = f"meter {shown(share_out.meter)}"
    if meter.punches:
        what = f"{name} has punches, which are used up"
        yield at_value(tree, (*path, "meter"), what, "name a meter without punches")
    elif meter.window == "anniversary" or _is_of_member(meter.window):
        what = f"{name} counts over a window of each member's own"
        yield at_value(tree, (*path, "meter"), what, "name a meter of a calendar window")
    elif not isinstance(meter.window, str) or meter.window == "lifetime":
        if share_out.window is not None:
            what = f"{name} counts over one window only"
            yield at_key(tree, (*path, "window"), what, "remove it")
    elif share_out.window is None:
        what = f"{where(tree, path)}: which {meter.window} of {name}?"
        yield at_key(tree, path, what, f'add it: window: "{WINDOW_LIKE[meter.window]}"')
    elif first_day_of(meter.window, share_out.window) is None:
        what = f"{shown(share_out.window)} is no {meter.window} of {name}"
        mend = f'write it like "{WINDOW_LIKE[meter.window]}"'
        yield at_value(tree, (*path, "window"), what, mend)


def _entering(
    tree: Tree, path: Path, rule: language.Rule, document: language.ProgramDocument
) -> Iterator[Problem]:
    draw, during = document.draws.get(rule.enter or ""), rule.during
    if draw is None or during is None:
        return
    if (during.to or draw.to) <= draw.from_ or (during.from_ or draw.from_) >= draw.to:
        what = f"{where(tree, path)} holds on no day of draw {shown(rule.enter)}"
        mend = f"write days from {draw.from_} to {draw.to}, or remove during"
        yield at_key(tree, (*path, "during"), what, mend)
