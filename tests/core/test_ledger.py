"""Postings have two sides, and the chain hangs on everything that an entry says."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.grocery import (
    Till,
    adjust,
    at,
    bought,
    confirm,
    give_back,
    named,
    program,
    redeem,
    reserve,
    transfer,
    voided,
)
from patron.core.account import LONG_AGO
from patron.core.facts import EventName, Fact
from patron.core.ledger import GENESIS, Posting, link, postings
from patron.core.program import Asset, Span

WAITS = Asset(name="points", pending=Span(days=14))


def moves(till: Till, fact: Fact) -> list[Posting]:
    decision = till.put(fact)
    return postings(decision.opened, decision.takes, giver="issuer")


def test_a_credit_comes_from_the_issuer() -> None:
    till = Till(program())
    assert moves(till, bought("o1", 10_00)) == [("points", "issuer", "available", 10)]
    assert moves(till, adjust(5)) == [("points", "issuer", "available", 5)]


def test_a_debit_says_where_it_goes() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00))
    assert moves(till, redeem(3)) == [("points", "available", "redeemed", 3)]
    assert moves(till, adjust(-2)) == [("points", "available", "issuer", 2)]
    assert moves(till, voided("o1")) == [
        ("points", "available", "issuer", 5),
        ("points", "debt", "issuer", 5),
    ]
    # The next credit pays the debt.
    assert moves(till, bought("o2", 7_00)) == [
        ("points", "issuer", "available", 7),
        ("points", "available", "debt", 5),
    ]


def test_a_reservation_only_changes_the_compartment() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00))
    assert moves(till, reserve(6)) == [("points", "available", "reserved", 6)]
    assert moves(till, give_back()) == [("points", "reserved", "available", 6)]
    till.put(reserve(4, request="again"))
    assert moves(till, confirm("again")) == [("points", "reserved", "redeemed", 4)]


def test_activation_only_changes_the_compartment() -> None:
    till = Till(program(assets=[WAITS]))
    assert moves(till, bought("o1", 10_00)) == [("points", "issuer", "pending", 10)]
    till.wait("2025-06-01")
    activation = till.book.decided[-1].decision
    assert postings(activation.opened, activation.takes, giver="issuer") == [
        ("points", "pending", "available", 10)
    ]


def test_a_gift_leaves_one_side_and_enters_the_other() -> None:
    till = Till(program())
    till.put(bought("o1", 10_00))
    assert moves(till, transfer(4)) == [("points", "available", "transferred", 4)]
    taker = till.book.decided[-1].decision
    assert postings(taker.opened, taker.takes, giver="transferred") == [
        ("points", "transferred", "available", 4)
    ]


ENTRY: dict[str, Any] = {
    "seq": 7,
    "at": at("2025-03-03"),
    "name": named("e1"),
    "body": b"body",
    "moves": [("points", "issuer", "available", 10)],
}
HASH = link(GENESIS, **ENTRY)


def test_the_chain_is_the_same_for_the_same_entry() -> None:
    assert link(GENESIS, **ENTRY) == HASH
    assert len(HASH) == 16


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"seq": 8}, id="number"),
        pytest.param({"at": at("2025-03-03") + timedelta(microseconds=1)}, id="instant"),
        pytest.param({"name": EventName("other", "shop", "e1")}, id="tenant"),
        pytest.param({"name": EventName("default", "other", "e1")}, id="source"),
        pytest.param({"name": EventName("default", "shop", "e2")}, id="event"),
        pytest.param({"body": b"bodY"}, id="body"),
        pytest.param({"body": b""}, id="no-body"),
        pytest.param({"moves": []}, id="no-moves"),
        pytest.param({"moves": [("miles", "issuer", "available", 10)]}, id="asset"),
        pytest.param({"moves": [("points", "redeemed", "available", 10)]}, id="from"),
        pytest.param({"moves": [("points", "issuer", "pending", 10)]}, id="to"),
        pytest.param({"moves": [("points", "issuer", "available", 11)]}, id="amount"),
        pytest.param({"moves": [("points", "issuer", "available", 10)] * 2}, id="one-more-move"),
    ],
)
def test_the_chain_changes_with_every_part_of_an_entry(other: dict[str, Any]) -> None:
    assert link(GENESIS, **ENTRY | other) != HASH


def test_the_chain_changes_with_what_came_before() -> None:
    assert link(HASH, **ENTRY) != HASH


names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8)
entries = st.tuples(
    st.integers(1, 2**31 - 1),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=LONG_AGO.tzinfo)
    ),
    st.builds(EventName, names, names, names),
    st.binary(max_size=16),
    st.lists(st.tuples(names, names, names, st.integers(-(10**18), 10**18)), max_size=3),
)


def chained(entry: Any) -> bytes:
    seq, moment, name, body, moves = entry
    return link(GENESIS, seq=seq, at=moment, name=name, body=body, moves=moves)


@given(entries, entries)
def test_two_entries_have_one_hash_only_if_they_are_equal(one: Any, other: Any) -> None:
    assert (chained(one) == chained(other)) == (one == other)
