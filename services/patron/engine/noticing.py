"""A decision's notices as the world will read them."""

from collections.abc import Iterator

from patron.core.decision import Decision
from patron.wire.outgoing import Published, published


def published_of(
    decision: Decision, *, member: str, tenant: str, program: str
) -> Iterator[Published]:
    """The notices of one decision, as they will be read."""
    for place, notice in enumerate(decision.notices):
        yield published(
            notice,
            tenant=tenant,
            program=program,
            member=member,
            version=decision.account.seq,
            cause=decision.fact.name,
            order=getattr(decision.fact, "order", ""),
            place=place,
        )
