"""Draws and share-outs: entries as levels, winners by hashes, parts by largest remainder."""

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.grocery import TENANT, Till, at, bought, did, redeem, returned, voided
from patron.core.account import HOUSE, Standing, Tally
from patron.core.closings import follow_ups, tally
from patron.core.decision import Answer
from patron.core.facts import DrawClosed, DrawWon, EventName, ShareGiven, ShareOutClosed
from patron.core.periods import first_day_of, window_name
from patron.core.program import Program
from patron.wire.documents import compile_document

SEED = "ten black horses"
OVER = "2025-04-01 00:00"  # The first instant at which both can be closed.


def club(**changes: Any) -> Program:
    """A draw and a share-out over March 2025, in New York."""
    draw = {
        "from": "2025-03-01",
        "to": "2025-04-01",
        "winners": 2,
        "reward": "hamper",
        "seed_sha256": sha256(SEED.encode()).hexdigest(),
    }
    entries = {
        "rule": "entries",
        "enter": "spring",
        "per_step": {"points": 1, "step": "10.00"},
        "caps": changes.pop("caps", []),
    }
    document = {
        "format": 1,
        "program": "club",
        "zone": "America/New_York",
        "currency": "USD",
        "assets": {"cents": {}},
        "meters": {"spent": {"counts": "basis", "window": "month"}},
        "draws": {"spring": draw | changes.pop("draw", {})},
        "share_outs": {"march": {"meter": "spent", "window": "2025-03", "asset": "cents"}},
        "rules": [entries, *changes.pop("rules", [])],
        "rewards": {"hamper": {"kind": "free_product"}},
        **changes,
    }
    return compile_document(json.dumps(document), source="test")


def close(
    till: Till, event: str = "close", *, when: str = OVER, seed: str = SEED, draw: str = "spring"
) -> Answer:
    return answer(till, DrawClosed(EventName(TENANT, "/shop", event), at(when), draw, seed))


def share_out(
    till: Till, amount: int, event: str = "share", *, when: str = OVER, name: str = "march"
) -> Answer:
    return answer(till, ShareOutClosed(EventName(TENANT, "/shop", event), at(when), name, amount))


def answer(till: Till, fact: DrawClosed | ShareOutClosed) -> Answer:
    assert till.offer(fact) is None
    said = [d.decision for d in till.book.decided if d.decision.fact == fact]
    assert len(said) == 1
    assert said[0].answer is not None
    return said[0].answer


def entries(till: Till, member: str = "ann") -> int:
    return till.account(member).meters.get("spring", {}).get("ever", 0)


def winners(till: Till) -> list[str]:
    notices = [n for d in till.book.decided if d.member == HOUSE for n in d.decision.notices]
    return [winner for n in notices if n.type == "draw.closed" for winner in n.data["winners"]]


def got(till: Till, member: str) -> int:
    return till.balance(member, asset="cents").available


# Entries.


def test_a_member_holds_one_entry_for_each_full_amount() -> None:
    till = Till(club())
    till.put(bought("o1", 39_99))
    assert entries(till) == 3


def test_a_refund_takes_the_highest_numbers() -> None:
    till = Till(club())
    till.put(bought("o1", 20_00), bought("o2", 20_00))
    till.put(returned("o1", l1=10_01))
    assert entries(till) == 2  # ann#1 and ann#2, whichever order gave them.


def test_a_full_refund_leaves_no_entry_and_owes_none() -> None:
    till = Till(club())
    till.put(bought("o1", 50_00))
    till.put(voided("o1"))
    assert entries(till) == 0
    assert till.account().balances == {}


def test_entries_are_given_on_the_local_days_of_the_draw_only() -> None:
    till = Till(club())
    till.put(bought("o1", 10_00, when="2025-02-28 23:59"))
    till.put(bought("o2", 10_00, when="2025-03-01 00:00"))
    till.put(bought("o3", 10_00, when="2025-03-31 23:59"))
    till.put(bought("o4", 10_00, when="2025-04-01 00:00"))
    assert entries(till) == 2


