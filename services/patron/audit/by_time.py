"""Accounts to which facts came late: all facts by their time, with answers as they stand.

Time passes here by the model's own reckoning, since what the entries say of it was true
of the account as it was before the late fact.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from patron.audit import belonging, sharing, yearly
from patron.audit.calendar import NEVER
from patron.audit.counting import LONG_AGO
from patron.audit.facts import ORDERS, REQUESTS, Event
from patron.audit.model import Model
from patron.audit.programs import Terms

LATE = (*ORDERS, "engaged", "enrolled", "profile")
OWN_ENTRIES = 1_000_000_000  # What time does here has no entry: numbers of its own.


def has_late(terms: Mapping[int, Terms], events: Sequence[Event]) -> bool:
    """Whether an event came after a later one, and its program goes back for it."""
    return any(True for _ in _late(terms, events))


def _late(terms: Mapping[int, Terms], events: Sequence[Event]) -> Iterator[int]:
    """The places of those events that came after a later one."""
    latest = LONG_AGO
    for place, event in enumerate(events[: _merge(events)]):
        is_late = event.kind in LATE and event.told_at < latest and event.at < latest
        if is_late and terms[event.version].document.late == "retroactive":
            yield place
        latest = max(latest, event.at)


def _merge(events: Sequence[Event]) -> int:
    """Where an account first takes another over: from there on its facts act as they come."""
    return next((n for n, event in enumerate(events) if event.takes_over), len(events))


def account(
    terms: Mapping[int, Terms], events: Sequence[Event], closed: Callable[[Event], Model]
) -> Model:
    """The account that these events leave; `closed` knows what a merge takes over."""
    model, place = Model(terms), 0
    if has_late(terms, events):
        place = _merge(events)
        model = modelled(terms, events[:place])
    for event in events[place:]:
        model.apply(event, closed=closed(event) if event.takes_over else None)
    return model


def modelled(terms: Mapping[int, Terms], events: Sequence[Event]) -> Model:
    """The account that all events by time leave.

    What members share is counted in order of arrival. So what each event had of it when it
    came is worked out by folding all that was there by then, and it never has more of it.
    """
    had: dict[int, dict[str, int]] = {}  # Entry → rule → what it has.
    freed: set[str] = set()  # Requests whose claims were freed when their order came back.
    if any(_shares(each) for each in terms.values()):
        claimed = {event.fields["order"] for event in events if event.fields.get("order")
                   and event.kind in ("redeem", "confirm")}  # fmt: skip
        late = set(_late(terms, events))
        for place, event in enumerate(events):
            is_return = event.kind in ("refunded", "cancelled") and event.fields["order"] in claimed
            if place not in late and not is_return:
                continue
            _folded(terms, events[:place], had)
            fold = _folded(terms, events[: place + 1], had, newest=event)
            if is_return:
                freed |= {
                    request for request, by in fold.freed.items()
                    if by.seq == event.seq
                    or (place in late and by.fields["order"] == event.fields["order"])
                }  # fmt: skip
    model = _folded(terms, events, had)
    for grant in model.cards.grants:
        if grant.request in freed:
            grant.state = "revoked"
        elif grant.request in model.freed:
            grant.state = "claimed"
    model.by_time, model.had_late = False, True
    return model


def _shares(terms: Terms) -> bool:
    document = terms.document
    return any(
        rule.budget is not None
        or (rule.per_event is not None and rule.per_event.once_for == "program")
        for rule in document.rules
    ) or any(
        limit is not None
        for reward in document.rewards.values()
        for limit in (reward.stock, reward.budget, reward.per_member)
    )


def _folded(
    terms: Mapping[int, Terms],
    events: Sequence[Event],
    had: dict[int, dict[str, int]],
    *,
    newest: Event | None = None,
) -> Model:
    """All these events by time; `had` learns what each has now of what is shared.

    The `newest` asks what is left, and so does what comes after it of its order.
    """
    model = Model(terms, by_time=True)
    if not events:
        return model
    until = max(event.at for event in events)
    model.meters.joined_at = min(when(event) for event in events)
    waiting: list[Event] = []
    asking: Event | None = None  # From the newest on.
    for event in sorted(events, key=lambda event: (when(event), event.seq)):
        if event.kind == "time":
            continue
        if event is newest:
            asking = newest
        elif event.seq in had:
            event = event._replace(stands=_stands(terms, event, had[event.seq], asking))
        if event.kind in ("refunded", "cancelled") and event.fields["order"] not in model.orders:
            waiting.append(event)
            continue
        _put(model, event)
        if event.kind == "completed":
            for late in [e for e in waiting if e.fields["order"] == event.fields["order"]]:
                waiting.remove(late)
                _put(model, late._replace(at=max(late.at, event.at)))
    _pass(model, until)
    had |= {event.seq: dict(model.had.get(event.seq, {})) for event in events}
    model.last = max(event.seq for event in events)
    return model


def _stands(
    terms: Mapping[int, Terms], event: Event, had: Mapping[str, int], asking: Event | None
) -> Mapping[str, int]:
    if asking is None or event.kind not in ORDERS or asking.kind not in ORDERS:
        return had
    if asking.fields["order"] != event.fields["order"]:
        return had
    rules = terms[event.version].document.rules
    more = {r.rule: sharing.left_of(r, asking) for r in rules if r.budget is not None}
    return {rule: had.get(rule, 0) + left for rule, left in more.items()}


def when(event: Event) -> datetime:
    """Where an event stands in time: requests, merges and erasures at their account's."""
    return event.at if event.kind in (*REQUESTS, "merged", "erased") else event.told_at


def _put(model: Model, event: Event) -> None:
    at = max(when(event), event.at) if event.kind in ORDERS else when(event)
    _pass(model, at)
    model.apply(event)


def _pass(model: Model, until: datetime) -> None:
    """Let everything that ends or starts up to an instant do so, one after the other."""
    done = LONG_AGO
    while True:
        instant = min((at for at in _instants(model) if at > done), default=NEVER)
        if instant > until or instant == NEVER:
            _end(model, until)
            return
        done = instant
        model.passed += 1
        time = Event(
            OWN_ENTRIES + model.passed, "time", instant, instant, "", "", "", model.version, {}
        )
        model.time_reached(time, awards=model.at < instant)


def _end(model: Model, until: datetime) -> None:
    """What had ended before it came is gone, too: points that live with an activity of long ago."""
    terms = model.terms.get(model.version)
    if terms is not None:
        model.wallet.expire(until, lambda lot: model.real_end(terms, lot))


def _instants(model: Model) -> Iterator[datetime]:
    """When time will do something to the account, as it is."""
    terms = model.terms.get(model.version)
    for lot in model.wallet.lots if terms else ():
        if lot.remaining and lot.compartment != "reserved":
            assert terms is not None
            yield model.real_end(terms, lot)
            if lot.compartment == "pending" and not model.frozen:
                assert lot.activates_at is not None
                yield lot.activates_at
    for living in model.cards.punches.values():
        yield from (punch.lapses_at for punch in living)
    for grant in model.cards.grants:
        if grant.state in ("unlocked", "reserved"):
            yield grant.held_until if grant.state == "reserved" else grant.lapses_at
    for held in model.qualifications:
        yield held.ends_at
        yield held.held_until
    if terms is not None:
        yield from yearly.ahead(model, terms)
        yield from belonging.ahead(model, terms)
