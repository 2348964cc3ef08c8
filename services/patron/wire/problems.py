"""What is wrong with a program document, where, and what to write instead.

Columns and lines count from 1, as editors do. The source's text is never quoted at
length: a problem names a field or one short value.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from patron.errors import InvalidProgram

SHOWN_MAX = 60  # Characters of a value that a message quotes.
KNOWN_MAX = 25  # Known names that a message lists.


class Problem(NamedTuple):
    """One thing to mend."""

    line: int
    column: int
    what: str
    mend: str

    def at(self, source: str) -> str:
        """The problem as one line that editors can jump to."""
        return f"{source}:{self.line}:{self.column}: {self.what}; {self.mend}"


class InvalidDocument(InvalidProgram):
    """A program document that can't start, with every problem that was found in it."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(problem.at(source) for problem in self.problems))


def nearest(name: str, known: Iterable[str]) -> str:
    """A mend for a name that nobody knows: the nearest one, or all of them if few."""
    names = sorted(known)
    close = get_close_matches(name[:SHOWN_MAX], names, n=1, cutoff=0.6)
    if not close:
        folded = {each.casefold(): each for each in names}
        close = [folded[name.casefold()]] if name.casefold() in folded else []
    if close:
        return f'did you mean "{close[0]}"?'
    if not names:
        return "none is declared in this program"
    more = ", …" if len(names) > KNOWN_MAX else ""
    return f"write one of: {', '.join(names[:KNOWN_MAX])}{more}"


def shown(value: object) -> str:
    """A value as a message quotes it: in quotes, on one line, cut when long."""
    text = " ".join(str(value).split())
    return f'"{text[:SHOWN_MAX]}…"' if len(text) > SHOWN_MAX else f'"{text}"'
