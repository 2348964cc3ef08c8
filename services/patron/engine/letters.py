"""Dead letters of facts whose record is long applied: refunds that waited for their order,
and what follows from a closing. They are kept as they waited, and may be let wait again.
"""

from collections.abc import Iterable

from patron.core.decision import Unfit
from patron.core.facts import KINDS, Fact
from patron.engine.reading import Page
from patron.store import waiting
from patron.store.dead_letters import DeadLetter, Original
from patron.store.pool import Connection
from patron.store.waiting import WaitingFact
from patron.wire import bodies
from patron.wire.identity import THEIR_TURN, event_key

WAITED = "(waiting)"  # In a topic's place; no topic may have such a name.
NOWHERE = -1


def letters_of(page: Page, unfit: Iterable[tuple[Fact, Unfit]]) -> list[DeadLetter]:
    """Facts of a page that waited and are unfit, set aside."""
    return [DeadLetter(_original(page, fact), why.code, why.detail) for fact, why in unfit]


def _original(page: Page, fact: Fact) -> Original:
    headers = {
        "kind": type(fact).__name__,
        "tenant": str(page.tenant.number),
        "program": str(page.served.number),
    }
    return Original(
        WAITED,
        NOWHERE,
        NOWHERE,
        int(fact.at.timestamp() * 1000),
        fact.name.id.encode(),
        bodies.encode_fact(fact),
        tuple((name, text.encode()) for name, text in headers.items()),
    )


async def wait_again(connection: Connection, record: Original) -> None:
    """Let a fact that was set aside wait for its turn: it is decided as it would have been."""
    headers = {name: raw.decode() for name, raw in record.headers}
    kind = next(n for n, each in enumerate(KINDS) if each.__name__ == headers["kind"])
    fact = bodies.decode_fact(kind, record.value)
    await waiting.put(
        connection,
        tenant=int(headers["tenant"]),
        program=int(headers["program"]),
        facts=[
            WaitingFact(THEIR_TURN, event_key(fact.name), fact.at, kind, bodies.encode_fact(fact))
        ],
    )
