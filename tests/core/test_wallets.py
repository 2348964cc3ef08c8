"""An asset that is split: each value of an attribute has a wallet, and their sum is shown."""

from typing import Any

import pytest

from core.grocery import (
    Till,
    adjust,
    at,
    bought,
    did,
    program,
    redeem,
    reserve,
    returned,
    reward,
    rule,
    transfer,
)
from patron.core.account import Balance
from patron.core.mechanics.per_event import PerEvent
from patron.core.program import Asset, Cap, MemberCap, Meter, Program, Span
from patron.engine.statement import shown

LIVES = Span(days=30)
STARS = [
    Asset(name="stars", split_by="topic", lives=LIVES),
    Asset(name="stars/jazz", lives=LIVES),
    Asset(name="stars/rock", lives=LIVES),
]
READ = rule(PerEvent(points=10, action="read"), name="read", asset="stars")
BUY = rule(asset="stars")


def library(*rules: Any, **settings: Any) -> Program:
    return program(*(rules or (BUY, READ)), assets=STARS, **settings)


def has(till: Till) -> dict[str, int]:
    return {wallet: held.available for wallet, held in till.account().balances.items()}


def on(topic: str | None) -> dict[str, Any]:
    return {"attributes": () if topic is None else (("topic", topic),)}


def test_each_value_of_the_attribute_is_a_wallet_with_balance_and_lots_of_its_own() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="jazz", when="2025-03-03"))
    till.put(did("read", "b", topic="rock", when="2025-03-05"))
    assert has(till) == {"stars/jazz": 10, "stars/rock": 10}
    till.wait("2025-04-03")
    assert has(till) == {"stars/jazz": 0, "stars/rock": 10}


def test_what_has_no_such_value_lies_in_the_asset_itself() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="polka"), did("read", "b"))
    assert has(till) == {"stars": 20}


def test_their_sum_is_shown() -> None:
    version = library()
    till = Till(version)
    till.put(did("read", "a", topic="jazz"), did("read", "b", topic="rock"), did("read", "c"))
    balances = shown(till.book.states["ann"], program=version)["balances"]
    assert {wallet: held["available"] for wallet, held in balances.items()} == {
        "stars": 30, "stars/jazz": 10, "stars/rock": 10,
    }  # fmt: skip
    told = [(each["asset"], each["amount"], each["total"]) for each in till.said("points.earned")]
    assert told == [("stars/jazz", 10, 10), ("stars/rock", 10, 20), ("stars", 10, 30)]


def test_whoever_asks_for_the_asset_spends_what_ends_first_of_all_its_wallets() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="rock", when="2025-03-03"))
    till.put(did("read", "b", topic="jazz", when="2025-03-04"))
    assert till.ask(redeem(15, asset="stars", when="2025-03-05")).granted
    assert has(till) == {"stars/rock": 0, "stars/jazz": 5}


def test_whoever_asks_for_a_wallet_spends_that_alone() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="rock"), did("read", "b", topic="jazz"))
    refused = till.ask(redeem(15, asset="stars/jazz", when="2025-03-04"))
    assert refused.code == "insufficient_points"
    assert till.ask(redeem(10, asset="stars/jazz", when="2025-03-05")).granted
    assert has(till) == {"stars/rock": 10, "stars/jazz": 0}
    assert till.ask(redeem(1, asset="stars/polka", when="2025-03-06")).code == "unknown_asset"


def test_a_reservation_goes_back_to_the_wallets_that_it_came_from() -> None:
    mug = reward("mug", cost=15, cost_asset="stars", held_for=Span(days=1))
    till = Till(library(rewards=[mug]))
    till.put(did("read", "a", topic="rock"), did("read", "b", topic="jazz"))
    till.put(reserve(reward="mug", when="2025-03-04"))
    assert sum(has(till).values()) == 5
    till.wait("2025-03-06")
    assert has(till) == {"stars/rock": 10, "stars/jazz": 10}


def test_an_order_earns_in_the_wallet_of_its_own_attribute_and_a_return_takes_it_there() -> None:
    till = Till(library())
    till.put(bought("o1", 20_00, **on("jazz")), did("read", "a", topic="rock"))
    till.put(returned("o1", l1=15_00, when="2025-03-04"))
    assert has(till) == {"stars/jazz": 5, "stars/rock": 10}


def test_what_a_return_cannot_take_of_a_wallet_is_owed_there() -> None:
    till = Till(library())
    till.put(bought("o1", 20_00, **on("jazz")), did("read", "a", topic="rock"))
    till.ask(redeem(20, asset="stars/jazz", when="2025-03-04"))
    till.put(returned("o1", l1=20_00, when="2025-03-05"))
    assert till.balance(asset="stars/jazz") == Balance(debt=20)
    assert till.balance(asset="stars/rock") == Balance(available=10)


def test_an_edit_that_changes_the_topic_moves_what_the_order_earned() -> None:
    till = Till(library(rule(asset="stars", caps=(Cap(window="day", amount=50),))))
    till.put(bought("o1", 20_00, **on("jazz"), when="2025-03-03"))
    till.put(bought("o1", 20_00, **on("rock"), when="2025-03-03 13:00"))
    assert has(till) == {"stars/jazz": 0, "stars/rock": 20}
    till.put(bought("o2", 40_00, when="2025-03-03 14:00"))
    assert has(till)["stars"] == 30


def test_a_cap_on_the_asset_counts_all_of_its_wallets() -> None:
    till = Till(library(caps=(MemberCap(asset="stars", window="day", amount=15),)))
    till.put(did("read", "a", topic="jazz"), did("read", "b", topic="rock"))
    assert has(till) == {"stars/jazz": 10, "stars/rock": 5}


@pytest.mark.parametrize(("asset", "counts"), [("stars", 30), ("stars/jazz", 10)])
def test_a_meter_counts_the_asset_or_one_wallet_of_it(asset: str, counts: int) -> None:
    meter = Meter(name="earned", counts="points", asset=asset)
    till = Till(library(meters=[meter]))
    till.put(did("read", "a", topic="jazz"), bought("o1", 20_00, **on("rock")))
    assert till.account().meters["earned"] == {"ever": counts}


def test_an_operator_and_a_gift_name_one_wallet() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="jazz"), did("read", "b", topic="rock"))
    assert till.ask(adjust(-10, asset="stars", when="2025-03-04")).code == "insufficient_points"
    assert till.ask(transfer(10, asset="stars/jazz", when="2025-03-05")).granted
    assert till.balance("bob", asset="stars/jazz") == Balance(available=10)


def test_a_late_event_lands_in_its_wallet() -> None:
    till = Till(library())
    till.put(did("read", "a", topic="jazz", when="2025-03-10"))
    till.put(did("read", "b", topic="rock", when="2025-03-04"))
    assert till.ask(redeem(15, asset="stars", when="2025-03-11")).granted
    assert has(till) == {"stars/rock": 0, "stars/jazz": 5}
    assert till.account().at == at("2025-03-11")
