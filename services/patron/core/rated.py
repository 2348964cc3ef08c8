"""By what a fact is rated: its tier, and its room under caps.

Nearly all by the account as it stands. A late fact of a program that only goes forward is
rated as of its own time: see `forward`.
"""

from datetime import date

from patron.core.caps import room_left
from patron.core.draft import Draft


def tier_then(draft: Draft) -> str:
    """The tier that a fact earns at."""
    then = draft.state.then
    return draft.tier if then is None else then.tier


def room_then(draft: Draft, day: date) -> dict[str, int]:
    """The room that a fact finds under caps; a late one no more than then, and than now."""
    room, then = room_left(draft.program, draft.used, day), draft.state.then
    if then is not None:
        for name, left in room_left(draft.program, then.used, day).items():
            room[name] = min(room[name], left)
    return room
