"""A book: what waits, what is refused, what has to be loaded, and which version decides."""

import pytest

from core.grocery import (
    DAY,
    TENANT,
    Till,
    ann,
    at,
    bought,
    did,
    program,
    redeem,
    returned,
    rule,
    transfer,
    voided,
)
from patron.core.account import Account, Balance, State
from patron.core.decision import Unfit
from patron.core.facts import Fact, MemberEnrolled, ProfileChanged
from patron.core.mechanics.per_amount import PerAmount
from patron.core.program import Asset, Program, Span
from patron.engine.book import Book, HoldingsWanted, Waits
from patron.engine.lineage import InForce, Lineage


def version(name: str, points: int) -> Program:
    rate = rule().mechanic.rate * points
    return program(rule(PerAmount(rate=rate)), version=name)


# What waits.


@pytest.mark.parametrize(
    ("early", "left"),
    [
        pytest.param([returned("o1", l1=4_00, units=0)], 6, id="a-refund"),
        pytest.param([returned("o1", l1=4_00, units=0, member="ann")], 6, id="with-its-member"),
        pytest.param([voided("o1")], 0, id="a-cancellation"),
        pytest.param(
            [
                returned("o1", 6_00, when="2025-03-05"),
                returned("o1", 2_00, when="2025-03-04"),
            ],
            2,
            id="two-refunds",
        ),
    ],
)
def test_what_comes_before_its_order_waits_and_is_applied_with_it(
    early: list[Fact], left: int
) -> None:
    till = Till(program())
    for fact in early:
        assert till.offer(fact) == Waits("o1")
    assert till.book.decided == []

    till.put(bought("o1", 10_00))

    assert till.balance() == Balance(available=left)
    times = [kept.decision.fact.at for kept in till.book.decided]
    assert times == sorted(times)
    assert till.book.waiting == {}


def test_a_waiting_refund_that_does_not_fit_its_order_is_told_apart() -> None:
    till = Till(program())
    refund = returned("o1", l1=11_00)
    till.offer(refund)
    till.put(bought("o1", 10_00))
    assert till.balance().available == 10
    ((fact, unfit),) = till.book.unfit
    assert (fact, unfit.code) == (refund, "refund_exceeds_order")


def test_a_refund_that_waited_and_names_another_member_is_unfit() -> None:
    till = Till(program())
    till.offer(returned("o1", l1=4_00, member="bob"))
    till.put(bought("o1", 10_00))
    assert till.balance().available == 10
    ((_, unfit),) = till.book.unfit
    assert unfit.code == "order_of_another_member"


def test_a_refund_need_not_name_its_member() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00), returned("o1", l1=10_00))
    assert till.balance().available == 0


# What is refused.


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(bought("o1", 20_00, member="bob"), id="an-edit"),
        pytest.param(returned("o1", l1=1_00, member="bob"), id="a-refund"),
        pytest.param(voided("o1", member="bob"), id="a-cancellation"),
    ],
)
def test_an_order_belongs_to_one_member(fact: Fact) -> None:
    till = Till(program())
    till.put(bought("o1", 10_00))
    outcome = till.offer(fact)
    assert isinstance(outcome, Unfit)
    assert outcome.code == "order_of_another_member"
    assert (till.balance("ann").available, till.balance("bob").available) == (10, 0)


def test_an_anonymous_order_earns_nothing() -> None:
    till = Till(program())
    assert till.offer(bought("o1", 10_00, member=None)) is None
    assert (till.book.decided, till.book.orders) == ([], {})


def test_an_engagement_of_nobody_is_unfit() -> None:
    outcome = Till(program()).offer(did(member=None))
    assert isinstance(outcome, Unfit)
    assert outcome.code == "unknown_member"


# What has to be loaded.


def unloaded(*facts: Fact, lives: Span | None = None) -> Book:
    """A book after these facts, whose holdings are not loaded."""
    till = Till(program(assets=[Asset(name="points", lives=lives)]))
    if facts:
        till.put(*facts)
    for member, state in till.book.states.items():
        till.book.states[member] = state._replace(lots=None, grants=None)
    till.book.decided.clear()
    return till.book


