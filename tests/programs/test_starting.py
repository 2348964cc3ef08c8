"""`patron new`: from a ready program to one's own, and to seeing what a changed number does."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from patron.cli.main import app
from patron.errors import Misconfigured
from patron_schemas.ready import ready_programs


def patron(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_without_a_name_the_ready_programs_are_listed_with_what_they_are() -> None:
    said = patron("new").stdout
    for name, purpose in ready_programs().items():
        assert f"{name} " in said
        assert purpose
        assert purpose in said


def test_who_started_one_is_told_which_numbers_to_change(tmp_path: Path) -> None:
    said = patron("new", "mine", "--from", "coffee-to-go", "--in", tmp_path).stdout
    assert "then its numbers:\ncount, lives, lapses_after." in said


@pytest.mark.parametrize("ready", ready_programs())
def test_a_program_that_was_started_is_good_and_gives_what_its_file_says(
    ready: str, tmp_path: Path
) -> None:
    assert patron("new", "mine", "--from", ready, "--in", tmp_path).exit_code == 0

    document, events = tmp_path / "mine.yaml", tmp_path / "mine.events.jsonl"
    assert "good, version" in patron("check", document).stdout
    given = patron("replay", document, events).stdout
    assert given == (tmp_path / "mine.expected.jsonl").read_text("utf-8")
    assert f'"program":"{ready}"' not in given


def test_a_changed_number_shows_in_what_it_gives(tmp_path: Path) -> None:
    patron("new", "mine", "--from", "punch-card", "--in", tmp_path)
    document = tmp_path / "mine.yaml"
    text = document.read_text("utf-8")
    assert "count: 10" in text
    document.write_text(text.replace("count: 10", "count: 5"), "utf-8")

    given = patron("replay", document, tmp_path / "mine.events.jsonl").stdout
    expected = (tmp_path / "mine.expected.jsonl").read_text("utf-8")
    assert given.count("reward.unlocked") > expected.count("reward.unlocked")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Mine"], "is no name"),
        (["mine", "--from", "cash-back"], 'no ready program "cash-back"; there are'),
        (["taken"], "is there already"),
    ],
)
def test_what_cannot_be_started_is_said_and_nothing_is_written(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "taken.yaml").write_text("mine", "utf-8")
    refused = patron("new", *arguments, "--in", tmp_path)
    assert isinstance(refused.exception, Misconfigured)
    assert said in str(refused.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.yaml"]
    assert (tmp_path / "taken.yaml").read_text("utf-8") == "mine"
