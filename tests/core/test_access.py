"""May a member have this? The answer to a question moves nothing."""

from typing import Any

import pytest

from core.grocery import Till, at, bought, ladder, program, spend
from core.test_belongings import LAPSED, lounge, segment
from patron.core.access import may_have
from patron.core.decision import Answer
from patron.core.program import Age, Drop, Early, Match, Program, Span

GOLD = Match(tiers=frozenset({2}))
SALE = Drop(
    name="sale",
    opens_at=at("2025-09-10 10:00"),
    early=(
        Early(by=Span(days=2), match=GOLD),
        Early(by=Span(seconds=3600), match=Match(segments=frozenset({"segment/new"}))),
    ),
)
NEW = segment("new", ages=(Age(since="joining", below=Span(days=30)),))


def shop(**settings: Any) -> Program:
    parts: dict[str, Any] = {
        "meters": [spend()], "ladder": ladder(held="window"), "belongings": (NEW, LAPSED, lounge()),
        "drops": {"sale": SALE, "salon": Drop(name="salon", opens_at=at("2025-09-01"), match=GOLD)},
    }  # fmt: skip
    return program(**parts | settings)


def ask(till: Till, thing: str, when: str) -> Answer:
    till.wait(when)
    return may_have(till.book.lineage.versions[0].program, till.account(), thing, at=at(when))


@pytest.mark.parametrize(
    ("paid", "bought_on", "opens_at"),
    [
        pytest.param(10_00, "2025-03-03", "2025-09-10 10:00", id="everybody"),
        pytest.param(300_00, "2025-03-03", "2025-09-08 10:00", id="gold: two days before"),
        pytest.param(10_00, "2025-09-01", "2025-09-10 09:00", id="new: an hour before"),
        pytest.param(300_00, "2025-09-01", "2025-09-08 10:00", id="both: the earliest"),
    ],
)
def test_a_drop_opens_earlier_for_some(paid: int, bought_on: str, opens_at: str) -> None:
    till = Till(shop())
    till.put(bought("o1", paid, when=bought_on))
    instant = at(opens_at)
    before = ask(till, "sale", "2025-09-07")
    assert (before.granted, before.code) == (False, "not_open")
    assert before.data == {"opens_at": instant.isoformat().replace("+00:00", "Z")}
    assert ask(till, "sale", opens_at).granted


def test_a_drop_may_be_for_some_only() -> None:
    till = Till(shop())
    till.put(bought("o1", 10_00, when="2025-09-02"))
    assert ask(till, "salon", "2025-09-03").code == "tier"
    till.put(bought("o2", 300_00, when="2025-09-03"))
    assert ask(till, "salon", "2025-09-03").granted


def test_an_entitlement_is_had_while_it_is_held_and_says_when_it_ends() -> None:
    kept = lounge(grace=Span(days=30))
    till = Till(shop(belongings=(kept,)))
    till.put(bought("o1", 10_00, when="2025-09-02"))
    assert ask(till, "lounge", "2025-09-02").code == "tier"
    till.put(bought("o2", 100_00, when="2025-09-03"))
    assert ask(till, "lounge", "2025-09-03") == Answer(granted=True)
    in_grace = Answer(granted=True, data={"ends_at": "2026-01-31T05:00:00Z"})
    assert ask(till, "lounge", "2026-01-01") == in_grace
    assert ask(till, "lounge", "2026-01-31").code == "tier"


def test_a_question_for_what_nobody_knows_is_refused() -> None:
    assert ask(Till(shop()), "cellar", "2025-09-02").code == "unknown_reward"


def test_a_question_moves_nothing() -> None:
    till = Till(shop())
    till.put(bought("o1", 10_00, when="2025-09-02"))
    before = till.book.states["ann"]
    ask(till, "sale", "2025-09-02")
    assert till.book.states["ann"] == before
