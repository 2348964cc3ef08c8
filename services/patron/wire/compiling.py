"""A checked document to the values that decide. Nothing is checked here any more."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any, get_args

from patron.core.mechanics.entering import Entering
from patron.core.mechanics.every import Every
from patron.core.mechanics.multiply import Multiply
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_event import PerEvent
from patron.core.mechanics.per_step import PerStep
from patron.core.mechanics.per_unit import PerUnit
from patron.core.mechanics.reach import Reach
from patron.core.mechanics.round_up import RoundUp
from patron.core.mechanics.streak import Streak
from patron.core.mechanics.yearly import Yearly
from patron.core.periods import EVER, day_start, first_day_of, window_end
from patron.core.program import (
    ALWAYS,
    Asset,
    Basis,
    Cap,
    Draw,
    During,
    Ladder,
    Match,
    MemberCap,
    Meter,
    MonthDay,
    Paying,
    Program,
    Reward,
    Rule,
    ShareOut,
    Span,
    Tier,
    Window,
)
from patron.core.windows import CAMPAIGN
from patron.wire.assets import with_wallets
from patron.wire.belongings import belongings_of, keys_of
from patron.wire.drops import drops_of
from patron.wire.durations import span_of
from patron.wire.expressions import expression
from patron.wire.figures import minor, reading_of
from patron.wire.pricing import price_of
from patron.wire.referring import referrals_of
from patron_schemas import program as language

WEEKDAYS = get_args(language.Weekday)  # From Monday on, as Python counts them.
NOTICES = frozenset(get_args(language.NoticeName))


def compiled(document: language.ProgramDocument, *, version: str, digits: int) -> Program:
    """The program of a document without contradictions; `digits` are its currency's."""
    tiers = document.tiers
    places = {} if tiers is None else {rung.tier: i for i, rung in enumerate(tiers.ladder)}
    draws = {name: _draw(name, draw) for name, draw in document.draws.items()}
    meters = {
        name: _meter(name, meter, places, document.zone) for name, meter in document.meters.items()
    }
    # What counts a draw's entries is a meter like any other.
    meters |= {name: Meter(name=name, counts="points", asset=name) for name in draws}
    return Program(
        name=document.program,
        version=version,
        zone=document.zone,
        currency=document.currency,
        currency_digits=digits,
        assets=with_wallets(
            document, {name: _asset(name, asset) for name, asset in document.assets.items()}
        ),
        meters=meters,
        rules=tuple(_rule(rule, document, places, draws, digits) for rule in document.rules),
        ladder=None if tiers is None else _ladder(tiers, document.meters[tiers.meter], digits),
        rewards={
            name: _reward(name, reward, places, digits) for name, reward in document.rewards.items()
        },
        notices=notices_of(document),
        debt=document.debt,
        late=document.late,
        belongings=belongings_of(document, digits),
        groups=dict(document.groups),
        refunds=document.refunds,
        drops=drops_of(document, partial(_whom, places=places)),
        referrals=referrals_of(document, digits),
        paying=None if document.paying is None else _paying(document.paying, digits),
        prices=tuple(
            price_of(
                price,
                document.meters,
                match=_match(price.match, places),
                during=_during(price.during),
                places=places,
                digits=digits,
            )
            for price in document.prices
        ),
        caps=tuple(
            MemberCap(asset=cap.asset, window=cap.window, amount=cap.amount)
            for cap in document.caps
        ),
        transferred="keep" if document.transfers is None else document.transfers.expiry,
        draws=draws,
        share_outs={
            name: _share_out(name, share_out, meters[share_out.meter], document.zone)
            for name, share_out in document.share_outs.items()
        },
    )


def notices_of(document: language.ProgramDocument) -> frozenset[str]:
    """What a program publishes: the list, or all but points.* and what reminders need."""
    if document.notices is not None:
        return frozenset(document.notices)
    quiet = {name for name in NOTICES if name.startswith("points.")}
    if any(asset.remind for asset in document.assets.values()):
        quiet.discard("points.expiring")
    return NOTICES - quiet


def _paying(paying: language.Paying, digits: int) -> Paying:
    return Paying(
        asset=paying.asset,
        block=paying.block,
        worth_minor=minor(paying.worth, digits),
        share_max=Fraction(paying.share_max),
        grace=_span(paying.grace),
    )


def _span(text: str | None) -> Span | None:
    return None if text is None else span_of(text)


