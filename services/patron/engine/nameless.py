"""Facts of one program whose member nobody knows: they wait for the name, or stay anonymous.

In memory, no IO: the engine and `patron replay` keep the same facts here, and take them out
in the same order. What takes of an order back is not here: it waits for its order, whoever
it names, and so comes with it.
"""

from collections.abc import Container, Iterable
from enum import StrEnum

from patron.core.decision import Unfit
from patron.core.facts import (
    Engaged,
    Fact,
    IdentifiersLinked,
    MemberEnrolled,
    OrderCompleted,
    OrderFact,
    Who,
)
from patron.store.tenants import Unknown

NAME_UNKNOWN = Unfit("name_unknown", "the name of this event led to nobody in its time")
BRINGS_NAMES = MemberEnrolled | IdentifiersLinked
MAY_BE_NOBODYS = OrderFact | Engaged  # Anything else asks for an answer, or says whose names.


class Kept(StrEnum):
    """What became of a fact that changes no account, as it is counted."""

    WAITING = "waiting"
    ANONYMOUS = "anonymous"


class Nameless:
    """What waits, by name; and orders that are nobody's."""

    def __init__(self, unknown: Unknown) -> None:
        self._unknown = unknown
        self.waiting: dict[Who, list[Fact]] = {}
        self.orders: set[str] = set()  # Known to be nobody's, so far.

    def keep(self, fact: Fact, *, owned: Container[str]) -> Kept | None:
        """Keep a fact that means nobody. None: it is not for here.

        An order that is somebody's stays theirs, whatever name its next event has.
        """
        if isinstance(fact, OrderCompleted):
            if fact.order in owned:
                return None
        elif not isinstance(fact, Engaged) or fact.member is None:
            return None
        if fact.member is not None and self._unknown is Unknown.WAIT:
            self.waiting.setdefault(fact.member, []).append(fact)
            return Kept.WAITING
        if isinstance(fact, OrderCompleted):
            self.orders.add(fact.order)
        return Kept.ANONYMOUS

    def take(self, fact: Fact) -> list[Fact]:
        """Take out what waited for the names that a fact brings, by its own time.

        At one instant by name: two that waited have no other order that is the same for all.
        """
        if not isinstance(fact, BRINGS_NAMES):
            return []
        found = [each for who in fact.identifiers for each in self.waiting.pop(who, ())]
        return sorted(found, key=lambda each: (each.at, each.name))


def brought(facts: Iterable[tuple[Fact, str | None]]) -> dict[Who, str]:
    """The names that these facts bring, each with its member."""
    return {
        who: member
        for fact, member in facts
        if member is not None and isinstance(fact, BRINGS_NAMES)
        for who in fact.identifiers
    }
