"""A checked document to the values that decide. Nothing is checked here any more."""

from fractions import Fraction
from typing import Any, get_args

from patron.core.mechanics.every import Every
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.program import (
    Asset,
    Basis,
    Cap,
    Ladder,
    Match,
    Meter,
    MonthDay,
    Program,
    Reward,
    Rule,
    Span,
    Tier,
    Window,
)
from patron.wire.durations import span_of
from patron_schemas import program as language

NOTICES = frozenset(get_args(language.NoticeName))


def compiled(document: language.ProgramDocument, *, version: str, digits: int) -> Program:
    """The program of a document without contradictions; `digits` are its currency's."""
    tiers = document.tiers
    places = {} if tiers is None else {rung.tier: i for i, rung in enumerate(tiers.ladder)}
    return Program(
        name=document.program,
        version=version,
        zone=document.zone,
        currency=document.currency,
        currency_digits=digits,
        assets={name: _asset(name, asset) for name, asset in document.assets.items()},
        meters={name: _meter(name, meter, places) for name, meter in document.meters.items()},
        rules=tuple(_rule(rule, places, digits) for rule in document.rules),
        ladder=None if tiers is None else _ladder(tiers, document.meters[tiers.meter], digits),
        rewards={name: _reward(name, reward) for name, reward in document.rewards.items()},
        notices=notices_of(document),
        debt=document.debt,
        late=document.late,
    )


def notices_of(document: language.ProgramDocument) -> frozenset[str]:
    """What a program publishes: the list, or all but points.* and what reminders need."""
    if document.notices is not None:
        return frozenset(document.notices)
    quiet = {name for name in NOTICES if name.startswith("points.")}
    if any(asset.remind for asset in document.assets.values()):
        quiet.discard("points.expiring")
    return NOTICES - quiet


def minor(text: str, digits: int) -> int:
    """Decimal text of a currency with `digits` after the point, in its minor units."""
    amount: Fraction = Fraction(text) * 10**digits
    assert amount.denominator == 1
    return amount.numerator


def _span(text: str | None) -> Span | None:
    return None if text is None else span_of(text)


def _asset(name: str, asset: language.Asset) -> Asset:
    return Asset(
        name=name,
        pending=_span(asset.pending),
        remind=_span(asset.remind),
        **({} if asset.ends is None else _ends(asset.ends)),
    )


def _ends(ends: language.Ends) -> dict[str, Any]:
    return {
        "lives": _span(ends.after),
        "ends_at_end_of": ends.at_end_of,
        "ends_on": _month_day(ends.on),
        "earned_before": _month_day(ends.earned_before),
        "after_activity": _span(ends.after_activity),
    }


def _month_day(text: str | None) -> MonthDay | None:
    return None if text is None else MonthDay(*map(int, text.split("-")))


def _meter(name: str, meter: language.Meter, places: dict[str, int]) -> Meter:
    return Meter(
        name=name,
        counts=meter.counts,
        window=Window(kind="own", lives=_span(meter.lives))
        if meter.punches
        else Window(kind=meter.window),
        match=_match(meter.match, places),
        basis=_basis(meter.basis),
        actions=frozenset(meter.actions or ()),
        asset=meter.asset or "",
        punches=meter.punches,
    )


def _match(match: language.Match, places: dict[str, int]) -> Match:
    def chosen(values: tuple[str, ...] | None) -> frozenset[str] | None:
        return None if values is None else frozenset(values)

    attributes = sorted((match.attributes or {}).items())
    return Match(
        categories=chosen(match.category),
        skus=chosen(match.sku),
        kinds=chosen(match.kind),
        attributes=tuple((name, frozenset(values)) for name, values in attributes),
        tiers=None if match.tier is None else frozenset(places[tier] for tier in match.tier),
    )


def _basis(basis: language.Basis) -> Basis:
    return Basis(**basis.model_dump())


def _rule(rule: language.Rule, places: dict[str, int], digits: int) -> Rule:
    return Rule(
        name=rule.rule,
        text=rule.text,
        mechanic=_mechanic(rule, digits),
        asset=rule.earn or "",
        match=_match(rule.match, places),
        by_tier={places[tier]: Fraction(ratio) for tier, ratio in rule.by_tier.items()},
        caps=tuple(Cap(window=cap.window, amount=cap.amount) for cap in rule.caps),
    )


def _mechanic(rule: language.Rule, digits: int) -> Any:
    """The settings of the one mechanic that the rule has."""
    if (linear := rule.per_amount) is not None:
        rate = Fraction(linear.points) / minor(linear.per, digits)
        basis = _basis(rule.basis)
        return PerAmount(rate=rate, rounding=linear.rounding, by=linear.by, basis=basis)
    if (step := rule.per_step) is not None:
        step_minor = minor(step.step, digits)
        basis = _basis(rule.basis)
        return PerStep(points=step.points, step_minor=step_minor, by=step.by, basis=basis)
    if (event := rule.per_event) is not None:
        return PerEvent(points=event.points, action=event.action, once=event.once)
    assert rule.every is not None
    assert rule.unlock is not None
    return Every(meter=rule.every.meter, count=rule.every.count, reward=rule.unlock)


def _ladder(tiers: language.Tiers, meter: language.Meter, digits: int) -> Ladder:
    unit_digits = digits if meter.counts == "basis" else 0
    held = tiers.held
    assert held is not None
    words: dict[str | None, Any] = {
        "end_of_window": "window",
        "end_of_next_window": "next_window",
        "forever": "forever",
        None: "for",
    }
    return Ladder(
        meter=tiers.meter,
        tiers=tuple(
            Tier(name=rung.tier, threshold=minor(rung.from_, unit_digits)) for rung in tiers.ladder
        ),
        held=words[held.until],
        held_for=_span(held.for_),
        downgrade=tiers.downgrade,
        on_refund=tiers.on_refund,
    )


def _reward(name: str, reward: language.Reward) -> Reward:
    asset, cost = next(iter(reward.costs.items())) if reward.costs else ("", None)
    return Reward(
        name=name,
        kind=reward.kind,
        text=reward.text,
        cost=cost,
        cost_asset=asset,
        lives=_span(reward.lapses_after),
        held_for=span_of(reward.hold),
        on_refund=reward.on_refund,
    )
