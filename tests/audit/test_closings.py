"""Draws and share-outs: the second model finds the same winners and the same parts."""

from hashlib import sha256
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from audit.side_by_side import (
    MEMBERS,
    documents,
    entries,
    modelled,
    of_core,
    of_model,
    order_rules,
    played,
)
from audit.test_side_by_side import names_an_order_that_is_not_there_yet
from core.grocery import TENANT, Till, at
from core.histories import fixed, histories
from patron.audit import closing
from patron.audit.facts import instant
from patron.audit.model import Model
from patron.core.facts import DrawClosed, DrawWon, EventName, Fact, ShareGiven, ShareOutClosed

SEED = "ten black horses"
CLOSED = at("2026-01-10")  # Long after every history.


@st.composite
def with_closings(draw: st.DrawFn) -> dict[str, Any]:
    """A program with a draw and a share-out besides all the rest."""
    document: dict[str, Any] = draw(documents())
    tickets: dict[str, Any] = {**draw(order_rules("tickets")), "enter": "raffle"}
    del tickets["earn"]
    review = {"points": 2, "action": "review", "once": draw(st.sampled_from(["never", "ever"]))}
    return document | {
        "draws": {
            "raffle": {
                "from": draw(st.sampled_from(["2025-01-01", "2025-03-04"])),
                "to": draw(st.sampled_from(["2025-03-06", "2025-12-01"])),
                "winners": draw(st.integers(1, 5)),
                "seed_sha256": sha256(SEED.encode()).hexdigest(),
                "reward": "coffee",
            }
        },
        "share_outs": {"rest": {"meter": "total", "asset": "points"}},
        "meters": document["meters"] | {"total": {"counts": "basis"}},
        "rules": [
            *document["rules"],
            {key: value for key, value in tickets.items() if key not in ("group", "priority")},
            {"rule": "for-reviews", "enter": "raffle", "per_event": review},
        ],
    }


def closings(amount: int) -> list[Fact]:
    return [
        DrawClosed(EventName(TENANT, "/shop", "close"), CLOSED, "raffle", SEED),
        ShareOutClosed(EventName(TENANT, "/shop", "share"), CLOSED, "rest", amount),
    ]


def before_the_close(till: Till, document: dict[str, Any]) -> dict[str, Model]:
    kinds = ("draw_won", "share_given")
    return {
        member: modelled(
            document,
            till,
            [
                event
                for event in entries(till, member)
                # What time did on the way to the close, it had done by then.
                if event.kind not in kinds and event.at <= instant(CLOSED.isoformat())
            ],
        )
        for member in MEMBERS
    }


@fixed
@given(with_closings(), histories(), st.integers(1, 1000))
def test_the_second_model_draws_the_same_winners_and_gives_the_same_parts(
    document: dict[str, Any], facts: list[Fact], amount: int
) -> None:
    assume(not names_an_order_that_is_not_there_yet(facts))
    till = played(document, [*facts, *closings(amount)])
    models = before_the_close(till, document)

    entered = {member: model.entered.get("raffle", 0) for member, model in models.items()}
    count = document["draws"]["raffle"]["winners"]
    drawn = closing.winners(entered, seed=SEED, count=count)
    won = sorted(
        (each.place, fact.member.value, each.number)
        for fact in (decided.decision.fact for decided in till.book.decided)
        if isinstance(fact, DrawWon)
        for each in fact.won
    )
    assert won == [(place, *entry) for place, entry in enumerate(drawn, start=1)]

    spent = {
        member: sum(more for meter, _, _, more in model.meters.moves if meter == "total")
        for member, model in models.items()
    }
    given_parts = {
        fact.member.value: fact.amount
        for fact in (decided.decision.fact for decided in till.book.decided)
        if isinstance(fact, ShareGiven)
    }
    expected = closing.shares(spent, amount=amount) if any(v > 0 for v in spent.values()) else {}
    assert given_parts == expected
    for member in MEMBERS:
        mine = of_model(modelled(document, till, entries(till, member)), document)
        assert mine == of_core(till, document, member)