def test_a_cap_is_the_most_entries_of_a_member() -> None:
    till = Till(club(caps=[{"window": "lifetime", "amount": 3}]))
    till.put(bought("o1", 20_00), bought("o2", 90_00))
    assert entries(till) == 3


def test_an_event_gives_entries_too() -> None:
    review = {
        "rule": "reviews",
        "enter": "spring",
        "per_event": {"points": 2, "action": "review", "once": "subject"},
    }
    till = Till(club(rules=[review]))
    till.put(did("review", "tea", event="r1"), did("review", "tea", event="r2"))
    assert entries(till) == 2


# The close.


def test_the_winners_are_the_entries_with_the_lowest_sha_256_of_seed_and_entry() -> None:
    till = Till(club(), members="ann bob cat")
    till.put(bought("o1", 20_00), bought("o2", 30_00, member="bob"))
    till.put(bought("o3", 10_00, member="cat"))
    assert close(till).granted
    # printf %s 'ten black horses:cat#1' | sha256sum → 1…; see the README of the draw.
    hashes = {
        entry: sha256(f"{SEED}:{entry}".encode()).hexdigest()
        for entry in ("ann#1", "ann#2", "bob#1", "bob#2", "bob#3", "cat#1")
    }
    assert winners(till) == sorted(hashes, key=lambda entry: hashes[entry])[:2]
    assert winners(till) == ["cat#1", "ann#2"]
    assert [len(till.book.states[m].grants or ()) for m in ("ann", "bob", "cat")] == [1, 0, 1]


def test_who_wins_with_several_entries_is_given_a_reward_for_each() -> None:
    till = Till(club(draw={"winners": 5}))
    till.put(bought("o1", 30_00))
    close(till)
    assert len(till.book.states["ann"].grants or ()) == 3
    assert till.account().seq == 2  # One fact, one entry.


@pytest.mark.parametrize(
    ("when", "seed", "draw", "code"),
    [
        ("2025-03-31 23:59:59", SEED, "spring", "not_open"),
        (OVER, "another", "spring", "condition"),
        (OVER, SEED, "summer", "condition"),
    ],
)
def test_a_close_is_refused_before_the_end_or_without_the_seed(
    when: str, seed: str, draw: str, code: str
) -> None:
    till = Till(club())
    till.put(bought("o1", 10_00))
    refused = close(till, when=when, seed=seed, draw=draw)
    assert (refused.granted, refused.code) == (False, code)
    assert not till.book.states["ann"].grants
    assert close(till, "later").granted  # What was refused has closed nothing.


def test_a_draw_closes_once() -> None:
    till = Till(club())
    till.put(bought("o1", 10_00))
    close(till)
    assert close(till, "again").code == "closed"
    assert len(till.book.states["ann"].grants or ()) == 1


def test_entries_and_refunds_after_the_close_change_nothing() -> None:
    till = Till(club())
    till.put(bought("o1", 10_00))
    close(till)
    till.put(voided("o1", when="2025-04-02"))
    till.put(bought("o2", 990_00, member="bob"))
    assert winners(till) == ["ann#1"]
    assert [grant.state for grant in till.book.states["ann"].grants or ()] == ["unlocked"]
    assert not till.book.states["bob"].grants


def test_a_draw_that_nobody_entered_is_closed_without_winners() -> None:
    till = Till(club())
    assert close(till).granted
    assert winners(till) == []


# Share-outs.


def test_a_share_out_divides_by_a_meter_by_largest_remainder_ties_by_member_id() -> None:
    till = Till(club(), members="dan bob cat ann")
    till.put(bought("o2", 30_00, member="bob"), bought("o1", 30_00, member="ann"))
    till.put(bought("o3", 10_00, member="cat"), bought("o4", 10_00, member="dan"))
    till.put(voided("o4"))
    assert share_out(till, 1000).granted
    # 428 4/7, 428 4/7 and 142 6/7: cat has the largest remainder, then ann before bob.
    assert [got(till, m) for m in ("ann", "bob", "cat", "dan")] == [429, 428, 143, 0]


