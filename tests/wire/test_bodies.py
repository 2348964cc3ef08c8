"""What entries and rows keep: to bytes and back without loss, and equal values as equal bytes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.core.account import (
    LONG_AGO,
    NEVER,
    Account,
    Grant,
    OnceKey,
    OrderState,
    Punch,
    Qualification,
    Spent,
)
from patron.core.decision import Answer
from patron.core.facts import (
    KIND_OF,
    KINDS,
    EventName,
    Fact,
    Line,
    OrderCompleted,
    TimeReached,
    Who,
)
from patron.wire.bodies import (
    Reads,
    decode_account,
    decode_body,
    decode_fact,
    decode_grant,
    encode_account,
    encode_body,
    encode_fact,
    encode_grant,
    encode_order,
    kind_of,
    order_state,
    stored_order,
)

INT64_MAX = 2**63 - 1
NAME = EventName("default", "/till", "e1")
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
ORDER = OrderCompleted(
    NAME, AT, Who("id", "ann"), "o1", "EUR", (Line("1", "s", "tea", 1000, 1250, 1250),)
)

# Postgres takes neither; JSON in UTF-8 takes no lone surrogates.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
instants = st.datetimes(LONG_AGO.replace(tzinfo=None), NEVER.replace(tzinfo=None)).map(
    lambda at: at.replace(tzinfo=UTC)
)
numbers = st.integers(-INT64_MAX, INT64_MAX)
st.register_type_strategy(str, texts)
st.register_type_strategy(datetime, instants)
st.register_type_strategy(int, numbers)
st.register_type_strategy(
    Answer,
    st.builds(Answer, data=st.dictionaries(texts, st.booleans() | numbers | texts, max_size=3)),
)

facts = st.sampled_from(KINDS).flatmap(st.from_type)
orders: st.SearchStrategy[OrderState] = st.from_type(OrderState)
mappings = st.dictionaries
accounts = st.builds(
    Account,
    meters=mappings(texts, mappings(texts, numbers, max_size=3), max_size=3),
    punches=mappings(texts, st.lists(st.from_type(Punch), max_size=3).map(tuple), max_size=2),
    owed=mappings(texts, numbers, max_size=2),
    prepaid=mappings(texts, st.lists(st.from_type(Spent), max_size=2).map(tuple), max_size=2),
    lapsed=mappings(texts, st.lists(st.from_type(Punch), max_size=3).map(tuple), max_size=2),
    used=mappings(texts, st.tuples(texts, numbers), max_size=3),
    streaks=mappings(texts, st.tuples(texts, numbers), max_size=2),
    belongings=mappings(texts, instants, max_size=2),
    qualifications=st.lists(st.from_type(Qualification), max_size=3).map(tuple),
)


# The least that each kind has to say, field by field as it is written.
_HEAD = [["default", "/till", "e1"], "2026-03-10T12:00:00Z"]
_ANN, _BEN = ["id", "ann"], ["id", "ben"]
_LESS = {
    "TimeReached": [],
    "OrderCompleted": [_ANN, "o1", "EUR", [["1", "s", "tea", 1000, 1250, 1250]]],
    "OrderRefunded": [None, "o1"],
    "OrderCancelled": [_ANN, "o1"],
    "Engaged": [_ANN, "review"],
    "MemberEnrolled": [_ANN],
    "IdentifiersLinked": [_ANN, [["email", "00ff"]]],
    "ProfileChanged": [_ANN],
    "MemberMerged": [_ANN, _BEN],
    "MemberErased": [_ANN],
    "RedeemAsked": [_ANN],
    "ReserveAsked": [_ANN],
    "ConfirmAsked": [_ANN, "e0"],
    "CancelAsked": [_ANN, "e0"],
    "TransferAsked": [_ANN, _BEN, "points", 5],
    "AdjustAsked": [_ANN, "points", -5, "a mistake"],
    "FreezeAsked": [_ANN, True],
    "DrawClosed": ["summer", "a secret"],
    "ShareOutClosed": ["profit", 1000],
    "DrawWon": [_ANN, "summer", [[1, 3]]],
    "ShareGiven": [_ANN, "profit", 429],
    "ReferAsked": [_ANN, "ben"],
}


@given(facts)
def test_a_fact_comes_back_as_it_went(fact: Fact) -> None:
    again = decode_fact(kind_of(fact), encode_fact(fact))
    assert again == fact
    assert type(again) is type(fact)
    assert encode_fact(again) == encode_fact(fact)


# What a merge took is whole accounts, too much to make up: engine/test_merging.py has real ones.
WITHOUT_A_MERGE = st.builds(Reads, order=..., once=..., received=..., inherited=st.none())


@given(facts, st.none() | WITHOUT_A_MERGE)
def test_a_body_keeps_the_fact_and_what_was_read(fact: Fact, reads: Reads | None) -> None:
    body = encode_body(encode_fact(fact), reads)
    assert decode_body(kind_of(fact), body) == (fact, reads or Reads())


def test_a_body_that_read_nothing_says_so_in_one_way() -> None:
    fact = encode_fact(ORDER)
    assert encode_body(fact, None) == encode_body(fact, Reads())


@given(facts)
def test_a_body_is_json_that_any_tool_reads(fact: Fact) -> None:
    stated, reads = json.loads(encode_body(encode_fact(fact), None))
    assert stated[0] == list(fact.name)
    assert reads == [None, [], [], None, [], [], None, [], None, None, None]


@given(orders)
def test_an_order_comes_back_from_its_row_and_its_entry(order: OrderState) -> None:
    again = order_state(
        encode_order(order),
        order=order.order,
        completed=order.completed,
        seq=order.seq,
        version=order.version,
        tier=order.tier,
    )
    assert again == order


@given(orders)
def test_an_order_comes_back_from_what_an_entry_read_of_it(order: OrderState) -> None:
    body = encode_body(encode_fact(ORDER), Reads(stored_order(order), (OnceKey("r", "s"),)))
    _, reads = decode_body(kind_of(ORDER), body)
    assert reads == Reads(stored_order(order), (OnceKey("r", "s"),))


def test_an_orders_row_does_not_repeat_its_lines() -> None:
    order = OrderState("o1", ORDER)
    assert b"tea" not in encode_order(order)


@given(accounts)
def test_an_account_comes_back_but_for_what_its_row_has_columns_for(account: Account) -> None:
    stored = decode_account(encode_account(account))
    assert stored is not None
    assert account._replace(**stored._asdict()) == account
    columns = {"member", "seq", "due_at", "tier", "balances"}
    assert set(stored._fields) == set(Account._fields) - columns


def test_an_account_without_entries_has_no_state() -> None:
    assert decode_account(b"") is None


@given(st.permutations(["spend", "cups", "visits", "reviews"]))
def test_equal_accounts_are_equal_bytes_in_whatever_order_they_grew(names: Sequence[str]) -> None:
    grown = Account("ann", meters={name: {"2026": 1, "2025": 2} for name in names})
    same = Account("ann", meters={name: {"2025": 2, "2026": 1} for name in sorted(names)})
    assert encode_account(grown) == encode_account(same)


@given(st.from_type(Grant))
def test_a_grant_comes_back_but_for_what_its_row_has_columns_for(grant: Grant) -> None:
    assert grant._replace(**decode_grant(encode_grant(grant))._asdict()) == grant


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_fact_without_the_fields_of_later_releases_is_read(kind: Any) -> None:
    early = json.dumps(_HEAD + _LESS[kind.__name__]).encode()

    fact = decode_fact(KIND_OF[kind], early)

    later = kind._fields[len(json.loads(early)) :]
    assert [getattr(fact, name) for name in later] == [kind._field_defaults[name] for name in later]
    assert decode_fact(KIND_OF[kind], encode_fact(fact)) == fact


def test_the_numbers_of_kinds_stay_what_they_are() -> None:
    # They lie in every entry that was ever written: append, and never move one.
    assert [kind.__name__ for kind in KINDS[: len(_LESS)]] == list(_LESS)
    assert set(KINDS) == set(get_args(Fact))


def test_the_bytes_of_a_fact_stay_what_they_are() -> None:
    # Chains of entries are made of them.
    assert encode_fact(ORDER) == (
        b'[["default","/till","e1"],"2026-03-10T12:00:00Z",["id","ann"],"o1","EUR",'
        b'[["1","s","tea",1000,1250,1250,0,"goods",[]]],null,0,[],[],2]'
    )
    assert encode_fact(TimeReached(NAME, NEVER)) == (
        b'[["default","/till","e1"],"9999-01-01T00:00:00Z"]'
    )
