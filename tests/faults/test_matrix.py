"""The table of faults names tests that are there, and every scenario stands in it."""

import re
from pathlib import Path

HERE = Path(__file__).parent
NAMED = set(re.findall(r"`(\w+/\w+\.py)::(\w+)`", (HERE / "README.md").read_text("utf-8")))


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))


def test_every_scenario_that_the_table_names_is_there() -> None:
    missing = [
        f"{file}::{name}" for file, name in NAMED if name not in names_in(HERE.parent / file)
    ]
    assert not missing


def test_every_scenario_that_is_there_stands_in_the_table() -> None:
    there = {
        (f"faults/{path.name}", name)
        for path in HERE.glob("test_*.py")
        if path.name != Path(__file__).name
        for name in names_in(path)
    }
    assert there - NAMED == set()
