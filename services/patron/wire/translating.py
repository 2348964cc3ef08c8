"""Events of the contract as facts of the core: money to minor units, time to UTC.

Nothing personal passes: identifiers become keyed hashes, and a person's data stays here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from patron.core import facts
from patron.core.facts import EventName, Who
from patron.wire.identity import Hasher
from patron.wire.reasons import Reason, Unreadable
from patron_schemas import engagements, members, purchases, requests
from patron_schemas.envelope import CloudEvent
from patron_schemas.money import MINOR_DIGITS

MILLI_DIGITS = 3


@lru_cache(maxsize=1 << 16)
def scaled(text: str, digits: int) -> int:
    """Decimal text as an integer of 10^-digits. Prices repeat, so results are kept."""
    whole, _, part = text.partition(".")
    if len(part) > digits:
        part, rest = part[:digits], part[digits:]
        if rest.strip("0"):
            raise Unreadable(Reason.TOO_MANY_DIGITS)
    return int(whole + part.ljust(digits, "0"))


def minor_digits(currency: str) -> int:
    """How many digits a currency has after the point."""
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise Unreadable(Reason.CONTRACT, "data.currency: no currency of ISO 4217")
    return digits


def fact_of(event: CloudEvent, hasher: Hasher) -> facts.Fact:
    """The fact that an event of the contract states. Raises `Unreadable`."""
    name = EventName(event.tenant, event.source, event.id)
    data = event.data  # type: ignore[attr-defined]
    translate = _TRANSLATIONS.get(type(data))
    if translate is None:
        raise Unreadable(Reason.UNSUPPORTED)
    return translate(name, event.time.astimezone(UTC), data, hasher)


def whose(data: Any, hasher: Hasher) -> Who | None:
    """The member that an event names, if it names one."""
    if data.member is not None:
        return Who("id", data.member)
    if data.identifier is not None:
        return hasher.who(data.identifier.kind, data.identifier.value)

    return None


def _order_completed(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.OrderCompleted:
    digits = minor_digits(data.currency)
    return facts.OrderCompleted(
        name,
        at,
        whose(data, hasher),
        data.order,
        data.currency,
        _lines(data, digits),
        _rate(data.rate),
        scaled(data.shipping, digits) if data.shipping else 0,
        tuple([facts.Payment(p.method, scaled(p.amount, digits)) for p in data.payments]),
        _pairs(data.attributes),
        digits,
    )


def _line(line: Any, place: int, digits: int) -> facts.Line:
    paid_minor = scaled(line.paid, digits)
    return facts.Line(
        line.line or str(place),
        line.sku,
        line.category,
        scaled(line.quantity, MILLI_DIGITS),
        paid_minor,
        paid_minor if line.list is None else scaled(line.list, digits),
        scaled(line.tax, digits) if line.tax else 0,
        line.kind,
        _pairs(line.attributes) if line.attributes else (),
    )


def basket_of(
    name: EventName, at: datetime, data: requests.PriceAsked, who: Who
) -> facts.OrderCompleted:
    """A basket as the order that it would be: paid as its lines cost otherwise."""
    digits = minor_digits(data.currency)
    return facts.OrderCompleted(
        name,
        at,
        who,
        "",
        data.currency,
        _lines(data, digits),
        shipping_minor=scaled(data.shipping, digits) if data.shipping else 0,
        attributes=_pairs(data.attributes),
        currency_digits=digits,
    )


def _lines(data: Any, digits: int) -> tuple[facts.Line, ...]:
    lines = tuple([_line(line, place, digits) for place, line in enumerate(data.lines, start=1)])
    if len({line.line for line in lines}) < len(lines):
        raise Unreadable(Reason.DUPLICATE_LINE)
    return lines


def _rate(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None

    whole, _, part = text.partition(".")
    units = int(whole + part)
    if units == 0:
        raise Unreadable(Reason.CONTRACT, "data.rate: a rate of 0 divides nothing")
    return units, 10 ** len(part)


def _pairs(attributes: dict[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(attributes.items())) if attributes else ()


def _order_refunded(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.OrderRefunded:
    return refund_of(name, at, data, whose(data, hasher))


def refund_of(name: Any, at: Any, data: Any, who: Who | None) -> facts.OrderRefunded:
    """A refund of whoever it is said to be."""
    digits = minor_digits(data.currency)
    lines = tuple(
        facts.RefundedLine(
            part.line,
            0 if part.amount is None else scaled(part.amount, digits),
            scaled(part.quantity, MILLI_DIGITS),
            part.amount is None,
        )
        for part in data.lines
    )
    amount = scaled(data.amount, digits) if data.amount else 0
    return facts.OrderRefunded(
        name,
        at,
        who,
        data.order,
        lines,
        amount,
        data.reason,
        data.currency,
        scaled(data.shipping, digits) if data.shipping else 0,
        data.cumulative,
    )


def _order_cancelled(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.OrderCancelled:
    return facts.OrderCancelled(name, at, whose(data, hasher), data.order, data.reason)


_NOT_ATTRIBUTES = {"member", "identifier", "subject"}


def _engaged(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.Engaged:
    if isinstance(data, engagements.ActionDone):
        action, attributes = data.action, _pairs(data.attributes)
    else:
        action = engagements.ACTION_OF[type(data)]
        attributes = tuple(
            sorted(
                (field, value)
                for field, value in data
                if field not in _NOT_ATTRIBUTES and value is not None and value != ""
            )
        )
    return facts.Engaged(name, at, whose(data, hasher), action, data.subject, attributes)


def _identifiers(data: Any, hasher: Hasher) -> tuple[Who, ...]:
    return tuple(hasher.who(known.kind, known.value) for known in data.identifiers)


def _enrolled(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.MemberEnrolled:
    return facts.MemberEnrolled(
        name,
        at,
        Who("id", data.member),
        _identifiers(data, hasher),
        data.birthday or "",
        data.zone,
        tuple(sorted(data.consents)),
    )


def _linked(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.IdentifiersLinked:
    return facts.IdentifiersLinked(name, at, Who("id", data.member), _identifiers(data, hasher))


def _profile(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.ProfileChanged:
    consents = None if data.consents is None else tuple(sorted(data.consents))
    who = Who("id", data.member)
    return facts.ProfileChanged(name, at, who, data.birthday or "", data.zone, consents)


def _merged(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.MemberMerged:
    return facts.MemberMerged(name, at, Who("id", data.member), Who("id", data.into))


def _erased(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.MemberErased:
    return facts.MemberErased(name, at, _sure(data, hasher))


def _sure(data: Any, hasher: Hasher) -> Who:
    who = whose(data, hasher)
    assert who is not None, "the contract asks for a member"
    return who


def _redeem(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.RedeemAsked:
    return facts.RedeemAsked(
        name,
        at,
        _sure(data, hasher),
        data.asset,
        data.amount or 0,
        data.reward,
        data.order,
        scaled(data.total, minor_digits(data.currency)) if data.total else 0,
    )


def _reserve(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.ReserveAsked:
    who = _sure(data, hasher)
    return facts.ReserveAsked(name, at, who, data.asset, data.amount or 0, data.reward)


def _confirm(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.ConfirmAsked:
    return facts.ConfirmAsked(name, at, _sure(data, hasher), data.reservation, data.order)


def _cancel(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.CancelAsked:
    return facts.CancelAsked(name, at, _sure(data, hasher), data.reservation)


def _transfer(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.TransferAsked:
    giver, taker = _sure(data, hasher), _sure(data.to, hasher)
    return facts.TransferAsked(name, at, giver, taker, data.asset, data.amount)


def _adjust(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.AdjustAsked:
    who = _sure(data, hasher)
    return facts.AdjustAsked(name, at, who, data.asset, data.amount, data.reason, data.operator)


def _freeze(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.FreezeAsked:
    return facts.FreezeAsked(name, at, _sure(data, hasher), data.frozen, data.reason)


def _refer(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.ReferAsked:
    return facts.ReferAsked(name, at, _sure(data, hasher), data.referrer)


def _draw_closed(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.DrawClosed:
    return facts.DrawClosed(name, at, data.draw, data.seed)


def _share_out_closed(name: Any, at: Any, data: Any, hasher: Hasher) -> facts.ShareOutClosed:
    return facts.ShareOutClosed(name, at, data.share_out, data.amount)


_TRANSLATIONS: dict[type, Callable[[Any, Any, Any, Hasher], facts.Fact]] = {
    purchases.OrderCompleted: _order_completed,
    purchases.OrderRefunded: _order_refunded,
    purchases.OrderCancelled: _order_cancelled,
    members.MemberEnrolled: _enrolled,
    members.IdentifiersLinked: _linked,
    members.ProfileChanged: _profile,
    members.MemberMerged: _merged,
    members.MemberErased: _erased,
    requests.RedeemAsked: _redeem,
    requests.ReserveAsked: _reserve,
    requests.ConfirmAsked: _confirm,
    requests.CancelAsked: _cancel,
    requests.TransferAsked: _transfer,
    requests.AdjustAsked: _adjust,
    requests.FreezeAsked: _freeze,
    requests.ReferAsked: _refer,
    requests.DrawClosed: _draw_closed,
    requests.ShareOutClosed: _share_out_closed,
    engagements.ActionDone: _engaged,
    **dict.fromkeys(engagements.ACTION_OF, _engaged),
}
