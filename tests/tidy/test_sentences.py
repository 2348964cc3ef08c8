"""The table of sentences names tests that are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = (TESTS / "programs" / "README.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!sentence)(?!---)(.+) \| (.+) \|$", TABLE, re.MULTILINE)


@pytest.mark.parametrize(("sentence", "proved_by"), ROWS)
def test_a_sentence_is_proved_by_tests_that_are_there(sentence: str, proved_by: str) -> None:
    place = ""
    names = re.findall(r"`([^`]+)`", proved_by)
    assert names, sentence
    for name in names:
        path, _, test = name.partition("::")
        place = place if path == "…" else path
        if path.endswith(".example"):
            assert (TESTS.parent / "schemas" / path).is_dir(), path
            continue
        text = (TESTS / place).read_text("utf-8")
        assert f"def {test.partition('[')[0]}(" in text or not test, name
