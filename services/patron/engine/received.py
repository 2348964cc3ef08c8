"""What a batch brings, and events whose name comes more than once in it.

Those are judged as in batches of their own: however a batch is cut, the same is applied and
the same is set aside.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patron.core.decision import Unfit
from patron.core.facts import EventName
from patron.store.dead_letters import DeadLetter, Original
from patron.wire.incoming import Arrived
from patron.wire.reasons import MEANING, Reason

ID_REUSED = Unfit(Reason.ID_REUSE, MEANING[Reason.ID_REUSE])


class Received(NamedTuple):
    """A fact that arrived, and the record that brought it."""

    arrived: Arrived
    record: Original


class Repeats:
    """The first of each name, which are decided, and what that says of the others."""

    def __init__(self, received: Iterable[Received]) -> None:
        firsts: dict[EventName, Received] = {}
        self._others: list[Received] = []
        for each in received:
            if firsts.setdefault(each.arrived.fact.name, each) is not each:
                self._others.append(each)
        self.first: Sequence[Received] = list(firsts.values())
        self._firsts = firsts
        self._refused: dict[EventName, Unfit] = {}

    def refused(self, first: Received, why: Unfit) -> DeadLetter:
        """The first of its name does not hold it: it is a dead letter, and claims no name."""
        self._refused[first.arrived.fact.name] = why
        return DeadLetter(first.record, why.code, why.detail)

    def settle(self, letters: list[DeadLetter], outcomes: Counter[str]) -> list[Received]:
        """Judge the others by their first; return those that have to be decided themselves.

        With the same content they fare as it did. With another they reuse a name that is
        held; where it is not, they may be what the name is for.
        """
        again = []
        for each in self._others:
            name = each.arrived.fact.name
            is_same = self._firsts[name].arrived.content == each.arrived.content
            why = self._refused.get(name)
            if why is None and is_same:
                outcomes["duplicate"] += 1
            elif why is not None and not is_same:
                again.append(each)
            else:
                why = why or ID_REUSED
                letters.append(DeadLetter(each.record, why.code, why.detail))
        return again