def _asset(name: str, asset: language.Asset) -> Asset:
    return Asset(
        name=name,
        pending=_span(asset.pending),
        remind=_span(asset.remind),
        donation=asset.donation,
        split_by="" if asset.split_by is None else asset.split_by.attribute,
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


def _meter(name: str, meter: language.Meter, places: dict[str, int], zone: str) -> Meter:
    return Meter(
        name=name,
        counts=meter.counts,
        window=Window(kind="own", lives=_span(meter.lives))
        if meter.punches
        else _window(meter.window, zone),
        match=_match(meter.match, places),
        basis=_basis(meter.basis),
        actions=frozenset(meter.actions or ()),
        ended_by=frozenset(meter.ended_by or ()),
        asset=meter.asset or "",
        punches=meter.punches,
        when=None if meter.when is None else expression(meter.when),
    )


def _window(window: str | language.Stretch, zone: str) -> Window:
    if isinstance(window, str):
        return Window(kind=window)  # type: ignore[arg-type]
    if window.rolling is not None:
        return Window(kind="rolling", lives=span_of(window.rolling))
    if window.from_joining is not None:
        return Window(kind="joining", lives=span_of(window.from_joining))

    assert window.from_ is not None
    assert window.to is not None
    first, after = date.fromisoformat(window.from_), date.fromisoformat(window.to)
    return Window(kind="campaign", begins_at=day_start(first, zone), ends_at=day_start(after, zone))


def _whom(whom: language.Whom, places: dict[str, int]) -> dict[str, Any]:
    return {
        "tiers": None if whom.tier is None else frozenset(places[tier] for tier in whom.tier),
        "segments": keys_of("segment", whom.segment),
        "entitlements": keys_of("entitlement", whom.entitlement),
    }


def _match(match: language.Match, places: dict[str, int]) -> Match:
    def chosen(values: tuple[str, ...] | None) -> frozenset[str] | None:
        return None if values is None else frozenset(values)

    def wanted(
        attributes: dict[str, tuple[str, ...]] | None,
    ) -> tuple[tuple[str, frozenset[str]], ...]:
        return tuple((name, frozenset(each)) for name, each in sorted((attributes or {}).items()))

    return Match(
        categories=chosen(match.category),
        skus=chosen(match.sku),
        kinds=chosen(match.kind),
        attributes=wanted(match.attributes),
        order_attributes=wanted(match.order_attributes),
        **_whom(match, places),
    )


def _basis(basis: language.Basis) -> Basis:
    return Basis(**basis.model_dump())


def _draw(name: str, draw: language.Draw) -> Draw:
    return Draw(
        name=name,
        from_day=date.fromisoformat(draw.from_),
        to_day=date.fromisoformat(draw.to),
        seed_sha256=draw.seed_sha256,
        winners=draw.winners,
        reward=draw.reward or "",
    )


def _share_out(name: str, share_out: language.ShareOut, meter: Meter, zone: str) -> ShareOut:
    kind, opens_at = meter.window.kind, meter.window.ends_at
    if share_out.window is not None:
        first_day = first_day_of(kind, share_out.window)
        assert first_day is not None
        opens_at = window_end(kind, first_day, zone)
    return ShareOut(
        name=name,
        meter=share_out.meter,
        window=share_out.window or (CAMPAIGN if kind == CAMPAIGN else EVER),
        asset=share_out.asset,
        opens_at=opens_at,
    )


def _rule(
    rule: language.Rule,
    document: language.ProgramDocument,
    places: dict[str, int],
    draws: dict[str, Draw],
    digits: int,
) -> Rule:
    return Rule(
        name=rule.rule,
        text=rule.text,
        mechanic=_mechanic(rule, document.meters, digits),
        asset=rule.earn or rule.enter or "",
        match=_match(rule.match, places),
        by_tier={places[tier]: Fraction(ratio) for tier, ratio in rule.by_tier.items()},
        caps=tuple(Cap(window=cap.window, amount=cap.amount) for cap in rule.caps),
        during=_during(rule.during)
        if rule.enter is None
        else _within(draws[rule.enter], _during(rule.during)),
        group=rule.group or "",
        budget=rule.budget,
        on_return=rule.on_return,
        priority=rule.priority or 0,
        when=None if rule.when is None else expression(rule.when),
        funded_by=rule.funded_by or "",
    )


def _during(during: language.During | None) -> During:
    if during is None:
        return ALWAYS

    return During(
        from_day=None if during.from_ is None else date.fromisoformat(during.from_),
        to_day=None if during.to is None else date.fromisoformat(during.to),
        weekdays=None
        if during.weekdays is None
        else frozenset(WEEKDAYS.index(weekday) for weekday in during.weekdays),
    )


def _within(draw: Draw, during: During) -> During:
    """The days of a rule that lie within those of its draw."""
    return During(
        from_day=max(draw.from_day, during.from_day or draw.from_day),
        to_day=min(draw.to_day, during.to_day or draw.to_day),
        weekdays=during.weekdays,
    )


def _mechanic(rule: language.Rule, meters: Mapping[str, language.Meter], digits: int) -> Any:
    """The settings of the one mechanic that the rule has."""
    if (linear := rule.per_amount) is not None:
        rate = Fraction(linear.points) / minor(linear.per, digits)
        basis = _basis(rule.basis)
        return PerAmount(rate=rate, rounding=linear.rounding, by=linear.by, basis=basis)
    if (step := rule.per_step) is not None:
        step_minor = minor(step.step, digits)
        basis = _basis(rule.basis)
        return PerStep(points=step.points, step_minor=step_minor, by=step.by, basis=basis)
    if rule.per_unit is not None:
        return PerUnit(points=rule.per_unit.points)
    if rule.round_up is not None:
        return RoundUp(to_minor=minor(rule.round_up.to, digits))
    if rule.multiply is not None:
        return Multiply(by=Fraction(rule.multiply.by), rules=frozenset(rule.multiply.rules))
    if (event := rule.per_event) is not None:
        return PerEvent(
            points=event.points, action=event.action, once=event.once, once_for=event.once_for
        )
    if rule.yearly is not None:
        return _yearly(rule.yearly, reward=rule.unlock or "")
    if (streak := rule.streak) is not None:
        return Streak(points=streak.points, action=streak.action, days=streak.days)
    if (reach := rule.reach) is not None:
        threshold = reading_of(reach.from_, meters[reach.meter], digits)
        return Reach(points=reach.points, meter=reach.meter, threshold=threshold)
    assert rule.unlock is not None
    if (entering := rule.entering) is not None:
        segment = f"segment/{entering.segment}"
        return Entering(segment=segment, reward=rule.unlock, once=entering.once)
    assert rule.every is not None
    return Every(meter=rule.every.meter, count=rule.every.count, reward=rule.unlock)


def _yearly(yearly: language.Yearly, *, reward: str) -> Yearly:
    on = _month_day(yearly.on) if yearly.on not in ("birthday", "joined") else yearly.on
    return Yearly(
        on=on,  # type: ignore[arg-type]  # What is no date is one of the two words.
        hour=yearly.hour,
        by_zone=yearly.zone,
        points=yearly.points or 0,
        reward=reward,
    )


def _ladder(tiers: language.Tiers, meter: language.Meter, digits: int) -> Ladder:
    held = tiers.held
    assert held is not None
    words: dict[str | None, Any] = {
        "end_of_window": "window",
        "end_of_next_window": "next_window",
        "rolling": "rolling",
        "forever": "forever",
        None: "for",
    }
    return Ladder(
        meter=tiers.meter,
        tiers=tuple(
            Tier(name=rung.tier, threshold=reading_of(rung.from_, meter, digits))
            for rung in tiers.ladder
        ),
        held=words[held.until],
        held_for=_span(held.for_),
        downgrade=tiers.downgrade,
        on_refund=tiers.on_refund,
        grace=_span(tiers.grace),
    )


def _reward(name: str, reward: language.Reward, places: dict[str, int], digits: int) -> Reward:
    asset, cost = next(iter(reward.costs.items())) if reward.costs else ("", None)
    return Reward(
        name=name,
        kind=reward.kind,
        text=reward.text,
        cost=cost,
        cost_asset=asset,
        lives=_span(reward.lapses_after),
        held_for=span_of(reward.hold),
        draws_codes=reward.codes == "loaded",
        low_at=reward.low_at,
        stock=reward.stock,
        per_member=reward.per_member,
        budget_minor=None if reward.budget is None else minor(reward.budget, digits),
        value_minor=0 if reward.value is None else minor(reward.value, digits),
        on_return=reward.on_return,
        match=Match(**_whom(reward.match, places)),
        on_refund=reward.on_refund,
    )
