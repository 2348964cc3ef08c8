"""The ready programs compile without a doubt, and are fit to be read and edited."""

from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from patron.wire.checking import check_file
from patron_schemas.program import program_schema

PROGRAMS = Path(__file__).parents[2] / "schemas" / "programs"
FILES = sorted(PROGRAMS.glob("*.yaml"))


def test_the_programs_that_are_promised_are_there() -> None:
    names = {path.stem for path in FILES}
    assert names >= {"cashback", "points-with-tiers", "punch-card", "engagement", "grocer"}


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
