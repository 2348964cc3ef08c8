"""`patron new`: a program of one's own, started from a ready one."""

import re
from pathlib import Path
from typing import Annotated

import orjson
import typer

from patron.cli.environment import as_json
from patron.cli.programs import lineages
from patron.engine.replay import Replay
from patron.errors import Misconfigured
from patron_schemas.program import program_schema
from patron_schemas.ready import (
    example_events,
    numbers_to_change,
    program_text,
    ready_programs,
)

SCHEMA = "program.v1.json"
_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_HEADER = re.compile(r"\A# yaml-language-server:.*\n")
_PROGRAM = re.compile(r"^program: .*$", re.MULTILINE)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(new)


def new(
    name: Annotated[
        str | None, typer.Argument(help="What the program is called; left out: list them.")
    ] = None,
    ready: Annotated[
        str, typer.Option("--from", help="The ready program to start from.")
    ] = "points-with-tiers",
    folder: Annotated[Path, typer.Option("--in", help="Where its files go.")] = Path(),
) -> None:
    """Start a program from a ready one: its file, events to try it on, and what they give."""
    if name is None:
        for each, purpose in ready_programs().items():
            typer.echo(f"{each:20} {purpose}")
        typer.echo("\nStart from one: patron new my-program --from cashback")
        return
    if _NAME.fullmatch(name) is None:
        raise Misconfigured(f'"{name}" is no name: use 1 to 64 of the characters a-z, 0-9 and "-"')
    if ready not in ready_programs():
        raise Misconfigured(
            f'there is no ready program "{ready}"; there are {", ".join(ready_programs())}'
        )
    document = folder / f"{name}.yaml"
    events, expected = folder / f"{name}.events.jsonl", folder / f"{name}.expected.jsonl"
    for path in (document, events, expected):
        if path.exists():
            raise Misconfigured(f"{path} is there already; choose another name, or move it away")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCHEMA).write_bytes(orjson.dumps(program_schema(), option=orjson.OPT_INDENT_2))
    document.write_text(_started(program_text(ready), name), "utf-8")
    lines = example_events(ready)
    events.write_bytes(lines)
    expected.write_text(_given(document, lines), "utf-8")
    typer.echo(_said(document, events, expected, ready))


def _started(text: str, name: str) -> str:
    text = _HEADER.sub(f"# yaml-language-server: $schema=./{SCHEMA}\n", text)
    return _PROGRAM.sub(f"program: {name}", text, count=1)


def _given(document: Path, lines: bytes) -> str:
    run = Replay(lineages([str(document)]))
    said = [*run.events(lines.splitlines()), *run.members()]
    return "".join(as_json(each) + "\n" for each in said)


def _said(document: Path, events: Path, expected: Path, ready: str) -> str:
    return f"""\
{document}  the program, from "{ready}"; an editor that knows YAML completes it by {SCHEMA}
{events}  events to try it on
{expected}  what they give now

Change zone and currency of {document} first, then its numbers:
{numbers_to_change(ready).replace("`", "")}. Then

  patron check {document}
  patron replay {document} {events} | diff {expected} -

and see what that changes, for whom."""
