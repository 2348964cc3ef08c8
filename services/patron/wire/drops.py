"""Drops of a document: whether they make sense, and as values."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from patron.core.program import Drop, Early, Match
from patron.wire.durations import span_of
from patron.wire.mends import at_key, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

WhomOf = Callable[[language.Whom], dict[str, Any]]


def problems_of_drops(tree: Tree, document: language.ProgramDocument) -> Iterator[Problem]:
    """A question names a drop or an entitlement, so they have names of their own."""
    for name in document.drops:
        path: Path = ("drops", name)
        if name in document.entitlements:
            what = f"{where(tree, path)} has the name of entitlement {shown(name)}"
            yield at_key(tree, path, what, "give it a name of its own")


def drops_of(document: language.ProgramDocument, whom: WhomOf) -> dict[str, Drop]:
    """The drops by name."""
    zone = ZoneInfo(document.zone)
    return {
        name: Drop(
            name=name,
            opens_at=datetime.combine(
                date.fromisoformat(drop.on), time(drop.hour), zone
            ).astimezone(UTC),
            early=tuple(
                Early(by=span_of(each.by), match=Match(**whom(each.match))) for each in drop.early
            ),
            match=Match(**whom(drop.match)),
        )
        for name, drop in document.drops.items()
    }
