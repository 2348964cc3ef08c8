"""Each example is a test: what is called valid is read, what is called invalid is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from patron_schemas.topics import EVENT, EVENT_OF

SCHEMAS = Path(__file__).parents[2] / "schemas"
VALID = sorted((SCHEMAS / "examples").glob("*/valid-*.json"))
INVALID = sorted((SCHEMAS / "examples").glob("*/invalid-*.json"))


def place(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def schema_of(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        (SCHEMAS / "jsonschema" / f"{path.parent.name}.json").read_text("utf-8")
    )
    return schema


def leaves(value: Any) -> Iterator[str]:
    """Every value that is not a container, as an error would print it."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield str(value)


@pytest.mark.parametrize("path", VALID, ids=place)
def test_a_valid_example_is_read_as_the_event_that_its_folder_names(path: Path) -> None:
    event = EVENT.validate_json(path.read_bytes())

    assert type(event) is EVENT_OF[path.parent.name]


@pytest.mark.parametrize("path", VALID, ids=place)
def test_a_valid_example_is_good_by_the_json_schema(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_bytes()), schema_of(path))


@pytest.mark.parametrize("path", INVALID, ids=place)
def test_an_invalid_example_is_refused_by_an_error_that_holds_nothing_of_it(path: Path) -> None:
    event = json.loads(path.read_bytes())
    # The model's own words, such as the names of its fields and choices, are no secret.
    own_words = json.dumps(schema_of(path))
    secrets = {leaf for leaf in leaves(event) if len(leaf) > 2 and leaf not in own_words}
    assert secrets, "the example must hold something that could leak"

    with pytest.raises(ValidationError) as refused:
        EVENT.validate_json(path.read_bytes())

    assert {secret for secret in secrets if secret in str(refused.value)} == set()


@pytest.mark.parametrize("path", INVALID, ids=place)
def test_an_invalid_example_is_wrong_in_one_way_alone(path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        EVENT.validate_json(path.read_bytes())

    places = [error["loc"] for error in refused.value.errors()]
    # A list whose only line is wrong is called too short as well.
    causes = [at for at in places if not any(at == deep[: len(at)] != deep for deep in places)]
    assert len(causes) == 1, places


@pytest.mark.parametrize("path", [*VALID, *INVALID], ids=place)
def test_an_example_lies_in_the_folder_of_its_type(path: Path) -> None:
    assert json.loads(path.read_bytes())["type"] == path.parent.name


@pytest.mark.parametrize("name", sorted(EVENT_OF))
def test_every_event_has_a_valid_and_an_invalid_example(name: str) -> None:
    assert [path for path in VALID if path.parent.name == name]
    assert [path for path in INVALID if path.parent.name == name]


def test_every_file_among_the_examples_is_one_of_them() -> None:
    files = {path for path in (SCHEMAS / "examples").rglob("*") if path.is_file()}

    assert files == {*VALID, *INVALID}
