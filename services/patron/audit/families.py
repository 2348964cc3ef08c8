"""Accounts that were merged: whose entries an heir's own cannot be computed without."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from patron.audit import by_time
from patron.audit.facts import KINDS, event_of
from patron.audit.model import Model
from patron.audit.programs import Terms
from patron.store import audit_reads
from patron.store.ledger import EntryRow
from patron.store.pool import Connection

MERGED = KINDS.index("merged")

# Heir's account and the merge's event → the closed account's entries, the closing one last.
Families = Mapping[tuple[int, bytes], Sequence[EntryRow]]


async def families(connection: Connection, entries: Iterable[EntryRow]) -> Families:
    """The closed accounts of all merges among these entries, and of those that they took over."""
    found: dict[tuple[int, bytes], Sequence[EntryRow]] = {}
    asked = _takings(entries)
    while asked:
        names = {(entry.event, entry.recorded_at) for entry in asked}
        accounts = await audit_reads.accounts_of(connection, names, kind=MERGED)
        closed = {
            (heir.account, heir.event): account
            for heir in asked
            for event, account in accounts
            if event == heir.event and account != heir.account
        }
        rows: dict[int, list[EntryRow]] = defaultdict(list)
        for entry in await audit_reads.entries_of(connection, set(closed.values())):
            rows[entry.account].append(entry)
        for (heir, event), account in closed.items():
            place = [entry.event for entry in rows[account]].index(event)
            found[heir, event] = rows[account][: place + 1]
        takings = _takings(chain.from_iterable(rows.values()))
        asked = [entry for entry in takings if (entry.account, entry.event) not in found]
    return found


def _takings(entries: Iterable[EntryRow]) -> list[EntryRow]:
    return [entry for entry in entries if entry.kind == MERGED and _takes_over(entry)]


def _takes_over(entry: EntryRow) -> bool:
    try:
        event = event_of(
            seq=entry.seq, at=entry.at, kind=entry.kind, version=entry.version, body=entry.body
        )
    except (ValueError, TypeError, IndexError, KeyError):
        return False  # Whose body cannot be read is told of with its own account.
    return bool(event.takes_over)


def closed_model(
    terms: Mapping[int, Terms], families: Families, met: set[object], *, heir: int, event: bytes
) -> Model:
    """A closed account as it was just before its heir took it over."""
    entries = families[heir, event][:-1]
    facts = [
        event_of(
            seq=entry.seq, at=entry.at, kind=entry.kind, version=entry.version, body=entry.body
        )._replace(met=entry.event in met)
        for entry in entries
    ]
    names = {fact.seq: entry.event for fact, entry in zip(facts, entries, strict=True)}
    account = entries[0].account if entries else 0
    return by_time.account(
        terms,
        facts,
        lambda fact: closed_model(terms, families, met, heir=account, event=names[fact.seq]),
    )
