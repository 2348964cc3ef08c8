"""What an order event does to an account: the difference between two levels.

An order is worth what its own program version gives, at its own tier and with its own
room under caps, on what is left of it. This posts that, less what it was given so far.
One way for first completions, edits, refunds, cancellations and completions after them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from patron.core.account import Counted, Given, OrderState
from patron.core.basis import Basket
from patron.core.caps import use_caps
from patron.core.clawback import take_back
from patron.core.decision import Proof
from patron.core.draft import Draft
from patron.core.expressions import meters_ask, order_facts
from patron.core.facts import TakenBack
from patron.core.matching import Selection, selection, units
from patron.core.meters import PUNCHES, counts_when, move_to, order_counts
from patron.core.orders import is_void, lines_left, shipping_left_minor
from patron.core.paying import PAID, settle_payment
from patron.core.periods import local_day
from patron.core.pools import free, rule_budgets, sums_by_rule, use_budgets, within_budgets
from patron.core.program import Facts, Meter, Program
from patron.core.rated import room_then, tier_then
from patron.core.reaching import settle_reached
from patron.core.refunding import worth_of_order
from patron.core.rewards import punch, unlock, unpunch
from patron.core.tiers import requalify
from patron.core.together import Circumstances, belongings_asked
from patron.core.wallets import split_assets

CHARGEBACK = "chargeback"  # The reason of a refund that frees nothing of what members share.


def settle_order(
    draft: Draft, order: OrderState, *, exchange: tuple[int, int] | None, reason: str
) -> None:
    """Post what `order` is worth now, less what it was given; `reason` is for what is revoked."""
    program = draft.program
    assert order.completed is not None
    # Its instant, version, tier, segments and room are those of its first completion, for ever.
    first_at = order.first_at or draft.at
    day = local_day(first_at, program.zone)
    if order.first_at is None:
        room = room_then(draft, day)
        version, tier = program.version, tier_then(draft)
        held = belongings_asked(program).intersection(draft.account.belongings)
    else:
        room, version, tier = dict(order.room), order.version, order.tier
        held = frozenset(order.held)

    shipping_minor = shipping_left_minor(order)
    basket = Basket(order.completed, lines_left(order), exchange, shipping_minor=shipping_minor)
    found = Circumstances(program.place(tier), day, held, basket.attributes)
    proofs = worth_of_order(program, order, basket, exchange=exchange, found=found, room=room)
    proofs = within_budgets(draft, proofs, order.given)
    draft.proofs.extend(proofs)
    # What it spends or gets back comes before what it earns or loses.
    order = settle_payment(draft, order, basket)
    given = _post(draft, order, proofs, day)
    _share(draft, order, given)
    is_known = draft.seq in order.entries
    opened_now = not is_known and any(lot.origin == draft.seq for lot in draft.opened)

    facts = order_facts(basket) if meters_ask(program) else None
    counted = order_counts(draft, basket, facts, proofs, first_at=first_at, day=day)
    move_to(draft, order.counted, counted)
    requalify(draft, of=first_at)
    settle_reached(draft, order=order.order)
    counted += _move_punches(draft, order, basket, facts, at=first_at, reason=reason)
    unlock(draft, order=order.order)
    draft.order = OrderState(
        order=order.order,
        completed=order.completed,
        # Its lines are read from the entry that brought them.
        seq=draft.seq if order.completed is draft.fact else order.seq,
        version=version,
        tier=tier,
        room=tuple(room.items()),
        refunded=order.refunded,
        cancelled_at=order.cancelled_at,
        given=given,
        counted=tuple(counted),
        entries=(*order.entries, draft.seq) if opened_now else order.entries,
        first_at=first_at,
        shipping_back_minor=order.shipping_back_minor,
        spent=order.spent,
        paid_points=order.paid_points,
        held=tuple(sorted(held)),
    )


def _share(draft: Draft, order: OrderState, given: Sequence[Given]) -> None:
    """What the order takes of pools now, and gives back: all that it used once it is void."""
    fact = draft.fact
    keeps = isinstance(fact, TakenBack) and fact.reason == CHARGEBACK
    if rule_budgets(draft.program):
        changes = sums_by_rule(given)
        changes.subtract(sums_by_rule(order.given))
        use_budgets(draft, changes, keeps=keeps)
    if not keeps and draft.state.ended and is_void(order):
        free(draft, order.order)


def _post(draft: Draft, order: OrderState, proofs: Sequence[Proof], day: date) -> tuple[Given, ...]:
    """Move the differences, clawbacks first and then credits, each in program order.

    Entries in a draw are no asset: a meter counts them, and nothing is moved.
    """
    before = {(given.rule, given.asset): given for given in order.given}
    if before and split_assets(draft.program):
        proofs = [*proofs, *_left_wallets(before, proofs)]
    written_off: dict[tuple[str, str], int] = {}
    changes: dict[tuple[str, str], int] = {}
    for proof in proofs:
        place = (proof.rule, proof.asset)
        held = before.get(place)
        if held is None:
            changes[place] = proof.amount
            continue
        # What was let go stays let go, until the order deserves it again.
        forgiven = min(held.written_off, max(0, held.amount - proof.amount))
        written_off[place] = forgiven
        changes[place] = proof.amount + forgiven - held.amount
    for proof in proofs:
        place = (proof.rule, proof.asset)
        if changes[place] < 0 and proof.asset in draft.program.assets:
            kept = claw_back(draft, order, proof, -changes[place])
            written_off[place] += kept
            changes[place] += kept
    given = []
    by_rule: dict[str, int] = {}
    for proof in proofs:
        rule, asset = place = (proof.rule, proof.asset)
        if changes[place] > 0 and asset in draft.program.assets:
            draft.credit(asset, changes[place], rule=rule, order=order.order)
        by_rule[rule] = by_rule.get(rule, 0) + changes[place]
        forgiven = written_off.get(place, 0)
        if proof.amount or forgiven:
            given.append(Given(rule, asset, proof.amount + forgiven, forgiven))
    use_caps(draft.program, draft.used, day, by_rule)
    return tuple(given)


def _left_wallets(before: Mapping[tuple[str, str], Given], proofs: Sequence[Proof]) -> list[Proof]:
    """Of wallets that an edit has moved the order out of: it is worth nothing there now."""
    places = {(proof.rule, proof.asset) for proof in proofs}
    return [Proof(rule, asset, 0) for rule, asset in before if (rule, asset) not in places]


def claw_back(draft: Draft, order: OrderState, proof: Proof, amount: int) -> int:
    """Take back what the order no longer deserves; return what it keeps for want of points.

    It keeps that as given, so that a completion after a cancellation cannot pay it twice.
    """
    entries = order.entries
    # Points that paid and came back were never earned by the order, whose entry opens them.
    own = (lot for lot in draft.all_lots() if lot.origin in entries and lot.rule != PAID)
    return take_back(draft, proof, amount, own=own, order=order.order)


def _move_punches(
    draft: Draft,
    order: OrderState,
    basket: Basket,
    facts: Facts | None,
    *,
    at: datetime,
    reason: str,
) -> list[Counted]:
    meters = punch_meters(draft.program)
    if not meters:
        return []

    before = {c.meter: c.amount for c in order.counted if c.window == PUNCHES}
    counted = []
    for meter, chosen in meters:
        now = units(basket, chosen) if counts_when(meter, facts) else 0
        change = now - before.get(meter.name, 0)
        kept = 0
        if change > 0:
            punch(draft, meter, change, cause=order.order, at=at)
        elif change < 0:
            kept = unpunch(draft, meter, -change, cause=order.order, reason=reason)
        if now + kept:
            # What was kept counts as used by this order, so that it cannot be had again.
            counted.append(Counted(meter.name, PUNCHES, now + kept))
    return counted


@lru_cache(maxsize=256)
def punch_meters(program: Program) -> tuple[tuple[Meter, Selection], ...]:
    """The meters whose punches come from orders."""
    meters = (m for m in program.meters.values() if m.punches and m.counts == "units")
    return tuple((meter, selection(meter.match)) for meter in meters)
