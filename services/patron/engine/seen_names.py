"""An event's name as it is remembered: in the week of its receipt."""

from collections.abc import Mapping

from patron.core.decision import Unfit
from patron.engine.catalogue import Tenant
from patron.engine.reading import Meant
from patron.store import partitions, seen
from patron.wire.incoming import Arrived


def week_of(arrived: Arrived) -> int:
    """The week in which an event was received."""
    return partitions.week_of(arrived.received_at)


def seen_name(
    arrived: Arrived, tenant: Tenant, numbers: Mapping[str, int], whom: Meant | Unfit | None
) -> seen.Name:
    """A name to be claimed, and the member whom it is about."""
    week = week_of(arrived)
    # It can't have been received before it happened, give or take an early clock.
    first = partitions.week_of(arrived.fact.at - tenant.early_max)
    member = numbers.get(whom.member or "") if isinstance(whom, Meant) else None
    return seen.Name(week, arrived.event, arrived.content, member, min(first, week))
