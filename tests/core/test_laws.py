"""Laws: what holds for every program and every history, looked for where nobody looks."""

from collections import defaultdict
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.grocery import Till, bought, named, returned, voided
from core.histories import HISTORIES, OWNERS, baskets, histories, many, programs
from patron.core.account import AVAILABLE, PENDING, RESERVED, State
from patron.core.caps import room_left
from patron.core.decide import decide
from patron.core.decision import Decision
from patron.core.draft import spending_order
from patron.core.facts import (
    AdjustAsked,
    Engaged,
    Fact,
    Line,
    OrderCompleted,
    RedeemAsked,
    Request,
    ReserveAsked,
    TransferAsked,
)
from patron.core.late import is_late
from patron.core.ledger import postings
from patron.core.periods import local_day
from patron.core.program import Program
from patron.core.timing import next_instant
from patron.engine.decided import Decided

MEMBERS = ("ann", "bob")


def played(program: Program, facts: list[Fact]) -> Till:
    """A till after these facts; what is unfit or waits is no matter here."""
    till = Till(program)
    for fact in facts:
        till.offer(fact)
    return till


def end_of(facts: list[Fact]) -> datetime:
    return max(fact.at for fact in facts)


def is_others(kept: Decided) -> bool:
    """Whether this is the taker's entry of a transfer."""
    return isinstance(kept.decision.fact, TransferAsked) and kept.member != "ann"


# The ledger.


def moved(till: Till) -> dict[tuple[str, str], int]:
    """What all postings together leave, by member and place."""
    places: dict[tuple[str, str], int] = defaultdict(int)
    for kept in till.book.decided:
        giver = "transferred" if is_others(kept) else "issuer"
        for _, source, to, amount in postings(
            kept.decision.opened, kept.decision.takes, giver=giver
        ):
            assert amount > 0
            places[kept.member, source] -= amount
            places[kept.member, to] += amount
    return places


@settings(
    many, max_examples=HISTORIES * 3 // 2
)  # Debt that is paid off is rare, and first to go wrong.
@given(programs(), histories(late=True))
def test_balances_are_what_the_postings_and_the_lots_say(
    program: Program, facts: list[Fact]
) -> None:
    till = played(program, facts)
    places = moved(till)
    assert sum(places.values()) == 0
    assert sum(places[member, "transferred"] for member in MEMBERS) == 0
    for member in MEMBERS:
        balance, lots = till.balance(member), till.lots(member)
        assert min(balance) >= 0
        assert len({(lot.seq, lot.n) for lot in lots}) == len(lots)
        for compartment in (AVAILABLE, PENDING, RESERVED):
            held = [lot.remaining for lot in lots if lot.compartment == compartment]
            assert getattr(balance, compartment) == sum(held) == places[member, compartment]
        assert balance.debt == -places[member, "debt"]
        # What is owed is paid with the first point that is there to spend.
        assert not (balance.debt and balance.available)


@many
@given(programs(), histories(late=True))
def test_no_lot_gives_more_than_it_had(program: Program, facts: list[Fact]) -> None:
    till = played(program, facts)
    opened: dict[tuple[str, int, int], int] = {}
    for kept in till.book.decided:
        for lot in kept.decision.opened:
            assert 0 <= lot.remaining <= lot.amount
            opened[kept.member, lot.seq, lot.n] = lot.amount
        for take in kept.decision.takes:
            assert take.amount > 0
            if take.lot_seq is not None and take.lot_n is not None:
                opened[kept.member, take.lot_seq, take.lot_n] -= take.amount
    assert min(opened.values(), default=0) >= 0
    for member in MEMBERS:
        for lot in till.lots(member):
            assert opened[member, lot.seq, lot.n] == lot.remaining


@many
@given(programs(), histories())
def test_points_are_spent_soonest_ending_first(program: Program, facts: list[Fact]) -> None:
    for kept in played(program, facts).book.decided:
        decision, before = kept.decision, kept.before
        spends = isinstance(decision.fact, RedeemAsked | ReserveAsked | TransferAsked)
        if not spends or is_others(kept) or before is None:
            continue
        assert before.lots is not None
        taken = {(take.lot_seq, take.lot_n): take.amount for take in decision.takes}
        lots = [lot for lot in before.lots if lot.compartment == AVAILABLE]
        lots.sort(key=spending_order)
        left = [lot.remaining - taken.get((lot.seq, lot.n), 0) for lot in lots]
        touched = [place for place, lot in enumerate(lots) if (lot.seq, lot.n) in taken]
        assert len(touched) == len(taken)
        assert not any(left[: max(touched, default=0)])


@many
@given(programs(), histories(late=True))
def test_entries_are_numbered_without_a_gap(program: Program, facts: list[Fact]) -> None:
    till = played(program, facts)
    for member in MEMBERS:
        mine = [kept.decision for kept in till.book.decided if kept.member == member]
        assert [decision.account.seq for decision in mine] == list(range(1, len(mine) + 1))
        times = [decision.account.at for decision in mine]
        assert times == sorted(times)


