"""Whether the parts of a program document fit together.

Each field was found good by itself; here a rule's asset must be declared, a ladder must
rise, a cap must have something to cap. Every contradiction is found, not only the first,
also where other parts of the document could not be read: those count as declared.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from zoneinfo import available_timezones

from patron.wire.assets import problems_of_asset, spent_donations
from patron.wire.belongings import problems_of_belongings
from patron.wire.closings import closings
from patron.wire.drops import problems_of_drops
from patron.wire.durations import DAY_S, roughly_s, span_of
from patron.wire.expressions import problems_of_expression
from patron.wire.figures import money, ratio, reading
from patron.wire.limits import reward_limits, rule_budget
from patron.wire.mends import at_key, at_value, place_of, where
from patron.wire.prices import prices
from patron.wire.problems import Problem, nearest, shown
from patron.wire.reaching import problems_of_reach
from patron.wire.references import unknown_names
from patron.wire.referring import problems_of_referrals
from patron.wire.rules_together import together
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language
from patron_schemas.money import MINOR_DIGITS

# Which mechanics look at the lines of an order, and so have a basis.
WITH_BASIS = ("per_amount", "per_step")
# Which look at an order's lines, or at the order as a whole.
BY_LINE = (*WITH_BASIS, "per_unit", "multiply")
BY_ORDER = (*BY_LINE, "round_up")
BY_EVENT = ("per_event", "streak")


def contradictions(
    tree: Tree, document: language.ProgramDocument, places: Mapping[int, int]
) -> Iterator[Problem]:
    """Every contradiction. `places`: a rule's place in `document` → its place in the tree."""
    yield from unknown_names(tree)
    digits = MINOR_DIGITS.get(document.currency)
    if digits is None:
        what = f"unknown currency {shown(document.currency)}"
        yield at_value(tree, ("currency",), what, nearest(document.currency, MINOR_DIGITS))
    if document.zone not in zones():
        what = f"unknown time zone {shown(document.zone)}"
        yield at_value(tree, ("zone",), what, nearest(document.zone, zones()))
    for name, asset in document.assets.items():
        yield from problems_of_asset(tree, ("assets", name), asset)
    for name, reward in document.rewards.items():
        yield from reward_limits(tree, ("rewards", name), reward, digits)
    for name, meter in document.meters.items():
        yield from _meter(tree, ("meters", name), meter)
        yield from problems_of_expression(tree, ("meters", name), meter)
    names: set[str] = set()
    for index, rule in enumerate(document.rules):
        path: Path = ("rules", places[index])
        if rule.rule in names:
            what = f"a second rule {shown(rule.rule)}"
            yield at_value(tree, (*path, "rule"), what, "give it a name of its own")
        names.add(rule.rule)
        yield from _rule(tree, path, rule, document, digits)
        yield from rule_budget(tree, path, rule)
        yield from problems_of_expression(tree, path, rule)
        yield from problems_of_reach(tree, path, rule, document, digits)
    yield from together(tree, document, places)
    yield from closings(tree, document, places)
    yield from prices(tree, document, digits)
    yield from spent_donations(tree, document)
    if document.paying is not None:
        yield from _paying(tree, document, document.paying, digits)
    if document.tiers is not None:
        yield from _tiers(tree, document, document.tiers, digits)
    yield from problems_of_belongings(tree, document, digits)
    yield from problems_of_drops(tree, document)
    yield from problems_of_referrals(tree, document, digits)


