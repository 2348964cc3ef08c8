"""A decision's notices as the world will read them."""

from collections.abc import Iterable, Iterator, Mapping

from patron.core.decision import Decision, Notice
from patron.core.pools import codes_pool
from patron.store.codes import Numbered
from patron.wire.outgoing import Published, published

Codes = Mapping[Numbered, str]
NO_CODES: Codes = {}


def published_of(
    decision: Decision, *, member: str, tenant: str, program: str, codes: Codes = NO_CODES
) -> Iterator[Published]:
    """The notices of one decision, as they will be read; `codes` are those that it drew."""
    for place, notice in enumerate(decision.notices):
        yield published(
            _with_code(notice, codes) if codes else notice,
            tenant=tenant,
            program=program,
            member=member,
            version=decision.account.seq,
            cause=decision.fact.name,
            order=getattr(decision.fact, "order", ""),
            place=place,
        )


def codes_drawn(decisions: Iterable[Decision]) -> list[Numbered]:
    """The codes that these decisions drew."""
    grants = (grant for decision in decisions for grant in decision.grants)
    drawn = {Numbered(codes_pool(g.reward), g.code) for g in grants if g.code}
    return sorted(drawn)


def _with_code(notice: Notice, codes: Codes) -> Notice:
    """Who claims a code is told it; the core knows its number alone."""
    number = notice.data.get("code_number")
    if number is None:
        return notice
    code = codes[Numbered(codes_pool(notice.data["reward"]), number)]
    return notice._replace(data={**notice.data, "code": code})