# Orders.


def net(till: Till) -> int:
    balance = till.balance()
    return balance.available + balance.pending + balance.reserved - balance.debt


def standing(program: Program, till: Till, day: Any) -> dict[str, Any]:
    """What a fully refunded order must leave as it was."""
    account = till.account()
    return {
        "net": net(till),
        "tier": program.place(account.tier),
        "room": room_left(program, account.used, day),
        "punches": [punches for punches in account.punches.values() if punches],
        "owed": sum(account.owed.values()),
        "held": [(grant.reward, grant.state) for grant in till.grants()],
    }


def in_full(order: OrderCompleted) -> Fact:
    lines = {line.line: line for line in order.lines}
    refund = returned(order.order, when=order.at, **dict.fromkeys(lines, 0))
    return refund._replace(
        lines=tuple(
            part._replace(
                amount_minor=lines[part.line].paid_minor,
                quantity_milli=lines[part.line].quantity_milli,
            )
            for part in refund.lines
        )
    )


@many
@given(
    programs(debt=("debt", "clamp")),
    histories(),
    baskets,
    st.booleans(),
)
def test_an_order_that_comes_back_in_full_leaves_all_as_it_was(
    program: Program, facts: list[Fact], basket: list[Line], cancels: bool
) -> None:
    till = played(program, facts)
    moment = end_of(facts) + timedelta(hours=1)
    till.wait(moment)
    day = local_day(moment, program.zone)
    before, meters = standing(program, till, day), till.account().meters
    # A reward that was reserved while its punches came back is unlocked beside what is owed
    # for them: the next return takes it, which is as it should be.
    assume(not (till.account().owed.get("cups") and till.grants()))
    # What was paid with points that were not there is owed under any policy. Points that
    # have paid it off are gone, and clamp lets such ones go.
    assume(program.debt == "debt" or not till.balance().debt)

    order = bought("fresh", *basket, when=moment)
    till.put(order, voided("fresh", when=moment) if cancels else in_full(order))

    assert standing(program, till, day) == before
    for meter, windows in till.account().meters.items():
        for window, value in windows.items():
            assert value == meters.get(meter, {}).get(window, 0)


@many
@given(programs(debt=("debt",)), histories(), st.data())
def test_with_every_order_cancelled_only_events_and_operators_have_given_points(
    program: Program, facts: list[Fact], data: st.DataObject
) -> None:
    till = played(program, facts)
    again = data.draw(st.permutations(sorted(till.book.orders)))
    for order in again:
        till.put(voided(order, when=end_of(facts)))

    for member in MEMBERS:
        given_by_hand = 0
        for kept in till.book.decided:
            fact, answer = kept.decision.fact, kept.decision.answer
            if kept.member == member and isinstance(fact, Engaged):
                given_by_hand += sum(proof.amount for proof in kept.decision.proofs)
            if kept.member == member and isinstance(fact, AdjustAsked) and answer is not None:
                given_by_hand += fact.amount if answer.granted else 0
        assert -moved(till)[member, "issuer"] == given_by_hand


@many
@given(programs(), baskets, st.integers(1, 3), st.integers(1, 200))
def test_buying_spending_and_cancelling_is_no_pump(
    program: Program, basket: list[Line], rounds: int, spent: int
) -> None:
    till = Till(program)
    gained = []
    for place in range(rounds + 1):
        order = bought("o1", *basket)._replace(name=named(f"buy{place}"))
        till.put(order)
        till.offer(
            RedeemAsked(named(f"spend{place}"), order.at, order.member, "points", spent)  # type: ignore[arg-type]
        )
        # What the member has, and what it has had for it.
        places = moved(till)
        gained.append(net(till) + places["ann", "redeemed"])
        till.put(voided("o1")._replace(name=named(f"void{place}")))
    assert max(gained) == gained[0]


@many
@given(programs(), histories(late=True))
def test_no_line_gives_back_more_than_it_had(program: Program, facts: list[Fact]) -> None:
    till = played(program, facts)
    for owned in till.book.orders.values():
        assert all(given.amount > 0 for given in owned.state.given)
        back = {part.line: part for part in owned.state.refunded}
        assert owned.state.completed is not None
        for line in owned.state.completed.lines:
            if line.line in back:
                assert 0 <= back[line.line].amount_minor <= line.paid_minor
                assert 0 <= back[line.line].quantity_milli <= line.quantity_milli


@many
@given(programs(), histories(late=True))
def test_no_meter_falls_below_zero(program: Program, facts: list[Fact]) -> None:
    till = played(program, facts)
    for member in MEMBERS:
        for windows in till.account(member).meters.values():
            assert min(windows.values(), default=0) >= 0


# Tiers.


