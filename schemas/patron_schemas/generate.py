"""The files that are made of the contracts, for those who do not read Python.

    python -m patron_schemas.generate           write them
    python -m patron_schemas.generate --check   compare them, and change nothing

The same contracts give the same bytes, so what is in the repository can be compared. It
works in a checkout: the files lie beside this package, not in it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from patron_schemas.asyncapi import asyncapi_document, yaml_lines
from patron_schemas.notices import NOTICE_OF, ProgramNotice, notice_type
from patron_schemas.program import program_schema
from patron_schemas.topics import EVENT_OF

SCHEMAS: Final = Path(__file__).parents[1]
COMMAND: Final = "python -m patron_schemas.generate"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def generated() -> dict[str, str]:
    """The text of every file, by its path in `schemas/`."""
    files = {
        f"jsonschema/{name}.json": _json({"$schema": DIALECT, **event.model_json_schema()})
        for name, event in EVENT_OF.items()
    }
    files |= {
        f"jsonschema/{notice_type(kind)}.json": _json(notice_schema(notice))
        for kind, notice in NOTICE_OF.items()
    }
    files["jsonschema/program.v1.json"] = _json(program_schema())
    head = f"# Made by `{COMMAND}`; change the models instead.\n"
    files["asyncapi.yaml"] = head + "\n".join(yaml_lines(asyncapi_document())) + "\n"
    return files


def notice_schema(notice: type[ProgramNotice]) -> dict[str, Any]:
    """The JSON Schema of a notice's data, as a reader should hold it.

    It lets unknown fields pass, though Patron sends none: a reader that refused them would
    break with the first field that is added.
    """
    schema = notice.model_json_schema()
    del schema["additionalProperties"]
    for field in schema["properties"].values():
        _never_null(field)
    return {"$schema": DIALECT, **schema}


def _never_null(field: dict[str, Any]) -> None:
    if "anyOf" not in field:
        return

    (form,) = (choice for choice in field.pop("anyOf") if choice != {"type": "null"})
    del field["default"]
    field |= form


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def differences(folder: Path = SCHEMAS) -> Iterator[str]:
    """What is not as it would be made, a line for each file."""
    files = generated()
    for name, text in files.items():
        path = folder / name
        if not path.exists():
            yield f"schemas/{name} is missing"
        elif path.read_text("utf-8") != text:
            yield f"schemas/{name} is not what the models say"
    yield from (f"schemas/{name} has no model" for name in _left_over(folder, files))


def _left_over(folder: Path, files: dict[str, str]) -> list[str]:
    there = {f"jsonschema/{path.name}" for path in (folder / "jsonschema").glob("*.json")}
    return sorted(there - files.keys())


def write(folder: Path = SCHEMAS) -> int:
    """Write all files and remove those without a model; returns how many were written."""
    files = generated()
    for name in _left_over(folder, files):
        (folder / name).unlink()
    (folder / "jsonschema").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return len(files)


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit status: 1 where files differ, 2 for a wrong call."""
    if arguments not in ([], ["--check"]):
        print(f"usage: {COMMAND} [--check]", file=sys.stderr)
        return 2
    if not arguments:
        print(f"{write()} files written to {SCHEMAS}")
        return 0

    found = list(differences())
    if found:
        print("\n".join(found), file=sys.stderr)
        print(f"Run `{COMMAND}` and commit what it writes.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