@cache
def zones() -> frozenset[str]:
    """Every IANA zone. What the machine calls its own is not one."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _meter(tree: Tree, path: Path, meter: language.Meter) -> Iterator[Problem]:
    name, counts = where(tree, path), meter.counts

    def vain(field: str, why: str) -> Problem:
        return at_key(tree, (*path, field), f'{name}: "{field}" {why}', "remove it")

    if counts == "events" and meter.actions is None:
        what = f"{name} counts events, but not which"
        yield at_key(tree, path, what, "add it: actions: [review]")
    if counts == "level":
        yield from _level(tree, path, meter)
    elif counts != "events" and meter.actions is not None:
        yield vain("actions", f"means nothing where {counts} are counted")
    if counts != "level" and meter.ended_by is not None:
        yield vain("ended_by", f"means nothing where {counts} are counted")
    if counts == "points" and meter.asset is None:
        yield at_key(tree, path, f"{name} counts points, but not of what", "add it: asset: points")
    if counts != "points" and meter.asset is not None:
        yield vain("asset", f"means nothing where {counts} are counted")
    if meter.punches and counts not in ("units", "events"):
        what = f"{name}: punches of {counts}"
        yield at_value(tree, (*path, "counts"), what, "write counts: units, or counts: events")
    if meter.punches and "window" in meter.model_fields_set:
        yield vain("window", "means nothing for punches, which each have a life (lives: P30D)")
    if not meter.punches and meter.lives is not None:
        what = f'{name}: "lives" is for punches only'
        yield at_key(tree, (*path, "lives"), what, "add it: punches: true; or remove lives")
    if counts not in ("basis", "orders") and "basis" in meter.model_fields_set:
        yield vain("basis", f"means nothing where {counts} are counted")
    if isinstance(meter.window, language.Stretch):
        yield from _stretch(tree, (*path, "window"), meter.window)
    yield from _vain_match(
        tree, path, meter.match, lines=counts in ("basis", "units", "orders"),
        attributes=counts != "points", whom=False, order=False,
    )  # fmt: skip


def _level(tree: Tree, path: Path, meter: language.Meter) -> Iterator[Problem]:
    name = where(tree, path)
    if meter.actions is None or meter.ended_by is None:
        what = f"{name} is a level, but of what"
        mend = "add both: actions: [subscribed], ended_by: [unsubscribed]"
        yield at_key(tree, path, what, mend)
    for action in sorted({*(meter.actions or ())} & {*(meter.ended_by or ())}):
        what = f"{name}: {shown(action)} begins and ends"
        yield at_key(tree, (*path, "ended_by"), what, "keep it in one of the two")
    if meter.window != "lifetime":
        what = f"{name}: a level is what stands now, over no window"
        yield at_key(tree, (*path, "window"), what, "remove it")


def _stretch(tree: Tree, path: Path, window: language.Stretch) -> Iterator[Problem]:
    if window.rolling is not None:
        # Its parts are kept with the account, so they must not be too many.
        span = span_of(window.rolling)
        longest = "PT744H" if span.seconds else "P12M"
        if roughly_s(span) > roughly_s(span_of(longest)) + DAY_S:
            what = f"{where(tree, path)}: {window.rolling} is too long for a rolling window"
            yield at_value(tree, (*path, "rolling"), what, f"write {longest} at most")
    elif window.from_ is not None and window.from_ >= str(window.to):
        what = f"{where(tree, path)}: the campaign ends before it begins"
        yield at_value(tree, (*path, "to"), what, f"write a day after {window.from_}")


def _vain_match(
    tree: Tree,
    path: Path,
    match: language.Match,
    *,
    lines: bool,
    attributes: bool,
    whom: bool,
    order: bool,
) -> Iterator[Problem]:
    """Conditions that nothing would ever look at."""
    looked_at = {"category": lines, "sku": lines, "kind": lines, "attributes": attributes}
    looked_at |= dict.fromkeys(language.Whom.model_fields, whom)
    for field, used in {**looked_at, "order_attributes": order}.items():
        if field in match.model_fields_set and not used:
            what = f'{where(tree, path)}: "match.{field}" means nothing here'
            yield at_key(tree, (*path, "match", field), what, "remove it")


def _rule(
    tree: Tree,
    path: Path,
    rule: language.Rule,
    document: language.ProgramDocument,
    digits: int | None,
) -> Iterator[Problem]:
    name = where(tree, path)
    mechanics = [each for each in language.MECHANICS if getattr(rule, each) is not None]
    mechanics.sort(key=lambda each: place_of(tree, (*path, each)))
    if not mechanics:
        what = f"{name} says not for what"
        yield at_key(tree, path, what, f"add one of: {', '.join(language.MECHANICS)}")
    for extra in mechanics[1:]:
        what = f"{name} has {mechanics[0]} and {extra}"
        yield at_key(tree, (*path, extra), what, "make two rules of it")
    unlocks = mechanics[:1] in (["every"], ["entering"])
    if mechanics[:1] == ["yearly"]:
        yield from _yearly(tree, path, rule)
    elif mechanics[:1] != ["multiply"]:
        yield from _gift(tree, path, rule, unlocks=unlocks, mechanics=mechanics)
    first = mechanics[0] if mechanics else WITH_BASIS[0]
    yield from _vain_match(
        tree, path, rule.match, lines=first in BY_LINE,
        attributes=first in (*BY_LINE, *BY_EVENT), whom=not unlocks, order=first in BY_ORDER,
    )  # fmt: skip
    if first not in WITH_BASIS and "basis" in rule.model_fields_set:
        what = f'{name}: "basis" means nothing with {mechanics[0]}'
        yield at_key(tree, (*path, "basis"), what, "remove it")
    for tier, times in rule.by_tier.items():
        yield from ratio(tree, (*path, "by_tier", tier), times)
    windows: set[str] = set()
    for index, cap in enumerate(rule.caps):
        if cap.window in windows:
            what = f"{name}: a second cap by {cap.window}"
            yield at_value(tree, (*path, "caps", index, "window"), what, "keep the lower one")
        windows.add(cap.window)
    yield from _mechanic(tree, path, rule, document, digits)


def _gift(
    tree: Tree,
    path: Path,
    rule: language.Rule,
    *,
    unlocks: bool,
    mechanics: list[str],
) -> Iterator[Problem]:
    """What a rule gives: an asset, or entries in a draw; `every` and `entering` unlock a reward."""
    name = where(tree, path)
    gives = "earn" if rule.earn is not None else "enter" if rule.enter is not None else ""
    if rule.earn is not None and rule.enter is not None:
        what = f"{name} earns an asset and enters a draw"
        yield at_key(tree, (*path, "enter"), what, "make two rules of it")
    elif gives and rule.unlock is not None:
        what = f"{name} {gives}s and unlocks"
        yield at_key(tree, (*path, "unlock"), what, "make two rules of it")
    elif mechanics and unlocks and rule.unlock is None:
        at: Path = (*path, gives) if gives else path
        what = f'{name}: "{mechanics[0]}" unlocks a reward'
        yield at_key(tree, at, what, "write unlock: and the name of a reward")
    elif mechanics and not unlocks and not gives:
        at = (*path, "unlock") if rule.unlock is not None else path
        what = f"{name} gives no asset, and only `every` and `entering` can unlock"
        yield at_key(tree, at, what, "write earn: and the name of an asset")
    for field in ("caps", "by_tier"):
        if field in rule.model_fields_set and (unlocks or (rule.unlock and not gives)):
            what = f'{name}: "{field}" on a rule that earns nothing'
            yield at_key(tree, (*path, field), what, "remove it")


def _yearly(tree: Tree, path: Path, rule: language.Rule) -> Iterator[Problem]:
    """A yearly rule earns points, or unlocks a reward, or does neither: then it is a wish."""
    assert rule.yearly is not None
    name = where(tree, path)
    if rule.enter is not None:
        what = f"{name}: a day of the year enters nobody in a draw"
        yield at_key(tree, (*path, "enter"), what, "write earn: and the name of an asset")
    if rule.earn is not None and rule.unlock is not None:
        yield at_key(tree, (*path, "unlock"), f"{name} earns and unlocks", "make two rules of it")
    elif rule.earn is not None and rule.yearly.points is None:
        yield at_key(tree, (*path, "yearly"), f"{name} says not how much", "add it: points: 200")
    elif rule.earn is None and rule.yearly.points is not None:
        what = f"{name}: points, but not of what"
        mend = "write earn: and the name of an asset"
        yield at_key(tree, (*path, "yearly", "points"), what, mend)
    for field in ("caps", "by_tier", "group", "priority"):
        if field in rule.model_fields_set and rule.earn is None:
            what = f'{name}: "{field}" on a rule that earns nothing'
            yield at_key(tree, (*path, field), what, "remove it")


def _mechanic(
    tree: Tree,
    path: Path,
    rule: language.Rule,
    document: language.ProgramDocument,
    digits: int | None,
) -> Iterator[Problem]:
    if rule.per_amount is not None:
        yield from ratio(tree, (*path, "per_amount", "points"), rule.per_amount.points)
        yield from money(tree, (*path, "per_amount", "per"), rule.per_amount.per, digits)
    if rule.per_step is not None:
        yield from money(tree, (*path, "per_step", "step"), rule.per_step.step, digits)
    if rule.round_up is not None:
        yield from money(tree, (*path, "round_up", "to"), rule.round_up.to, digits)
    if rule.multiply is not None:
        yield from ratio(tree, (*path, "multiply", "by"), rule.multiply.by)
    if rule.every is not None:
        at: Path = (*path, "every", "meter")
        meter = document.meters.get(rule.every.meter)
        if meter is not None and not meter.punches:
            what = f"{where(tree, path)}: meter {shown(rule.every.meter)} has no punches"
            yield at_value(tree, at, what, "add punches: true to the meter")


def _paying(
    tree: Tree, document: language.ProgramDocument, paying: language.Paying, digits: int | None
) -> Iterator[Problem]:
    asset = document.assets.get(paying.asset)
    if asset is not None and asset.split_by is not None:
        what = f"asset {shown(paying.asset)} is split, and orders are paid out of one wallet"
        yield at_value(tree, ("paying", "asset"), what, "name an asset without split_by")
    yield from money(tree, ("paying", "worth"), paying.worth, digits)
    at: Path = ("paying", "share_max")
    yield from ratio(tree, at, paying.share_max)
    if Fraction(paying.share_max) > 1:
        what = f"{shown(paying.share_max)} is more than the whole order"
        yield at_value(tree, at, what, 'write "1" at most')


def _tiers(
    tree: Tree,
    document: language.ProgramDocument,
    tiers: language.Tiers,
    digits: int | None,
) -> Iterator[Problem]:
    meter = document.meters.get(tiers.meter)
    if meter is not None and meter.punches:
        what = f"meter {shown(tiers.meter)} has punches, which are used up"
        yield at_value(tree, ("tiers", "meter"), what, "name a meter without punches")
    names: set[str] = set()
    before: Fraction | None = None
    for index, rung in enumerate(tiers.ladder):
        path: Path = ("tiers", "ladder", index)
        if rung.tier in names:
            what = f"a second tier {shown(rung.tier)}"
            yield at_value(tree, (*path, "tier"), what, "give it a name of its own")
        names.add(rung.tier)
        start = Fraction(rung.from_)
        if before is None and start != 0:
            what = f"the first tier starts at {rung.from_}, so nobody could be below it"
            yield at_value(tree, (*path, "from"), what, 'write from: "0"; it is everybody\'s')
        elif before is not None and start <= before:
            what = f"tier {shown(rung.tier)} does not start above the one before it"
            yield at_value(tree, (*path, "from"), what, "sort the tiers from the lowest up")
        before = start
        if meter is not None:
            its = f"meter {shown(tiers.meter)}"
            yield from reading(tree, (*path, "from"), rung.from_, its, meter, digits, zero=True)
    if meter is not None:
        yield from _held(tree, tiers, meter)


def _held(tree: Tree, tiers: language.Tiers, meter: language.Meter) -> Iterator[Problem]:
    """How long tiers are held must have a meaning for their meter's window."""
    until = tiers.held.until if tiers.held is not None else None
    ends = until in ("end_of_window", "end_of_next_window")
    at: Path = ("tiers", "held")
    window, name = meter.window, shown(tiers.meter)
    stretch = window if isinstance(window, language.Stretch) else None
    rolls = stretch is not None and stretch.rolling is not None
    if ends and window == "lifetime":
        what = f"a lifetime has no end, and meter {name} counts over one"
        mend = "write held: forever, or held: {for: P12M}, or give the meter a window"
        yield at_value(tree, at, what, mend)
    elif ends and rolls:
        what = f"a rolling window has no end, and meter {name} counts over one"
        yield at_value(tree, at, what, "write held: rolling, or held: {for: P12M}")
    elif until == "end_of_next_window" and stretch is not None:
        what = f"no campaign follows that of meter {name}"
        yield at_value(tree, at, what, "write held: end_of_window, or held: {for: P12M}")
    elif until == "rolling" and not rolls:
        what = f"the window of meter {name} is not a rolling one"
        yield at_value(tree, at, what, "give the meter window: {rolling: P12M}")
    by_itself = rolls and (tiers.held is None or until == "rolling")
    if by_itself and tiers.downgrade == "one_step":
        what = "a step is held for a period, and a rolling window has none"
        mend = "write downgrade: to_meter, or held: {for: P12M}"
        yield at_value(tree, ("tiers", "downgrade"), what, mend)
    lasts = until == "forever" or tiers.downgrade == "never"
    if tiers.grace is not None and (lasts or (tiers.held is None and window == "lifetime")):
        what = "a grace after tiers that never end"
        yield at_key(tree, ("tiers", "grace"), what, "remove it")
