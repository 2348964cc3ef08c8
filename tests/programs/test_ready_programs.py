"""The ready programs compile without a doubt, and are fit to be read and edited."""

import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from patron.wire.checking import check_file
from patron_schemas.program import program_schema
from patron_schemas.ready import gallery, program_text

PROGRAMS = Path(__file__).parents[2] / "schemas" / "programs"
FILES = sorted(PROGRAMS.glob("*.yaml"))


def test_the_gallery_shows_every_ready_program_in_order_and_what_to_change_in_it() -> None:
    assert [row.name for row in gallery()] == sorted(path.stem for path in FILES)
    for row in gallery():
        names = re.findall(r"`([a-z_0-9]+)`", row.numbers)
        text = program_text(row.name)
        assert names
        assert [name for name in names if f"{name}:" not in text] == []


def test_every_ready_program_has_its_worked_example() -> None:
    # The grocer's year is the demo's: its example is real baskets.
    without = {path.stem for path in FILES if not path.with_suffix(".example").is_dir()}
    assert without == {"grocer"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_ready_program_compiles_without_problems_and_doubts(path: Path) -> None:
    report = check_file(path)

    assert [problem.at(path.name) for problem in report.problems] == []
    assert report.doubts == ()
    assert report.program is not None
    assert report.program.name == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_ready_program_is_good_by_the_editors_schema_which_its_first_line_names(
    path: Path,
) -> None:
    text = path.read_text("utf-8")

    assert text.startswith("# yaml-language-server: $schema=../jsonschema/program.v1.json\n")
    jsonschema.validate(YAML(typ="safe", pure=True).load(text), program_schema())
