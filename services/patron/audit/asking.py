"""Requests: what each asks for, whether it is had, and what it moves.

A refused request has an entry and moves nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from patron.audit import belonging, calendar, closing, ends, paying, sharing
from patron.audit.calendar import NEVER
from patron.audit.cards import Grant
from patron.audit.facts import Event
from patron.audit.programs import Terms

if TYPE_CHECKING:
    from patron.audit.model import Model

AMOUNT_HELD_FOR = "PT15M"
ADJUSTED = "adjusted"


def answer(model: Model, terms: Terms, event: Event) -> None:
    """Act on a request, at its account's time."""
    if event.kind in ("draw_won", "share_given"):
        closing.give(model, terms, event)
        return
    model.notices.append(("request.answered", event.id))
    if model.by_time and not (event.granted or event.received):
        return  # It was refused, and that stands.
    match event.kind:
        case "redeem" | "reserve" if model.by_time or not model.frozen:
            _spend(model, terms, event)
        case "confirm" if model.by_time or not model.frozen:
            _confirm(model, terms, event)
        case "cancel":
            _cancel(model, event)
        case "transfer":
            _transfer(model, terms, event)
        case "adjust":
            _adjust(model, terms, event)
        case "freeze":
            _freeze(model, terms, event)


def lapse(model: Model, seq: int, now: datetime) -> None:
    """Reservations whose time is over: what they set aside goes back."""
    for grant in model.cards.grants:
        if grant.state == "reserved" and grant.held_until <= now:
            _let_go(model, seq, grant, state="lapsed")


def _spend(model: Model, terms: Terms, event: Event) -> None:
    """Redeem or reserve: an amount, a reward that is unlocked, or one that is bought."""
    name = event.fields["reward"]
    if not name:
        if event.kind == "redeem" and paying.redeem(model, terms, event):
            return
        _spend_amount(model, terms, event)
        return
    reward = terms.document.rewards.get(name)
    if reward is None or not (model.by_time or sharing.may_have(model, terms, event, name)):
        return

    held_until = calendar.plus(model.at, reward.hold, terms.zone)
    if model.by_time:
        _spend_again(model, terms, event, held_until)
        return
    mine = [g for g in model.cards.grants if g.state == "unlocked" and g.reward == name]
    if mine:
        grant = min(mine, key=oldest)
        # Setting it aside makes no reward live longer.
        _take_grant(terms, grant, event, min(held_until, grant.lapses_at))
        return
    if reward.costs is None or not belonging.may_buy(model, terms, reward):
        return

    ((asset, cost),) = reward.costs.items()
    if _set_aside(model, event, asset, cost):
        grant = _granted(model, event, name)
        _take_grant(terms, grant, event, held_until)


def oldest(grant: Grant) -> tuple[datetime, datetime, int, int]:
    """Which of several is used first."""
    return grant.lapses_at, grant.unlocked_at, grant.seq, grant.n


def _spend_again(model: Model, terms: Terms, event: Event, held_until: datetime) -> None:
    """A reward that was granted is granted again, the way it was."""
    name = event.fields["reward"]
    if event.told["grant"].startswith(f"{event.seq}-"):
        costs = terms.document.rewards[name].costs
        assert costs is not None
        ((asset, cost),) = costs.items()
        _set_aside(model, event, asset, cost)
        _take_grant(terms, _granted(model, event, name), event, held_until)
        return
    mine = [g for g in model.cards.grants if g.state == "unlocked" and g.reward == name]
    if "held_until" in event.told:
        held_until = datetime.fromisoformat(event.told["held_until"])
    if mine:
        _take_grant(terms, min(mine, key=oldest), event, held_until)
        return
    # It is not deserved any more: its card is used up all the same.
    grant = _granted(model, event, name)
    grant.was_unlocked = True
    grant.punches = model.cards.use_up(terms, name)
    rules = [rule for rule in terms.document.rules if rule.unlock == name]
    if rules and not any(rule.every for rule in rules) and rules[0].entering:
        belonging.give_none(model, rules[0])
    _take_grant(terms, grant, event, held_until)


def _spend_amount(model: Model, terms: Terms, event: Event) -> None:
    asset, amount = event.fields["asset"], event.fields["amount"]
    if not _spendable(model, terms, asset) or not _set_aside(model, event, asset, amount):
        return
    if event.kind == "reserve":
        held_until = calendar.plus(model.at, AMOUNT_HELD_FOR, terms.zone)
        _take_grant(terms, _granted(model, event, ""), event, held_until)


