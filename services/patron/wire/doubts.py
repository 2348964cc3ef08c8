"""What in a good program is probably not meant: it can run, and `patron check` says so."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from patron.wire.compiling import notices_of
from patron_schemas import program as language

# A window lies within each that stands in its row: a cap there makes this one idle.
_WITHIN = {
    "order": ("day", "week", "month", "year", "lifetime", "campaign"),
    "day": ("week", "month", "year", "lifetime", "campaign"),
    "week": ("lifetime",),
    "month": ("year", "lifetime"),
    "year": ("lifetime",),
    "lifetime": (),
    "campaign": ("lifetime",),
}


class Doubt(NamedTuple):
    """Something to look at. `about` names the element: `asset "points"`."""

    about: str
    what: str


def doubts(document: language.ProgramDocument) -> Iterator[Doubt]:
    """Every doubt about a document without contradictions."""
    yield from _idle_assets(document)
    yield from _idle_meters(document)
    yield from _idle_tiers(document)
    yield from _idle_rewards(document)
    yield from _idle_draws(document)
    for rule in document.rules:
        yield from _idle_caps(rule)
        if rule.budget is not None:
            what = "its earns wait for one another: all of them count on one budget"
            yield Doubt(f'rule "{rule.rule}"', what)


def _idle_assets(document: language.ProgramDocument) -> Iterator[Doubt]:
    earned = {rule.earn for rule in document.rules}
    earned |= {share_out.asset for share_out in document.share_outs.values()}
    for name, asset in document.assets.items():
        about = f'asset "{name}"'
        if name not in earned:
            yield Doubt(about, "no rule earns it")
        if asset.remind and "points.expiring" not in notices_of(document):
            yield Doubt(about, "its reminders are not published: points.expiring is not in notices")


def _idle_meters(document: language.ProgramDocument) -> Iterator[Doubt]:
    read = {rule.every.meter for rule in document.rules if rule.every is not None}
    if document.tiers is not None:
        read.add(document.tiers.meter)
    read |= {share_out.meter for share_out in document.share_outs.values()}
    for segment in document.segments.values():
        read.update(segment.meters)
    for entitlement in document.entitlements.values():
        read.update(entitlement.while_.meters)
    percents = [price.percent_off for price in document.prices if price.percent_off is not None]
    read |= {percent.meter for percent in percents if percent.meter is not None}
    for name in document.meters:
        if name not in read:
            yield Doubt(f'meter "{name}"', "nothing reads it")


def _idle_tiers(document: language.ProgramDocument) -> Iterator[Doubt]:
    used = {tier for rule in document.rules for tier in (*rule.by_tier, *(rule.match.tier or ()))}
    for entitlement in document.entitlements.values():
        used.update(entitlement.while_.tier or ())
    used |= {tier for price in document.prices for tier in price.match.tier or ()}
    used |= {tier for p in document.prices if p.percent_off for tier in p.percent_off.by_tier}
    # The first tier is everybody's: it needs no benefit.
    for rung in () if document.tiers is None else document.tiers.ladder[1:]:
        if rung.tier not in used:
            yield Doubt(f'tier "{rung.tier}"', "no rule gives its members anything of their own")


def _idle_rewards(document: language.ProgramDocument) -> Iterator[Doubt]:
    unlocked = {rule.unlock for rule in document.rules}
    unlocked |= {draw.reward for draw in document.draws.values()}
    for name, reward in document.rewards.items():
        if name not in unlocked and not reward.costs:
            yield Doubt(f'reward "{name}"', "no rule unlocks it and it has no price")


def _idle_draws(document: language.ProgramDocument) -> Iterator[Doubt]:
    entered = {rule.enter for rule in document.rules}
    for name in document.draws:
        if name not in entered:
            yield Doubt(f'draw "{name}"', "no rule gives entries in it")


def _idle_caps(rule: language.Rule) -> Iterator[Doubt]:
    about = f'rule "{rule.rule}"'
    by_window: dict[str, int] = {cap.window: cap.amount for cap in rule.caps}
    once = _most_once(rule)
    for cap in rule.caps:
        wider = next(
            (w for w in _WITHIN[cap.window] if w in by_window and by_window[w] <= cap.amount), None
        )
        if wider is not None:
            yield Doubt(about, f"the cap by {cap.window} never binds: the cap by {wider} does")
        elif once is not None and once <= cap.amount:
            event = rule.per_event
            if cap.window == "order" or (event is not None and event.once == "ever"):
                yield Doubt(about, f"the cap by {cap.window} never binds: it gives {once} at most")


def _most_once(rule: language.Rule) -> int | None:
    """The most that one event earns by a rule; None where it hangs on what was paid."""
    if rule.per_event is None:
        return None
    times = max([Fraction(1), *(Fraction(ratio) for ratio in rule.by_tier.values())])
    return int(rule.per_event.points * times)
