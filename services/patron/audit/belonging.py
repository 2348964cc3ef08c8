"""Segments and entitlements: what a member is in, by the words of the program."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from patron.audit import calendar
from patron.audit.calendar import NEVER
from patron.audit.facts import ORDERS, Event
from patron.audit.programs import Terms
from patron_schemas.program import Reward, Rule, Whom
from patron_schemas.program_belongings import Ages, Condition

if TYPE_CHECKING:
    from patron.audit.model import Model


def seen_by(terms: Terms, held: Collection[str]) -> Terms:
    """The program as who is in these sees it: without the rules and prices for others."""
    document = terms.document
    rules = tuple(rule for rule in document.rules if is_for(rule.match, held))
    prices = tuple(price for price in document.prices if is_for(price.match, held))
    mine = {"rules": rules, "prices": prices}
    return terms._replace(document=document.model_copy(update=mine))


def is_for(whom: Whom, held: Collection[str]) -> bool:
    """Whether somebody in these segments and entitlements is meant."""
    segments = whom.segment is None or any(f"segment/{each}" in held for each in whom.segment)
    return segments and (
        whom.entitlement is None or any(f"entitlement/{each}" in held for each in whom.entitlement)
    )


def may_buy(model: Model, terms: Terms, reward: Reward) -> bool:
    """Whether a reward is for a member as it stands now."""
    whom = reward.match
    of_tier = whom.tier is None or model.tier_now(terms) in whom.tier
    return of_tier and is_for(whom, model.belongings)


def _ages(condition: Condition) -> dict[str, Ages | None]:
    return {
        "last_order": condition.last_order,
        "last_activity": condition.last_activity,
        "joined": condition.joined,
    }


def _since(model: Model) -> dict[str, datetime]:
    since = {"joined": model.meters.joined_at, "last_activity": model.active_at}
    return since | ({"last_order": model.ordered_at} if model.ordered_at else {})


def ahead(model: Model, terms: Terms) -> Iterator[datetime]:
    """Every instant at which a condition could begin or cease to hold by time alone."""
    yield from model.belongings.values()
    entitlements = terms.document.entitlements.values()
    conditions = [*terms.document.segments.values(), *(each.while_ for each in entitlements)]
    since = _since(model)
    for condition in conditions:
        for of, asked in _ages(condition).items():
            for span in (asked.at_least, asked.below) if asked and of in since else ():
                if span is not None:
                    yield calendar.plus(since[of], span, terms.zone)
        for meter in condition.meters:
            yield from model.meters.ends(terms, meter)


@dataclass
class Look:
    """A member at one instant, and what conditions say of it."""

    model: Model
    terms: Terms
    now: datetime

    def holds(self, condition: Condition, names: Collection[str], *, ages: bool = True) -> bool:
        """Whether a condition holds for who is in these segments; without `ages`, but for those."""
        if condition.tier is not None and self.model.tier_now(self.terms) not in condition.tier:
            return False
        if not set(names) >= set(condition.segment or ()):
            return False
        for meter in condition.meters:
            if not self._meets(condition, meter):
                return False
        since = _since(self.model)
        asked = [(since.get(of), each) for of, each in _ages(condition).items() if each]
        return not ages or all(self._is_old(start, each) for start, each in asked)

    def _meets(self, condition: Condition, meter: str) -> bool:
        amounts = condition.meters[meter]
        is_money = self.terms.document.meters[meter].counts == "basis"
        value = self.model.meters.shows_now(self.terms, meter, self.now)
        for text, is_floor in ((amounts.at_least, True), (amounts.below, False)):
            if text is not None:
                limit = self.terms.minor(text) if is_money else int(text)
                if (value >= limit) != is_floor:
                    return False
        return True

    def _is_old(self, start: datetime | None, ages: Ages) -> bool:
        if start is None:
            return False
        zone = self.terms.zone
        if ages.at_least is not None and self.now < calendar.plus(start, ages.at_least, zone):
            return False
        return ages.below is None or self.now < calendar.plus(start, ages.below, zone)

    def segments(self) -> set[str]:
        """The names of the segments whose conditions hold."""
        names: set[str] = set()
        for name, segment in self.terms.document.segments.items():
            if self.holds(segment, names):
                names.add(name)
        return names


def settle(model: Model, terms: Terms, event: Event) -> None:
    """Begin and end what begins and ends with an entry, and give what entering gives."""
    look = Look(model, terms, model.at)
    before, left, said = set(model.belongings), dict(model.belongings), model.notices
    names = look.segments()
    for name in terms.document.segments:
        key = f"segment/{name}"
        if name in names:
            if key not in left:
                said.append(("segment.entered", name))
            left[key] = NEVER
        elif left.pop(key, None) is not None:
            said.append(("segment.left", name))
    for name, entitlement in terms.document.entitlements.items():
        key = f"entitlement/{name}"
        if look.holds(entitlement.while_, names):
            if key not in left:
                said.append(("entitlement.began", name))
            left[key] = NEVER
        elif left.get(key) == NEVER and entitlement.grace is not None:
            left[key] = calendar.plus(model.at, entitlement.grace, terms.zone)
            said.append(("entitlement.ending", name))
        elif key in left and (left[key] == NEVER or left[key] <= model.at):
            del left[key]
            said.append(("entitlement.ended", name))
    model.belongings = left
    for rule in terms.document.rules:
        if rule.entering is None:
            continue
        key = f"segment/{rule.entering.segment}"
        if key in left and key not in before:
            _entered(model, terms, rule, event)
        elif key in before and key not in left and event.kind in ORDERS:
            segment = terms.document.segments[rule.entering.segment]
            if not look.holds(segment, names, ages=False):
                _undeserved(model, terms, rule)


def _entered(model: Model, terms: Terms, rule: Rule, event: Event) -> None:
    assert rule.entering is not None
    if model.idle_enterings.get(rule.rule):
        if rule.entering.once == "never":
            model.idle_enterings[rule.rule] -= 1
        return
    order = event.fields["order"] if event.kind == "completed" else ""
    model.cards.give(terms, rule, event.seq, at=event.at, order=order)
    if rule.entering.once == "ever":
        model.idle_enterings[rule.rule] = 1


def _undeserved(model: Model, terms: Terms, rule: Rule) -> None:
    """An unclaimed reward goes back; else the next entering gives none."""
    assert rule.entering is not None
    assert rule.unlock is not None
    mine = [g for g in model.cards.grants if g.rule == rule.rule and g.state == "unlocked"]
    if not mine or terms.document.rewards[rule.unlock].on_refund == "keep":
        give_none(model, rule)
        return
    max(mine, key=lambda grant: (grant.unlocked_at, grant.seq, grant.n)).state = "revoked"
    if rule.entering.once == "ever":
        model.idle_enterings[rule.rule] = 0


def give_none(model: Model, rule: Rule) -> None:
    """Its reward is out already: the next entering gives none, or no entering does."""
    assert rule.entering is not None
    more = 1 if rule.entering.once == "ever" else model.idle_enterings.get(rule.rule, 0) + 1
    model.idle_enterings[rule.rule] = more
