"""The versions of one program, and which of them was in force at an instant."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from patron.core.account import NEVER
from patron.core.program import Program


class InForce(NamedTuple):
    """One version from its instant to the next one's."""

    since: datetime
    program: Program
    number: int = 0  # The version's row; 0 where there are no tables.


class Lineage:
    """Versions in order of time. The same document may come into force again later."""

    def __init__(self, versions: Sequence[InForce]) -> None:
        self.versions = sorted(versions, key=lambda version: (version.since, version.number))
        self._since = [version.since for version in self.versions]
        self._named = {version.program.version: version for version in self.versions}
        self._numbered = {v.number: v.program.version for v in self.versions}

    def at(self, instant: datetime) -> Program | None:
        """The version in force then; None before the first."""
        place = bisect_right(self._since, instant)
        return self.versions[place - 1].program if place else None

    def next_since(self, instant: datetime) -> datetime:
        """When the next version comes in force after that; NEVER if none is known."""
        place = bisect_right(self._since, instant)
        return self._since[place] if place < len(self._since) else NEVER

    def named(self, version: str) -> Program:
        """The version with that hash; KeyError if this program never had it."""
        return self._named[version].program

    def number(self, version: str) -> int:
        """The row of the version with that hash."""
        return self._named[version].number

    def hash_of(self, number: int) -> str:
        """The hash of the version in that row; KeyError if it is another program's."""
        return self._numbered[number]