WAITED = [returned("o9", l1=1_00)]


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(redeem(1), id="a-request"),
        pytest.param(returned("o1", l1=1_00), id="a-refund"),
        pytest.param(voided("o1"), id="a-cancellation"),
        pytest.param(bought("o1", 20_00), id="an-edit"),
        pytest.param(bought("o9", 20_00), id="an-order-that-was-waited-for"),
        pytest.param(bought("o3", 1_00, when="2025-04-02"), id="when-time-is-due"),
    ],
)
def test_holdings_are_wanted_before_anything_has_changed(fact: Fact) -> None:
    book = unloaded(bought("o1", 10_00), lives=Span(days=30))
    book.waiting["o9"] = list(WAITED)
    states, orders = dict(book.states), dict(book.orders)

    with pytest.raises(HoldingsWanted) as wanted:
        book.put_fact(fact, member="ann")

    assert wanted.value.member == "ann"
    assert (book.states, book.orders, book.decided) == (states, orders, [])
    assert book.waiting == {"o9": WAITED}


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(bought("o2", 5_00), id="a-first-completion"),
        pytest.param(did(), id="an-engagement"),
        pytest.param(bought("o2", 5_00, when="2025-04-02 11:59"), id="just-before-time-is-due"),
    ],
)
def test_most_facts_need_no_holdings(fact: Fact) -> None:
    book = unloaded(bought("o1", 10_00), lives=Span(days=30))
    assert book.put_fact(fact, member="ann") is None
    assert book.states["ann"].lots is None


def test_time_wants_the_holdings() -> None:
    book = unloaded(bought("o1", 10_00), lives=Span(days=30))
    with pytest.raises(HoldingsWanted):
        book.pass_time("ann", until=at("2025-04-02"))


def test_a_gift_wants_the_holdings_of_both() -> None:
    book = unloaded(bought("o1", 10_00))
    book.states["ann"] = book.states["ann"]._replace(lots=(), grants=())
    with pytest.raises(HoldingsWanted) as wanted:
        book.put_fact(transfer(1), member="ann", other="bob")
    assert wanted.value.member == "bob"


def test_a_gift_that_wants_the_takers_holdings_has_changed_nothing_of_the_givers() -> None:
    till = Till(program(assets=[Asset(name="points", lives=Span(days=30))]))
    till.put(bought("o1", 10_00))
    book = till.book
    book.states["bob"] = State(Account("bob"))
    states, decided = dict(book.states), list(book.decided)
    with pytest.raises(HoldingsWanted):
        book.put_fact(transfer(1, when="2025-06-01"), member="ann", other="bob")
    assert (book.states, book.decided) == (states, decided)


# Which version decides.


def test_a_fact_is_decided_by_the_version_in_force_at_its_own_time() -> None:
    till = Till(version("v1", 1), ("2025-04-01 00:00", version("v2", 2)))
    till.put(bought("o2", 10_00, when="2025-04-01 00:00"))
    assert till.balance().available == 20
    # It comes late, and was bought under the first version.
    till.put(bought("o1", 10_00, when="2025-03-31 23:59"))
    assert till.balance().available == 30


def test_an_order_keeps_the_version_of_its_first_completion() -> None:
    till = Till(version("v1", 1), ("2025-04-01 00:00", version("v2", 2)))
    till.put(bought("o1", 10_00, when="2025-03-31"), bought("o1", 20_00, when="2025-04-02"))
    assert till.balance().available == 20
    till.put(returned("o1", 15_00, when="2025-04-03"))
    assert till.balance().available == 5


def test_a_lineage_knows_its_versions_by_instant_and_by_name() -> None:
    first, second = version("v1", 1), version("v2", 2)
    since = [at("2025-03-01"), at("2025-04-01"), at("2025-05-01")]
    lineage = Lineage(
        [
            InForce(since[2], first, 3),
            InForce(since[0], first, 1),
            InForce(since[1], second, 2),
        ]
    )
    assert lineage.at(at("2025-02-28")) is None
    assert lineage.at(since[0]) is first
    assert lineage.at(at("2025-03-31")) is first
    assert lineage.at(since[1]) is second
    assert lineage.at(since[2]) is first
    assert lineage.named("v2") is second
    assert lineage.number("v2") == 2
    with pytest.raises(KeyError):
        lineage.named("v3")


# Members.


def test_a_member_joins_once_and_changes_what_it_says() -> None:
    till = Till(program())
    who = ann()
    first = MemberEnrolled(did().name, at(DAY), who, birthday="02-29", consents=("mail",))
    till.put(first)
    change = ProfileChanged(did("x").name, at("2025-03-04"), who, zone="Europe/Paris")
    till.put(change)
    account = till.account()
    assert (account.joined_at, account.birthday, account.zone) == (at(DAY), "02-29", "Europe/Paris")
    assert account.consents == ("mail",)
    till.put(change._replace(name=did("y").name, consents=()))
    assert till.account().consents == ()
    till.put(first._replace(name=did("z").name, at=at("2025-03-09")))
    assert till.account().joined_at == at(DAY)


def test_two_books_of_the_same_facts_are_equal() -> None:
    facts: list[Fact] = [bought("o1", 10_00), did(), redeem(3), returned("o1", 5_00)]
    books = [Till(program()).book for _ in range(2)]
    for book in books:
        for fact in facts:
            book.put_fact(fact, member="ann")
    assert books[0].tenant == TENANT
    assert books[0].states == books[1].states
    assert [kept.decision.account for kept in books[0].decided] == [
        kept.decision.account for kept in books[1].decided
    ]
