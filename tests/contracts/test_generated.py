"""The generated files are current, and hold together; notices are what the core says."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from ruamel.yaml import YAML

from patron_schemas.generate import differences, generated, main, notice_schema, write
from patron_schemas.notices import NOTICE_OF
from patron_schemas.program import NoticeName
from patron_schemas.topics import EVENT_OF, INCOMING, NOTICES

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"


def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(SCHEMAS / "asyncapi.yaml")
    return document


def refs(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(refs, value))
    if not isinstance(value, dict):
        return set()
    found = {value["$ref"]} if "$ref" in value else set()
    return found.union(*map(refs, value.values()))


def test_the_generated_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_check_names_each_file_that_differs_is_missing_or_is_left_over(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 2.6.0\n")
    (tmp_path / "jsonschema/program.v1.json").unlink()
    (tmp_path / "jsonschema/io.patron.order.lost.v1.json").write_text("{}")

    assert set(differences(tmp_path)) == {
        "schemas/asyncapi.yaml is not what the models say",
        "schemas/jsonschema/program.v1.json is missing",
        "schemas/jsonschema/io.patron.order.lost.v1.json has no model",
    }


def test_writing_leaves_nothing_to_differ(tmp_path: Path) -> None:
    (tmp_path / "jsonschema").mkdir()
    (tmp_path / "jsonschema/io.patron.order.lost.v1.json").write_text("{}")

    write(tmp_path)

    assert list(differences(tmp_path)) == []


def test_a_wrong_call_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "usage: python -m patron_schemas.generate [--check]" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(set(generated()) - {"asyncapi.yaml"}))
def test_a_generated_schema_is_a_json_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(generated()[name]))


def test_everything_that_the_asyncapi_document_refers_to_is_there() -> None:
    document = asyncapi()
    found = refs(document)
    assert found

    for ref in found:
        if ref.startswith("./"):
            assert (SCHEMAS / ref).is_file(), ref
        else:
            part: Any = document
            for step in ref.removeprefix("#/").split("/"):
                part = part[step]


def test_the_asyncapi_document_carries_every_event_and_every_notice_in_its_topic() -> None:
    document = asyncapi()
    carried = {c["address"]: set(c["messages"]) for c in document["channels"].values()}

    assert set(carried) == {NOTICES, *(incoming.topic for incoming in INCOMING)}
    assert carried.pop(NOTICES) == {f"io.patron.{kind}.v1" for kind in NOTICE_OF}
    assert set().union(*carried.values()) == set(EVENT_OF)


def test_there_is_a_class_for_every_notice_that_a_program_can_name() -> None:
    assert set(NOTICE_OF) == set(get_args(NoticeName))


def test_there_is_a_class_for_every_notice_that_the_core_gives() -> None:
    core = "\n".join(p.read_text("utf-8") for p in (ROOT / "services/patron/core").rglob("*.py"))
    given = set(re.findall(r'\.notice\(\s*"([a-z.]+)"', core))

    assert given
    assert given <= set(NOTICE_OF)


def test_readers_of_a_notice_take_a_field_that_comes_later_but_no_null() -> None:
    schema = notice_schema(NOTICE_OF["reward.unlocked"])
    data = {"program": "cups", "member": "m", "reward": "cup", "kind": "badge", "grant": "3-0"}

    jsonschema.validate(data | {"of_later": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data | {"order": None}, schema)
