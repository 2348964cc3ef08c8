"""Worked examples give what is written beside them, line by line and byte by byte.

The last column of each README is what a person gets who works the arithmetic before it
by hand; here it is held against the members after so many lines.
"""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from patron.cli.programs import LONG_AGO
from patron.core.program import Program
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.wire.checking import text_of
from patron.wire.documents import compile_document
from patron_schemas.notices import NOTICE_OF, notice_type
from patron_schemas.topics import EVENT

PROGRAMS = Path(__file__).parents[2] / "schemas" / "programs"
EXAMPLES = sorted(PROGRAMS.glob("*.example"))
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)
KINDS = {notice_type(kind): notice for kind, notice in NOTICE_OF.items()}

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


@each_example
def test_the_command_prints_what_is_expected(example: Path) -> None:
    program = example.with_suffix(".yaml")
    command = ["-m", "patron.cli", "replay", str(program), str(example / "events.jsonl")]
    said = subprocess.run([sys.executable, *command], capture_output=True, check=False, timeout=60)

    assert said.stderr.decode() == ""
    assert said.returncode == 0
    assert said.stdout == (example / "expected.jsonl").read_bytes()


@each_example
def test_the_engine_says_what_is_expected(example: Path) -> None:
    run = replay_of(example)

    said = [*run.events(events(example)), *run.members()]

    expected = (example / "expected.jsonl").read_bytes().splitlines()
    assert [orjson.dumps(each) for each in said] == expected


@each_example
def test_the_same_events_put_in_again_give_nothing(example: Path) -> None:
    run = replay_of(example)
    first = list(run.events(events(example)))

    again = list(run.events(events(example)))

    # What could not be applied claimed no name, and is refused for the same reason again.
    assert again == [said for said in first if "dead_letter" in said]


@each_example
def test_the_readme_says_what_a_member_has_after_each_line(example: Path) -> None:
    lines = events(example)
    written = ROW.findall((example / "README.md").read_text("utf-8"))

    assert [int(number) for number, _ in written] == list(range(1, len(lines) + 1))
    for number, has in written:
        run = replay_of(example)
        list(run.events(lines[: int(number)]))
        program = program_of(example)
        members = {
            m["member"]: in_words(m, program) for m in run.members() if "specversion" not in m
        }
        whose = orjson.loads(lines[int(number) - 1])["data"].get("member")
        everybody = "; ".join(f"{member}: {words}" for member, words in members.items())
        mine = members.get(whose, "nothing")  # Of one who was merged or erased.
        assert (mine if whose else everybody or "nobody has anything") == has, f"line {number}"


@each_example
def test_events_and_notices_are_good_by_their_contracts(example: Path) -> None:
    for line in events(example):
        EVENT.validate_json(line)
    for line in (example / "expected.jsonl").read_bytes().splitlines():
        said = orjson.loads(line)
        if "specversion" in said:
            KINDS[said["type"]].model_validate_json(orjson.dumps(said["data"]))


def events(example: Path) -> list[bytes]:
    return (example / "events.jsonl").read_bytes().splitlines()


@cache
def program_of(example: Path) -> Program:
    path = example.with_suffix(".yaml")
    return compile_document(text_of(path), source=path.name)


def replay_of(example: Path) -> Replay:
    program = program_of(example)
    return Replay({program.name: Lineage([InForce(LONG_AGO, program)])})


def in_words(member: dict[str, Any], program: Program) -> str:
    """A member as the tables write it: "60 points, 40 pending, silver"."""
    parts = []
    for asset, balance in member["balances"].items():
        parts.append(f"{balance['available']} {asset}")
        sides = ("pending", "reserved", "debt")
        parts += [f"{balance[side]} {side}" for side in sides if balance[side]]
    if member["tier"]:
        parts.append(member["tier"])
    parts += [f"{count} {meter}" for meter, count in member["punches"].items()]
    meters = member["meters"]
    entries = {draw: meters[draw]["ever"] for draw in program.draws if draw in meters}
    parts += [f"{count} entries in {draw}" for draw, count in entries.items()]
    for price in program.prices:
        # What a percentage reads: money, over a lifetime.
        if (name := getattr(price.mechanic, "meter", "")) in meters:
            whole, cents = divmod(meters[name]["ever"], 100)
            parts.append(f"{whole}.{cents:02} {name}")
    parts += [f"{grant['reward']} {grant['state']}" for grant in member["grants"]]
    parts += [f"in {segment}" for segment in member.get("segments", {})]
    for entitlement, ends in member.get("entitlements", {}).items():
        parts.append(f"{entitlement} until {ends}" if ends else entitlement)
    return ", ".join(parts)