@many
@given(programs(), histories(late=True))
def test_no_request_changes_a_tier_or_a_meter(program: Program, facts: list[Fact]) -> None:
    for kept in played(program, facts).book.decided:
        if isinstance(kept.decision.fact, Request) and kept.before is not None:
            before, after = kept.before.account, kept.decision.account
            assert after.tier == before.tier
            assert after.qualifications == before.qualifications
            assert after.meters == before.meters


@many
@given(programs(), histories(late=True))
def test_a_change_of_tier_is_said_once_and_leads_from_the_last(
    program: Program, facts: list[Fact]
) -> None:
    till = played(program, facts)
    for member in MEMBERS:
        tier = "member"
        for kept in till.book.decided:
            if kept.member == member:
                said = [n.data for n in kept.decision.notices if n.type == "tier.changed"]
                assert len(said) <= 1
                for data in said:
                    assert data["from_tier"] == tier
                    assert data["to_tier"] != tier
                    tier = data["to_tier"]
        assert (till.account(member).tier or "member") == tier


# Purity and time.


@many
@given(programs(), histories(late=True))
def test_the_same_fact_on_the_same_state_is_the_same_decision(
    program: Program, facts: list[Fact]
) -> None:
    for kept in played(program, facts).book.decided:
        if kept.before is None or is_others(kept):
            continue
        if is_late(program, kept.before, kept.decision.fact):
            continue  # Decided on the whole history: see test_late.py.
        before = deepcopy(kept.before)
        assert decide(program, before, kept.decision.fact) == kept.decision
        assert before == kept.before


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """One history of two members, and the same with each one's facts in their order only."""
    facts = [f for f in draw(histories(late=True)) if not isinstance(f, TransferAsked)]
    queues: dict[str, list[Fact]] = {"ann": [], "bob": []}
    for fact in facts:
        queues[whose(fact)].append(fact)
    turns = draw(st.permutations([whose(fact) for fact in facts]))
    return facts, [queues[name].pop(0) for name in turns]


def whose(fact: Fact) -> str:
    order = getattr(fact, "order", "")
    member = getattr(fact, "member", None)
    return OWNERS[order] if order in OWNERS else str(member.value if member else "ann")


@many
@given(programs(), interleaved())
def test_the_same_facts_in_the_same_order_of_each_account_give_the_same_ledger(
    program: Program, histories: tuple[list[Fact], list[Fact]]
) -> None:
    first, again = (played(program, facts) for facts in histories)
    for member in MEMBERS:
        assert first.book.states[member] == again.book.states[member]
        assert entries(first, member) == entries(again, member)
    assert first.book.orders == again.book.orders


def nothing_is_overdue(program: Program, state: State) -> None:
    assert state.account.due_at <= next_instant(program, state)


@many
@given(programs(), histories(late=True))
def test_no_account_is_due_later_than_time_changes_it(program: Program, facts: list[Fact]) -> None:
    till = Till(program)
    for fact in facts:
        till.offer(fact)
        for member in MEMBERS:
            nothing_is_overdue(program, till.book.states[member])
    till.wait(end_of(facts))
    state = till.book.states["ann"]
    assert state.account.due_at == next_instant(program, state)
    assert state.account.due_at > end_of(facts)


def entries(till: Till, member: str) -> list[tuple[Any, ...]]:
    mine = [kept.decision for kept in till.book.decided if kept.member == member]
    return [entry(decision) for decision in mine]


def entry(decision: Decision) -> tuple[Any, ...]:
    return (decision.fact, decision.opened, decision.takes, decision.grants, decision.notices)


@many
@given(programs(), histories(), st.lists(st.floats(0, 1), max_size=6))
def test_time_in_one_jump_does_what_it_does_in_small_steps(
    program: Program, facts: list[Fact], steps: list[float]
) -> None:
    jump, small = played(program, []), played(program, [])
    end = end_of(facts) + timedelta(days=60)
    reached = facts[0].at
    for fact in [*facts, None]:
        until = end if fact is None else fact.at
        for step in sorted(steps):
            for member in MEMBERS:
                small.wait(reached + (until - reached) * step, member=member)
        reached = until
        if fact is not None:
            jump.offer(fact)
            small.offer(fact)
    for member in MEMBERS:
        jump.wait(end, member=member)
        small.wait(end, member=member)
        assert jump.book.states[member] == small.book.states[member]
        assert entries(jump, member) == entries(small, member)
    assert jump.book.orders == small.book.orders


def test_the_laws_look_at_programs_that_do_something() -> None:
    """Without this, an empty history would keep every law."""
    seen: set[str] = set()

    @settings(many, max_examples=200, database=None, derandomize=True)
    @given(programs(), histories())
    def look(program: Program, facts: list[Fact]) -> None:
        till = played(program, facts)
        seen.update(kind for kind, _ in till.said_at())

    look()
    assert {"points.earned", "points.expired", "points.activated", "points.reversed"} <= seen
    assert {"reward.unlocked", "reward.revoked", "tier.changed", "points.debt"} <= seen