def _spendable(model: Model, terms: Terms, asset: str) -> bool:
    """Whether there is such an asset, and it was not given away."""
    return terms.knows(asset) and (model.by_time or not terms.asset(asset).donation)


def _set_aside(model: Model, event: Event, asset: str, amount: int) -> bool:
    """Spend an amount or set it aside, if it is there."""
    lots = model.wallet.of(asset, "available")
    if event.kind in ("redeem", "reserve"):
        lots = model.wallet.reach(asset)
    held = sum(lot.remaining for lot in lots)
    if held < amount:
        if not model.by_time:
            return False
        missing = amount - held
        model.wallet.debt[asset] = model.wallet.debt.get(asset, 0) + missing
        amount -= missing
        if event.kind == "reserve":
            model.wallet.open(
                event.seq, asset=asset, compartment="reserved", expires_at=NEVER,
                earned_at=model.at, amount=missing, rule="borrowed", origin=event.seq,
            )  # fmt: skip
    if event.kind == "reserve":
        grant = (event.seq, model.cards.next_n(event.seq))
        model.wallet.reserve(event.seq, asset, amount, held_by=grant)
    else:
        model.wallet.spend(asset, amount, lots=lots)
    return True


def _granted(model: Model, event: Event, reward: str) -> Grant:
    n = model.cards.next_n(event.seq)
    grant = Grant(reward, event.seq, n, "unlocked", model.at, NEVER)
    model.cards.grants.append(grant)
    return grant


def _take_grant(terms: Terms, grant: Grant, event: Event, held_until: datetime) -> None:
    grant.request = event.id
    if event.kind == "reserve":
        grant.state, grant.held_until = "reserved", held_until
    else:
        grant.state, grant.used_on = "claimed", event.fields["order"]
        grant.shares = sharing.shares_of(terms, grant.reward)


def _reservation(model: Model, event: Event) -> Grant | None:
    for grant in model.cards.grants:
        if grant.state == "reserved" and grant.request == event.fields["reservation"]:
            return grant
    return None


def _confirm(model: Model, terms: Terms, event: Event) -> None:
    grant = _reservation(model, event)
    # Who held the pool after the reservation had lapsed may have taken its share.
    if grant is None:
        return
    if grant.reward and not model.by_time and not sharing.is_there(terms, event, grant.reward):
        return
    grant.state, grant.used_on = "claimed", event.fields.get("order", "")
    grant.shares = sharing.shares_of(terms, grant.reward)
    model.wallet.use_up(reserved_by=(grant.seq, grant.n))


def _cancel(model: Model, event: Event) -> None:
    grant = _reservation(model, event)
    if grant is not None:
        _let_go(model, event.seq, grant, state="cancelled")


def _let_go(model: Model, seq: int, grant: Grant, *, state: str) -> None:
    """An unlocked reward is unlocked again; what was set aside can be spent again."""
    grant.held_until = NEVER
    grant.request = ""
    if grant.was_unlocked:
        grant.state = "unlocked"
        return
    grant.state = state
    model.wallet.give_back(seq, reserved_by=(grant.seq, grant.n))


def _transfer(model: Model, terms: Terms, event: Event) -> None:
    """The giver's soonest-ending lots; the receiver's entry says which it got."""
    asset, amount = event.fields["asset"], event.fields["amount"]
    if event.received:
        begins_anew = terms.document.transfers and terms.document.transfers.expiry == "new"
        for part in event.received:
            end = ends.end_of(terms, asset, event.at) if begins_anew else part.expires_at
            model.wallet.open(
                event.seq, asset=asset, compartment="available", expires_at=end,
                earned_at=part.earned_at, amount=part.amount, rule=part.rule, origin=event.seq,
            )  # fmt: skip
        return
    to_oneself = event.fields["to"] == event.fields["member"]
    if model.by_time:
        _set_aside(model, event, asset, amount)
        return
    if model.frozen or to_oneself or not _spendable(model, terms, asset):
        return
    # Whether the receiver could take it is written in the receiver's account alone.
    if event.met and model.wallet.held(asset) >= amount:
        model.wallet.spend(asset, amount)


def _freeze(model: Model, terms: Terms, event: Event) -> None:
    """What was kept back while the account was frozen is let out."""
    was, model.frozen = model.frozen, event.fields["frozen"]
    if was and not model.frozen:
        model.wallet.activate(event.seq, model.at)


def _adjust(model: Model, terms: Terms, event: Event) -> None:
    asset, amount = event.fields["asset"], event.fields["amount"]
    if not terms.knows(asset):
        return
    if amount < 0:
        _set_aside(model, event, asset, -amount)
        return
    model.credit(terms, event.seq, asset, amount, ADJUSTED, model.at)
