"""`patron check`, without its terminal: a file's program, or what is wrong with it."""

from pathlib import Path
from typing import NamedTuple

from patron.core.program import Program
from patron.wire.compiling import compiled
from patron.wire.documents import read_with_places, version_of
from patron.wire.doubt import Doubt
from patron.wire.doubts import doubts
from patron.wire.problems import InvalidDocument, Problem
from patron_schemas.money import MINOR_DIGITS


class CheckReport(NamedTuple):
    """What a check found. Without problems there is a program, perhaps with doubts."""

    source: str
    program: Program | None
    problems: tuple[Problem, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def check_file(path: Path) -> CheckReport:
    """Check one file. A file that can't be read is a problem in its first place."""
    source = path.name
    try:
        document, tree = read_with_places(text_of(path), source=source)
    except InvalidDocument as error:
        return CheckReport(source, None, error.problems)
    digits = MINOR_DIGITS[document.currency]
    program = compiled(document, version=version_of(document), digits=digits)
    return CheckReport(source, program, (), tuple(doubts(tree, document)))


def text_of(path: Path) -> str:
    """A file's text. Raises InvalidDocument where there is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        what = f"can't be read ({error.strerror})"
        raise InvalidDocument(path.name, [Problem(1, 1, what, "check the path")]) from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        problem = Problem(line, column, "not UTF-8 text", "save the file as UTF-8")
        raise InvalidDocument(path.name, [problem]) from None
