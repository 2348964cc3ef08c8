"""The reference job is the same for everyone: its oracle, and its program on the core alone."""

import json
from pathlib import Path
from typing import Any

from bench import reference
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.wire.documents import compile_document

PROGRAM = Path(__file__).parent / "reference.yaml"


def test_three_purchases_by_hand() -> None:
    sent = [
        bought("e1", [("coffee", "9.99"), ("tea", "490.00")]),  # 499 + 2 * 9.
        bought("e2", [("books", "1.00")]),  # Bronze still, with 499.99 spent; and now silver.
        bought("e1", [("coffee", "9.99"), ("tea", "490.00")]),  # Sent again: nothing.
        bought("e3", [("tea", "3.50"), ("coffee", "0.50")]),  # 4 * 1.25.
    ]
    outcome = reference.expected(sent)
    assert [credit.points for credit in outcome.credits.values()] == [517, 1, 5]
    assert [credit.balance for credit in outcome.credits.values()] == [517, 518, 523]
    assert outcome.changes == [reference.Change("e2", "m", "bronze", "silver")]


def test_two_of_a_hundred_records_are_sent_again_and_the_records_are_always_the_same() -> None:
    sent = list(reference.records(20_000))
    assert 0.015 < 1 - len({each.value for each in sent}) / len(sent) < 0.025
    assert sent == list(reference.records(20_000))


def test_the_program_gives_what_the_oracle_says() -> None:
    sent = list(reference.records(3_000, members=100))  # Few: some reach gold.
    wanted = reference.expected(sent)
    program = compile_document(PROGRAM.read_text("utf-8"), source=PROGRAM.name)
    replay = Replay({program.name: Lineage([InForce(reference.BEGINS, program)])})
    changes = sorted(change_of(notice) for notice in replay.events(each.value for each in sent))
    balances = {credit.member: credit.balance for credit in wanted.credits.values()}
    assert changes == wanted.changes
    assert {member["member"]: available(member) for member in replay.members()} == balances


def change_of(notice: dict[str, Any]) -> reference.Change:
    data = notice["data"]
    return reference.Change(
        notice["causationid"], data["member"], data["from_tier"], data["to_tier"]
    )


def available(member: dict[str, Any]) -> int:
    points: int = member["balances"]["points"]["available"]
    return points


def bought(name: str, lines: list[tuple[str, str]]) -> reference.Sent:
    data = {"member": "m", "lines": [{"category": c, "paid": paid} for c, paid in lines]}
    return reference.Sent(b"m", json.dumps({"id": name, "data": data}).encode(), 0)
