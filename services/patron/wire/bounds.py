"""The most that a program can give a member within a window, as far as caps tell.

From it follow caps that can never bind, and tiers that nobody can reach.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from patron.wire.doubt import Doubt, doubt
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

# A window lies within each that stands in its row: a cap there makes this one idle.
WITHIN: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("day", "week", "month", "year", "lifetime", "campaign"),
    "day": ("week", "month", "quarter", "half_year", "year", "lifetime", "campaign"),
    "week": ("lifetime",),
    "month": ("quarter", "half_year", "year", "lifetime"),
    "quarter": ("half_year", "year", "lifetime"),
    "half_year": ("year", "lifetime"),
    "year": ("lifetime",),
    "lifetime": (),
    "campaign": ("lifetime",),
}
# How many windows of a cap can touch one window of a meter. A campaign comes once.
TOUCHED: Final[Mapping[str, Mapping[str, int]]] = {
    "day": {"week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366,
            "anniversary": 366},
    "week": {"month": 6, "quarter": 15, "half_year": 28, "year": 54, "anniversary": 54},
    "month": {"week": 2, "quarter": 3, "half_year": 6, "year": 12, "anniversary": 13},
    "year": {"week": 2, "anniversary": 2},
}  # fmt: skip


def most_of_rule(
    document: language.ProgramDocument, rule: language.Rule, window: str, *, without: str = ""
) -> int | None:
    """The most that one rule gives a member within a window; None where nothing tells.

    `without` leaves out its cap by that window.
    """
    caps = [(cap.window, cap.amount) for cap in rule.caps if cap.window != without]
    is_once = rule.per_event is not None and rule.per_event.once == "ever"
    once = _most_once(document, rule) if is_once or window == "order" else None
    return _least(_of_caps(caps, window), once)


def most_of_asset(document: language.ProgramDocument, asset: str, window: str) -> int | None:
    """The most that all rules give of an asset, without the program's own caps."""
    rules = [rule for rule in document.rules if rule.earn == asset]
    most = [most_of_rule(document, rule, window) for rule in rules]
    return None if None in most else sum(each for each in most if each is not None)


def _of_caps(caps: Iterable[tuple[str, int]], window: str) -> int | None:
    most = None
    for by, amount in caps:
        if by in ("campaign", window) or by in WITHIN.get(window, ("lifetime",)):
            most = _least(most, amount)
        elif (count := TOUCHED.get(by, {}).get(window)) is not None:
            most = _least(most, amount * count)
    return most


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _most_once(document: language.ProgramDocument, rule: language.Rule) -> int | None:
    """The most that one event earns by a rule; None where it hangs on what was paid."""
    if rule.per_event is None:
        return None
    times = max([Fraction(1), *(Fraction(ratio) for ratio in rule.by_tier.values())])
    for other in document.rules:
        if other.multiply is not None and rule.rule in other.multiply.rules:
            times *= max(Fraction(1), Fraction(other.multiply.by))
    return int(rule.per_event.points * times)


# What follows. ---------------------------------------------------------------------

NEVER_BINDS: Final = "nobody is ever held by it, and who reads the program thinks so"


def idle_caps(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    """Caps that something else always comes before."""
    for index, rule in enumerate(document.rules):
        yield from _idle_caps_of_rule(tree, ("rules", index), document, rule)
    for index, cap in enumerate(document.caps):
        most = most_of_asset(document, cap.asset, cap.window)
        if most is not None and most <= cap.amount:
            what = f"the cap by {cap.window} never binds: all rules give {most} at most"
            mend = f"write less than {most}, or remove it"
            about = f"the program's caps, {cap.asset}"
            yield doubt(tree, ("caps", index), what, NEVER_BINDS, mend, about=about)


def _idle_caps_of_rule(
    tree: Tree, path: Path, document: language.ProgramDocument, rule: language.Rule
) -> Iterator[Doubt]:
    by_window: dict[str, int] = {cap.window: cap.amount for cap in rule.caps}
    of_program: dict[str, int] = {
        cap.window: cap.amount for cap in document.caps if cap.asset == rule.earn
    }
    for index, cap in enumerate(rule.caps):
        wider = _before(cap.amount, WITHIN[cap.window], by_window)
        common = _before(cap.amount, (cap.window, *WITHIN[cap.window]), of_program)
        most = most_of_rule(document, rule, cap.window, without=cap.window)
        if wider is not None:
            what = f"the cap by {cap.window} never binds: the cap by {wider} does"
        elif common is not None:
            what = f"the cap by {cap.window} never binds: the program's cap by {common} does"
        elif most is not None and most <= cap.amount:
            what = f"the cap by {cap.window} never binds: it gives {most} at most"
        else:
            continue
        yield doubt(tree, (*path, "caps", index), what, NEVER_BINDS, "lower it, or remove it")


def _before(amount: int, windows: Iterable[str], caps: Mapping[str, int]) -> str | None:
    """The first of these windows whose cap is reached no later than an amount."""
    return next((window for window in windows if caps.get(window, amount + 1) <= amount), None)


def out_of_reach(tree: Tree, document: language.ProgramDocument) -> Iterator[Doubt]:
    """Tiers whose threshold lies above all that their meter can ever show."""
    tiers = document.tiers
    if tiers is None:
        return
    meter = document.meters[tiers.meter]
    if meter.counts != "points" or meter.asset is None:
        return  # Nothing tells how much a member may buy.
    window = meter.window if isinstance(meter.window, str) else "stretch"
    caps = ((cap.window, cap.amount) for cap in document.caps if cap.asset == meter.asset)
    most = _least(most_of_asset(document, meter.asset, window), _of_caps(caps, window))
    for index, rung in enumerate(tiers.ladder):
        if most is not None and int(rung.from_) > most:
            yield doubt(
                tree, ("tiers", "ladder", index),
                f'it starts at {rung.from_}, and meter "{tiers.meter}" shows {most} at most',
                "nobody will ever reach it",
                f'write from: "{most}" at most, or raise the caps on {meter.asset}',
                about=f'tier "{rung.tier}"',
            )  # fmt: skip