def test_a_share_out_enters_each_account_as_a_fact_once() -> None:
    till = Till(club())
    till.put(bought("o1", 30_00), bought("o2", 10_00, member="bob"))
    share_out(till, 100)
    assert share_out(till, 100, "again").code == "closed"
    given = [d.decision.fact for d in till.book.decided if isinstance(d.decision.fact, ShareGiven)]
    assert [(fact.member.value, fact.amount) for fact in given] == [("ann", 75), ("bob", 25)]
    assert till.ask(redeem(25, asset="cents", member="bob", when="2025-04-02")).granted


def test_a_share_out_is_refused_before_its_window_is_over_and_where_all_meters_are_zero() -> None:
    till = Till(club())
    assert share_out(till, 100, "early", when="2025-03-31 23:59:59").code == "not_open"
    assert share_out(till, 100, "empty").code == "condition"
    till.put(bought("o1", 30_00))
    assert share_out(till, 100, "unknown", name="april").code == "condition"
    assert share_out(till, 100).granted


def test_a_window_that_is_shared_out_is_not_forgotten() -> None:
    till = Till(club())
    till.put(bought("o1", 30_00))
    for month in ("04", "05", "06"):
        till.put(bought(f"o{month}", 10_00, when=f"2025-{month}-10"))
    assert share_out(till, 100, when="2025-07-01").granted
    assert got(till, "ann") == 100


def test_what_is_given_acts_at_the_accounts_own_time_where_that_is_later() -> None:
    till = Till(club())
    till.put(bought("o1", 30_00), bought("o2", 10_00, when="2025-04-20"))
    share_out(till, 100, when="2025-04-02")
    (lot,) = till.lots()
    assert lot.earned_at == at("2025-04-20")


standings = st.dictionaries(
    st.text("abz#", min_size=1, max_size=3), st.integers(1, 10**9), min_size=1, max_size=8
).map(lambda found: [Standing(*each) for each in found.items()])


@given(standings, st.integers(1, 10**12))
def test_the_parts_of_a_share_out_add_up_exactly(found: list[Standing], amount: int) -> None:
    fact = ShareOutClosed(EventName(TENANT, "/shop", "e"), at(OVER), "march", amount)
    facts = list(follow_ups(fact, tally(club(), fact, found), found))
    assert sum(fact.amount for fact in facts if isinstance(fact, ShareGiven)) == amount
    assert len({fact.name for fact in facts}) == len(facts)


def test_an_entry_is_told_from_a_member_whose_id_has_a_number_sign() -> None:
    fact = DrawClosed(EventName(TENANT, "/shop", "e"), at(OVER), "spring", SEED)
    (won,) = follow_ups(fact, Tally(1, 1, ("a#1#12",)), [Standing("a#1", 12)])
    assert isinstance(won, DrawWon)
    assert (won.member.value, won.won[0].number) == ("a#1", 12)


@pytest.mark.parametrize("kind", ["year", "half_year", "quarter", "month", "week", "day"])
@given(day=st.dates(min_value=at("1971-01-01").date()))
def test_a_window_is_found_by_its_name(kind: str, day: Any) -> None:
    name = window_name(kind, day)
    first = first_day_of(kind, name)
    assert first is not None
    assert first <= day
    assert window_name(kind, first) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [("year", "26"), ("quarter", "2026-Q5"), ("month", "2026-13"), ("week", "2026-W54"),
     ("half_year", "2026-2"), ("day", "2026-02-30"), ("month", "2026-5"), ("year", "2026-")],
)  # fmt: skip
def test_what_names_no_window_is_told(kind: str, name: str) -> None:
    assert first_day_of(kind, name) is None
