"""When points end: after a span, on a date of each year, with the activity, or never."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from patron.audit import calendar
from patron.audit.calendar import NEVER, WITH_ACTIVITY
from patron.audit.programs import Terms

if TYPE_CHECKING:
    from patron.audit.model import Model


def end_of(terms: Terms, asset: str, earned_at: datetime) -> datetime:
    """When what was earned then ends."""
    ends = terms.asset(asset).ends
    if ends is None:
        return NEVER
    if ends.after_activity is not None:
        return WITH_ACTIVITY
    if ends.on is not None:
        return calendar.yearly_end(earned_at, ends.on, ends.earned_before, terms.zone)
    assert ends.after is not None
    end = calendar.plus(earned_at, ends.after, terms.zone)
    return calendar.rounded_up(end, ends.at_end_of, terms.zone)


def remind(model: Model, terms: Terms, now: datetime) -> None:
    """Say of what ends that it will, so long before as the program says."""
    for lot in model.wallet.lots:
        remind = terms.asset(lot.asset).remind
        if remind is None or not lot.remaining or lot.compartment != "available":
            continue
        end = model.real_end(terms, lot)
        if end != NEVER and calendar.plus(end, remind, terms.zone, sign=-1) == now:
            model.notices.append(("points.expiring", lot.asset))
