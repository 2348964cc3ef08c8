"""Two implementations of one specification agree, over random programs and histories.

Where they are known to read the specification differently is left out below, with what it
is. The examples are the same at each run: a rare difference is for a search, not for luck.
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from hypothesis import assume, given
from ruamel.yaml import YAML

from audit.side_by_side import (
    MEMBERS,
    Outcome,
    documents,
    entries,
    modelled,
    of_core,
    of_model,
    played,
)
from core.grocery import Till, adjust, bought, refer, reserve, returned, voided
from core.histories import fixed, histories
from patron.audit import sharing
from patron.audit.model import Model
from patron.core.account import Balance
from patron.core.facts import Fact, OrderCancelled, OrderCompleted, OrderRefunded
from patron_schemas.ready import program_text


def names_an_order_that_is_not_there_yet(facts: list[Fact]) -> bool:
    """A cancellation that waited: the core voids an order that was completed later."""
    there: set[str] = set()
    for fact in facts:
        if isinstance(fact, OrderCompleted):
            there.add(fact.order)
        elif isinstance(fact, OrderCancelled | OrderRefunded) and fact.order not in there:
            return True
    return False


def returns_units_alone(fact: Fact) -> bool:
    """Of a line that was free, or by its price: what is left of tax and prices differs."""
    return isinstance(fact, OrderRefunded) and any(line.units_alone for line in fact.lines)


@fixed
@given(documents(), histories())
def test_the_second_model_makes_of_every_history_what_the_core_makes_of_it(
    document: dict[str, Any], facts: list[Fact]
) -> None:
    assume(not names_an_order_that_is_not_there_yet(facts))
    till = played(document, facts)
    models = {member: modelled(document, till, entries(till, member)) for member in MEMBERS}
    for member, model in models.items():
        assert of_model(model, document) == of_core(till, document, member)
    assert taken_of_pools(models.values()) == used_of_pools(till)


def taken_of_pools(models: Iterable[Model]) -> Counter[str]:
    """What the second model's members have of pools together."""
    return +sum((sharing.taken(model) for model in models), Counter[str]())


def used_of_pools(till: Till) -> Counter[str]:
    """What the core counted as taken for good."""
    return +Counter({name: pool.used for name, pool in till.book.pools.items()})


def test_points_owed_when_they_paid_come_back_and_are_not_clawed_back_first() -> None:
    document = {
        "format": 1, "program": "grocer", "zone": "America/New_York", "currency": "USD",
        "assets": {"points": {}},
        "rules": [{"rule": "base", "text": {"en": "base"}, "earn": "points",
                   "per_unit": {"points": 3}}],
        "paying": {"asset": "points", "block": 1, "worth": "0.10"},
    }  # fmt: skip
    facts = [
        bought("o1", 1_00),
        reserve(1),
        bought("o2", 1_00, 1_00, paid_by={"points": 3_33}),  # 20 points; 2 are there.
        adjust(1),
        voided("o2"),
    ]
    till = played(document, facts)
    assert till.balance("ann") == Balance(available=3, reserved=1)
    assert of_model(modelled(document, till, entries(till, "ann")), document) == of_core(
        till, document, "ann"
    )


@fixed
@given(documents(), histories(merging=True))
def test_the_second_model_makes_of_members_who_become_one_what_the_core_makes_of_them(
    document: dict[str, Any], facts: list[Fact]
) -> None:
    # Years from joining begin on two days: the core leaves each amount in its own.
    assume(all(m.get("window") != "anniversary" for m in document["meters"].values()))
    assume(not names_an_order_that_is_not_there_yet(facts))
    till = played(document, facts)
    for member in MEMBERS:
        mine = of_model(modelled(document, till, entries(till, member)), document)
        core = of_core(till, document, member)
        assert mine._replace(tier=mine.tier or "member") == core._replace(
            tier=core.tier or "member"
        )


@fixed
@given(documents(), histories(late=True))
def test_the_model_alone_keeps_every_balance_at_or_above_zero(
    document: dict[str, Any], facts: list[Fact]
) -> None:
    assume(not names_an_order_that_is_not_there_yet(facts))
    till = played(document, facts)
    for member in MEMBERS:
        model = modelled(document, till, entries(till, member))
        for lot in model.wallet.lots:
            assert 0 <= lot.remaining <= lot.amount
        for balance in of_model(model, document).balances.values():
            assert min(balance) >= 0
            available, _, _, debt = balance
            assert not (available and debt)


def settled(outcome: Outcome) -> tuple[Any, ...]:
    """What of a member does not depend on which entry wrote it."""
    lots: Counter[Any] = Counter()
    for asset, compartment, expires_at, earned_at, _, remaining in outcome.lots.values():
        lots[asset, compartment, expires_at, earned_at] += remaining
    held = Counter(
        grant
        for grant in outcome.grants.values()
        if grant[1] in ("unlocked", "reserved", "claimed")
    )
    tier = outcome.tier or "member"
    return tier, outcome.balances, +lots, held, outcome.punches, outcome.belongings


@fixed
@given(documents(), histories(late=True))
def test_late_facts_leave_what_the_second_model_makes_of_all_facts_by_time(
    document: dict[str, Any], facts: list[Fact]
) -> None:
    assume(not names_an_order_that_is_not_there_yet(facts))
    till = played(document, facts)
    models = []
    for member in MEMBERS:
        models.append(modelled(document, till, entries(till, member)))
        mine = of_model(models[-1], document)
        assert settled(mine) == settled(of_core(till, document, member))
    assert taken_of_pools(models) == used_of_pools(till)


@fixed
@given(documents(), histories(late=True))
def test_a_program_that_only_goes_forward_makes_of_late_facts_what_the_second_model_does(
    document: dict[str, Any], facts: list[Fact]
) -> None:
    assume(not names_an_order_that_is_not_there_yet(facts))
    assume(not any(returns_units_alone(fact) for fact in facts))
    document["late"] = "forward_only"
    till = played(document, facts)
    models = {member: modelled(document, till, entries(till, member)) for member in MEMBERS}
    for member, model in models.items():
        assert of_model(model, document) == of_core(till, document, member)
    assert taken_of_pools(models.values()) == used_of_pools(till)


def test_the_second_model_makes_of_friends_what_the_core_makes_of_them() -> None:
    document = YAML(typ="safe").load(program_text("referral"))
    shop = partial(bought, currency="EUR")
    facts: list[Fact] = [
        refer("bob", by="ann"),
        shop("o1", 30_00, when="2025-03-04", member="bob"),
        returned("o1", l1=1_00, when="2025-03-10"),
        shop("o2", 5_00, when="2025-03-12", member="bob"),
        shop("o3", 1_00, when="2025-04-30", member="bob"),
        # Late: with it the friend had stayed on 20 March already.
        shop("o4", 31_00, when="2025-03-06", member="bob"),
        shop("o5", 1_00, when="2025-05-01", member="ann"),
    ]
    till = played(document, facts)
    assert (till.balance("ann").available, till.balance("bob").available) == (501, 266)
    for member in MEMBERS:
        mine = of_model(modelled(document, till, entries(till, member)), document)
        assert mine == of_core(till, document, member)
