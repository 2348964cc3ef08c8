"""The ready programs, wherever they lie: beside the package in a checkout, inside it installed."""

import re
from pathlib import Path
from typing import Final, NamedTuple


def folder() -> Path:
    """Where the ready programs lie."""
    here = Path(__file__).parent
    inside = here / "programs"
    return inside if inside.is_dir() else here.parent / "programs"


def program_text(name: str) -> str:
    """The document of one ready program, such as "grocer"."""
    return (folder() / f"{name}.yaml").read_text("utf-8")


def ready_programs() -> dict[str, str]:
    """The ready programs by name, each with what its file says it is."""
    return {path.stem: _purpose(path) for path in sorted(folder().glob("*.yaml"))}


def numbers_to_change(name: str) -> str:
    """What of a ready program is meant to be changed first, as the gallery's table says."""
    row = next(row for row in gallery() if row.name == name)
    return row.numbers


def gallery() -> list["Row"]:
    """The rows of the gallery's table, as it is written."""
    return [Row(*found) for found in _ROW.findall((folder() / "README.md").read_text("utf-8"))]


class Row(NamedTuple):
    """A program of the gallery: what it shows, and what to change in it first."""

    name: str
    shows: str
    numbers: str


_ROW: Final = re.compile(r"^\| \[([a-z0-9-]+)\]\(\1\.yaml\) \| (.+) \| (.+) \|$", re.MULTILINE)


def example_events(name: str) -> bytes:
    """The events of a ready program's worked example, one CloudEvent a line; empty without."""
    path = folder() / f"{name}.example" / "events.jsonl"
    return path.read_bytes() if path.exists() else b""


def _purpose(path: Path) -> str:
    """The first sentence of the comment that a document opens with."""
    words: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        text = line.removeprefix("#").strip()
        if not line.startswith("#") or (words and not text):
            break
        if text and not text.startswith("yaml-language-server"):
            words.append(text)
    return " ".join(words).partition(". ")[0].rstrip(".")
