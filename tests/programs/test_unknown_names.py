"""Events by a card that leads to nobody: they open a member, wait for the name, or are nobody's."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from patron.cli.main import app
from patron.cli.programs import LONG_AGO
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.store.tenants import Unknown
from patron.wire.documents import compile_document
from programs.unknown import PROGRAM, bought, event, joined, linked, returned, reviewed

Said = dict[str, Any]
COMPILED = compile_document(PROGRAM, source="corner.yaml")


def replayed(unknown: Unknown, *lines: bytes) -> tuple[list[Said], dict[str, Said]]:
    """What is said of these events, and the members after them."""
    run = Replay({"corner": Lineage([InForce(LONG_AGO, COMPILED)])}, unknown=unknown)
    said = list(run.events(lines))
    return said, {m["member"]: m for m in run.members() if "balances" in m}


def points(members: dict[str, Said]) -> dict[str, int]:
    return {
        name: m["balances"].get("points", {"available": 0})["available"]
        for name, m in members.items()
    }


def waited(*lines: bytes) -> dict[str, int]:
    """What members have after these events, of which none is refused."""
    said, members = replayed(Unknown.WAIT, *lines)
    assert [each for each in said if "dead_letter" in each] == []
    return points(members)


def codes(said: Sequence[Said]) -> list[str]:
    return [each["dead_letter"] for each in said if "dead_letter" in each]


# It opens a member.


def test_an_unknown_identifier_opens_a_member() -> None:
    said, members = replayed(
        Unknown.OPEN, bought("A1", "10.00", 1, card="1"), bought("A2", "5.00", 2, card="1")
    )
    assert codes(said) == []
    assert list(points(members).values()) == [15]


@pytest.mark.parametrize("unknown", list(Unknown))
def test_an_event_that_names_the_member_by_id_opens_it_whatever_is_chosen(
    unknown: Unknown,
) -> None:
    _, members = replayed(unknown, bought("A1", "10.00", 1, member="ann"))
    assert points(members) == {"ann": 10}


# It waits.


def test_it_waits_until_the_name_is_somebodys() -> None:
    before = [bought("A1", "10.00", 1, card="1"), reviewed("tea", 2, card="1")]
    assert waited(*before) == {}
    assert waited(*before, joined("ann", 5, "1")) == {"ann": 60}
    assert waited(*before, joined("ann", 1), linked("ann", 5, "1")) == {"ann": 60}


def test_what_waited_acts_at_its_own_time() -> None:
    # 120.00 on the 1st make gold, so 10.00 on the 3rd gave twice as much as it was given.
    line = bought("A1", "10.00", 3, member="ann")
    late = bought("A2", "120.00", 1, card="1")
    assert waited(line, late) == {"ann": 10}
    assert waited(line, late, linked("ann", 5, "1")) == {"ann": 120 + 20}


def test_two_that_wait_are_the_same_in_whatever_order_they_came() -> None:
    first, second = bought("A1", "120.00", 1, card="1"), bought("A2", "10.00", 2, card="1")
    for lines in permutations([first, second]):
        said, members = replayed(Unknown.WAIT, *lines, joined("ann", 5, "1"))
        assert points(members) == {"ann": 120 + 20}
        assert [s["data"]["order"] for s in said if s["type"].endswith("points.earned.v1")] == [
            "A1", "A2",
        ]  # fmt: skip


def test_it_is_as_though_the_name_had_been_known_all_along() -> None:
    lines = [
        bought("A1", "120.00", 1, card="1"),
        bought("B1", "10.00", 2, member="ann"),
        returned("A1", "50.00", 3),
        reviewed("tea", 3, card="1"),
        bought("A2", "10.00", 4, card="1"),
    ]
    name = linked("ann", 1, "1")
    assert waited(*lines, name) == waited(name, *lines) == {"ann": 70 + 20 + 50 + 10}


def test_the_same_events_give_the_same_wherever_among_them_the_name_comes() -> None:
    lines = [
        bought("A1", "120.00", 1, card="1"),
        returned("A1", "50.00", 3, card="1"),
        bought("A2", "10.00", 2, card="1"),
        reviewed("tea", 4, card="1"),
        bought("B1", "10.00", 5, member="ann"),
        linked("ann", 6, "1"),
    ]
    # 70.00 are left of the first; 130.00 made gold until 50.00 came back, and 80.00 then do not.
    whole = 70 + 2 * 10 + 50 + 10
    assert {waited(*each)["ann"] for each in permutations(lines)} == {whole}


@pytest.mark.parametrize("whose", [{"card": "1"}, {}], ids=["by-its-card", "by-its-order-alone"])
def test_a_refund_waits_together_with_its_order(whose: Said) -> None:
    order, refund = bought("A1", "10.00", 1, card="1"), returned("A1", "4.00", 2, **whose)
    for lines in permutations([order, refund]):
        assert waited(*lines) == {}
        assert waited(*lines, joined("ann", 5, "1")) == {"ann": 6}


def test_a_refund_by_an_unknown_card_finds_its_order() -> None:
    assert waited(bought("A1", "10.00", 1, member="ann"), returned("A1", "4.00", 2, card="9")) == {
        "ann": 6
    }


def test_it_acts_once() -> None:
    order = bought("A1", "10.00", 1, card="1")
    assert waited(order, order, joined("ann", 5, "1"), order, linked("ann", 6, "2")) == {"ann": 10}


def test_of_two_members_who_get_one_name_the_first_has_what_waited() -> None:
    said, members = replayed(
        Unknown.WAIT,
        bought("A1", "10.00", 1, card="1"),
        joined("ann", 5, "1"),
        joined("bob", 6, "1"),
        bought("A2", "5.00", 7, card="1"),
    )
    assert codes(said) == ["identifier_taken"]
    assert points(members) == {"ann": 15}


def test_what_waits_for_one_name_does_not_come_with_another() -> None:
    assert waited(bought("A1", "10.00", 1, card="1"), joined("ann", 5, "2")) == {"ann": 0}


def test_what_waited_for_an_order_of_somebody_else_is_told_apart() -> None:
    said, members = replayed(
        Unknown.WAIT,
        bought("A1", "10.00", 1, card="1"),
        bought("A1", "20.00", 2, name="edit", member="bob"),
        joined("ann", 5, "1"),
    )
    assert codes(said) == ["order_of_another_member"]
    assert points(members) == {"bob": 20, "ann": 0}


def test_a_name_that_was_erased_is_unknown_again() -> None:
    lines = [joined("ann", 1, "1"), event("member.erased", "gone", 2, member="ann")]
    assert waited(*lines, bought("A1", "10.00", 3, card="1"), joined("bob", 4, "1")) == {"bob": 10}


# It is anonymous.

ANONYMOUS = [
    bought("A1", "10.00", 1, card="1"),
    returned("A1", "4.00", 2, card="1"),
    reviewed("tea", 3, card="1"),
]


def test_an_anonymous_event_changes_no_account_and_is_no_dead_letter() -> None:
    assert replayed(Unknown.ANONYMOUS, *ANONYMOUS) == ([], {})


def test_it_stays_anonymous_when_the_name_is_somebodys() -> None:
    said, members = replayed(
        Unknown.ANONYMOUS, *ANONYMOUS, joined("ann", 4, "1"), *ANONYMOUS,
        bought("A2", "5.00", 5, card="1"),
    )  # fmt: skip
    assert codes(said) == []
    assert points(members) == {"ann": 5}


def test_an_order_that_was_anonymous_is_whose_its_next_event_says() -> None:
    said, members = replayed(
        Unknown.ANONYMOUS, *ANONYMOUS, bought("A1", "10.00", 4, name="again", member="ann")
    )
    assert codes(said) == []
    assert points(members) == {"ann": 6}


# Neither.


@pytest.mark.parametrize("unknown", [Unknown.WAIT, Unknown.ANONYMOUS])
def test_a_request_of_nobody_has_nobody_to_answer_and_is_a_dead_letter(unknown: Unknown) -> None:
    asks = [
        event("request.redeem", "spend", 1, asset="points", amount=1, identifier=card("1")),
        event(
            "request.transfer", "gift", 2, member="ann", to={"identifier": card("1")},
            asset="points", amount=1,
        ),
        event("member.erased", "gone", 3, identifier=card("1")),
    ]  # fmt: skip
    said, members = replayed(unknown, *asks)
    assert codes(said) == ["unknown_member"] * 3
    assert members == {}


def card(value: str) -> Said:
    return {"kind": "card", "value": value}


def test_the_command_asks_what_an_unknown_name_does(tmp_path: Path) -> None:
    program, events = tmp_path / "corner.yaml", tmp_path / "events.jsonl"
    program.write_text(PROGRAM, "utf-8")
    events.write_bytes(b"\n".join(ANONYMOUS))
    for chosen, said in (("open", 2), ("wait", 0), ("anonymous", 0)):
        done = CliRunner().invoke(app, ["replay", str(program), str(events), "--unknown", chosen])
        assert done.exit_code == 0
        members = list(map(orjson.loads, done.stdout.splitlines()))
        assert bool(members) == bool(said)
