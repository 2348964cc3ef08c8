"""A doubt: what may run and is probably not meant, with its place, its reason and its mend."""

from typing import NamedTuple

from patron.wire.mends import place_of, where
from patron.wire.yaml_tree import Path, Tree


class Doubt(NamedTuple):
    """Something to look at. `about` names the element: `asset "points"`."""

    line: int
    column: int
    about: str
    what: str
    why: str
    mend: str

    def at(self, source: str) -> str:
        """The doubt as one line that editors can jump to."""
        place = f"{source}:{self.line}:{self.column}"
        return f"{place}: {self.about}: {self.what}; {self.why}; {self.mend}"


def doubt(tree: Tree, path: Path, what: str, why: str, mend: str, *, about: str = "") -> Doubt:
    """A doubt about what stands at a path."""
    place = place_of(tree, path)
    return Doubt(place.key_line, place.key_column, about or where(tree, path), what, why, mend)
