"""What is owed to the world against what it has: every notice once, none left out.

What is owed is decided again from the entries; nothing else keeps it once it is sent. The
ledger is read first, then the outbox, then the topic, so that beside running workers a
notice may be seen twice on its way, and never not at all.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from uuid import UUID

from patron.core.account import HOUSE
from patron.engine.catalogue import Catalogue, Served
from patron.engine.following import HOUSE_NUMBER
from patron.engine.history import fold
from patron.engine.noticing import published_of
from patron.store import accounts, audit_reads, dead_letters, outbox
from patron.store.pool import Connection, Pool, session, snapshot, transaction
from patron.store.sealing import Sealer
from patron.wire.outgoing import unpack
from patron.wire.reasons import Reason

ACCOUNTS_MAX = 200  # On one page, so that memory is bounded.
ID_HEADER = "ce_id"


class Reconciled(NamedTuple):
    """How notices stand. Lists name notices by their ids."""

    owed: int  # By all entries so far.
    published: int  # Of them, on the topic.
    waiting: int  # Of them, in the outbox alone.
    parked: int  # Of them, set aside: larger than the topic allows.
    missing: list[str]  # Nowhere.
    twice: list[str]  # On the topic more than once.
    foreign: int  # On the topic, and owed by no entry that was read: newer, or not ours.

    @property
    def holds(self) -> bool:
        """Whether each notice is somewhere, and none is there twice."""
        return not self.missing and not self.twice


async def owed(pool: Pool, catalogue: Catalogue) -> set[UUID]:
    """The ids of all notices that the entries of all accounts owe: 100 bytes each."""
    found: set[UUID] = set()
    for tenant in catalogue.tenants.values():
        for served in tenant.programs:
            async for ids in _owed_by(pool, served, tenant=tenant.name):
                found |= ids
    return found


async def _owed_by(pool: Pool, served: Served, *, tenant: str) -> AsyncIterator[set[UUID]]:
    """The notices of a program's accounts, a page at a time."""
    after = 0
    while True:
        async with snapshot(pool) as connection:
            house = await accounts.read(connection, program=served.number, member=HOUSE_NUMBER)
            page = await audit_reads.entries_page(
                connection, program=served.number, after=after, accounts_max=ACCOUNTS_MAX
            )
        if not page:
            return
        found: set[UUID] = set()
        for account, entries in page:
            is_house = house is not None and account.account == house.account
            member = HOUSE if is_house else account.member
            if member is None:
                continue  # Erased: what it was told before names nobody any more.
            for told in fold(entries, member=member, served=served)[1]:
                said = published_of(
                    told.decision, member=member, tenant=tenant, program=served.name
                )
                found.update(each.id for each in said)
        yield found
        after = page[-1].account.account


async def unsent(pool: Pool, sealer: Sealer) -> tuple[set[UUID], set[UUID]]:
    """The ids of notices in the outbox, and of those that were parked."""
    async with session(pool) as connection:
        waiting = await outbox.notices(connection)
    async with transaction(pool) as connection:
        letters = await dead_letters.open_of_code(connection, code=Reason.NOTICE_TOO_LARGE)
        return waiting, {await _parked(connection, sealer, letter) for letter in letters}


async def _parked(connection: Connection, sealer: Sealer, letter: int) -> UUID:
    found = await dead_letters.get(connection, sealer, letter)
    assert found is not None, "it is locked by the transaction that listed it"
    body = found[0].record.value
    assert body is not None, "a parked notice keeps its body"
    return UUID(dict(unpack(body).headers)[ID_HEADER].decode())


def reconciled(
    owed: set[UUID], waiting: set[UUID], parked: set[UUID], on_topic: Mapping[str, int]
) -> Reconciled:
    """Compare what is owed with where it is; `on_topic` counts each id there."""
    times: Counter[UUID] = Counter()
    foreign = 0
    for text, count in on_topic.items():
        try:
            times[UUID(text)] = count
        except ValueError:  # Not one of ours: somebody else writes to this topic too.
            foreign += 1
    there = owed & times.keys()
    return Reconciled(
        owed=len(owed),
        published=len(there),
        waiting=len((owed & waiting) - there),
        parked=len((owed & parked) - there),
        missing=sorted(str(each) for each in owed - there - waiting - parked),
        twice=sorted(str(each) for each in there if times[each] > 1),
        foreign=foreign + len(times.keys() - owed),
    )
