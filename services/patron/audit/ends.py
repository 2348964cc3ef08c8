"""When points end: after a span, on a date of each year, with the activity, or never."""

from datetime import datetime

from patron.audit import calendar
from patron.audit.calendar import NEVER, WITH_ACTIVITY
from patron.audit.programs import Terms


def end_of(terms: Terms, asset: str, earned_at: datetime) -> datetime:
    """When what was earned then ends."""
    ends = terms.document.assets[asset].ends
    if ends is None:
        return NEVER
    if ends.after_activity is not None:
        return WITH_ACTIVITY
    if ends.on is not None:
        return calendar.yearly_end(earned_at, ends.on, ends.earned_before, terms.zone)
    assert ends.after is not None
    end = calendar.plus(earned_at, ends.after, terms.zone)
    return calendar.rounded_up(end, ends.at_end_of, terms.zone)
