"""The audit: what the tables say of every account, against what its entries' facts give.

It reads and never writes, a page of accounts at a time, each page in one snapshot, so it
can run beside the workers. It says what differs; which side is wrong is for a person.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain as chain_of
from typing import Any, NamedTuple

from patron.audit import by_time, chain, sharing
from patron.audit.chain import COMPARTMENTS, GRANT_STATES, SIDES, Move
from patron.audit.facts import KINDS, Event, event_of
from patron.audit.families import Families, closed_model, families
from patron.audit.model import Model
from patron.audit.programs import Terms, terms_of
from patron.store import audit_reads, programs
from patron.store.audit_reads import AuditedAccount, AuditPage
from patron.store.ledger import EntryRow, LotRow, TakeRow
from patron.store.pool import Connection

ACCOUNTS_MAX = 200  # On one page, so that memory is bounded.
TRANSFER = KINDS.index("transfer")


class Difference(NamedTuple):
    """One thing that is not what it should be, of one account."""

    account: int
    member: str
    what: str
    expected: str
    found: str


class Report(NamedTuple):
    """What was looked at, and every difference."""

    accounts: int
    entries: int
    differences: list[Difference]


class Served(NamedTuple):
    """A program's versions and the names that its rows' numbers stand for."""

    terms: Mapping[int, Terms]
    assets: Mapping[int, str]
    tiers: Mapping[int, str]
    rewards: Mapping[int, str]


class Written(NamedTuple):
    """All rows of one account."""

    row: AuditedAccount
    entries: Sequence[EntryRow]
    lots: Sequence[LotRow]
    takes: Sequence[TakeRow]
    grants: Sequence[audit_reads.GrantState]


def _silent(done: int, total: int) -> None:
    """Nobody asked for progress."""


async def audit(
    connection: Connection,
    *,
    tenant: str | None = None,
    say: Callable[[int, int], None] = _silent,
    accounts_max: int = ACCOUNTS_MAX,
) -> Report:
    """Compute every account of a tenant (None: of all) again, and compare.

    `say(done, total)` is called with the number of accounts after each page.
    """
    accounts, entries, differences = 0, 0, list[Difference]()
    found = await audit_reads.programs(connection, tenant=tenant)
    total = sum(program.accounts for program in found)
    for program in found:
        after, taken = 0, Counter[str]()
        pools = await audit_reads.pools(connection, program.program)
        while True:
            async with audit_reads.snapshot(connection):
                # Read with each page: a version may have been published meanwhile.
                served = await _served(connection, program.program)
                page = await audit_reads.page(
                    connection, program=program.program, after=after, accounts_max=accounts_max
                )
                closed = await families(connection, page.entries)
                met = await _met(connection, page.entries, *closed.values())
            if not page.accounts:
                break
            for written in _by_account(page):
                differences.extend(differences_of(written, served, met, closed, taken))
            after = page.accounts[-1].account
            accounts += len(page.accounts)
            entries += len(page.entries)
            say(accounts, max(total, accounts))
        still = await audit_reads.pools(connection, program.program)
        differences.extend(_pools(taken, pools.items() & still.items()))
    return Report(accounts, entries, differences)


def _pools(taken: Mapping[str, int], pools: Iterable[tuple[str, int]]) -> Iterator[Difference]:
    """What all accounts have of pools together is what these say, which nobody moved meanwhile."""
    for pool, used in sorted(pools):
        if used != taken.get(pool, 0):
            yield Difference(0, "(all)", f"pool {pool} used", str(taken.get(pool, 0)), str(used))


async def _served(connection: Connection, program: int) -> Served:
    documents = await audit_reads.documents(connection, program)
    numbers = await programs.numbering(connection, program)
    return Served(
        {version: terms_of(document) for version, document in documents.items()},
        {number: name for name, number in numbers.assets.items()},
        {0: "", **{number: name for name, number in numbers.tiers.items()}},
        {0: "", **{number: name for name, number in numbers.rewards.items()}},
    )


async def _met(connection: Connection, *entries: Sequence[EntryRow]) -> set[object]:
    """The transfers among these entries that reached their receiver."""
    asked = {(e.event, e.recorded_at) for e in chain_of(*entries) if e.kind == TRANSFER}
    sides = await audit_reads.accounts_of(connection, asked, kind=TRANSFER)
    count = Counter(event for event, _ in sides)
    return {event for event, accounts in count.items() if accounts > 1}


def _by_account(page: AuditPage) -> Iterator[Written]:
    rows: dict[str, dict[int, list[Any]]] = {}
    for name in ("entries", "lots", "takes", "grants"):
        rows[name] = defaultdict(list)
        for row in getattr(page, name):
            rows[name][row.account].append(row)
    for account in page.accounts:
        of = {name: rows[name].get(account.account, []) for name in rows}
        yield Written(account, of["entries"], of["lots"], of["takes"], of["grants"])


def differences_of(
    written: Written, served: Served, met: set[object], closed: Families, taken: Counter[str]
) -> Iterator[Difference]:
    """All that is wrong with one account; what it has of pools is added to `taken`."""

    def differs(what: str, expected: object, found: object) -> Iterator[Difference]:
        if expected != found:
            member = written.row.member or "(erased)"
            yield Difference(written.row.account, member, what, _shown(expected), _shown(found))

    numbers = [entry.seq for entry in written.entries]
    if numbers != list(range(1, written.row.seq + 1)):
        # Without each entry once there is nothing to compute from.
        missing = sorted(set(range(1, written.row.seq + 1)) - set(numbers))
        extra = len(numbers) - len(set(numbers) & set(range(1, written.row.seq + 1)))
        found = f"{len(numbers)} entries, missing {missing[:5]}, {extra} too many"
        yield from differs("entries", f"numbers 1 to {written.row.seq}", found)
        return

    events: list[Event] = []
    for entry in written.entries:
        try:
            event = event_of(
                seq=entry.seq, at=entry.at, kind=entry.kind, version=entry.version, body=entry.body
            )
        except (ValueError, TypeError, IndexError, KeyError) as error:
            yield from differs(f"entry {entry.seq} body", "a fact", f"unreadable: {error}")
            return
        events.append(event._replace(met=entry.event in met))
    moved, found_breaks = _chained(written, served, events)
    for finding in [
        *found_breaks,
        *_sums(written, served, moved),
        *_modelled(written, served, events, met, closed, taken),
    ]:
        yield from differs(*finding)


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


Finding = tuple[str, object, object]  # What, expected, found.


def _chained(
    written: Written, served: Served, events: Sequence[Event]
) -> tuple[list[Move], list[Finding]]:
    """All moves of the account, and where its chain breaks."""
    lots: dict[int, list[LotRow]] = defaultdict(list)
    takes: dict[int, list[TakeRow]] = defaultdict(list)
    for lot in written.lots:
        lots[lot.seq].append(lot)
    for take in written.takes:
        takes[take.seq].append(take)
    before, moved, breaks = chain.NOTHING, list[Move](), list[Finding]()
    for entry, event in zip(written.entries, events, strict=True):
        of_a_member = event.received or event.takes_over
        giver = "transferred" if of_a_member else "issuer"
        these = chain.moves(lots[entry.seq], takes[entry.seq], assets=served.assets, giver=giver)
        moved += these
        breaks.append(
            (f"entry {entry.seq} hash", chain.link(before, entry, event, these), entry.hash)
        )
        # From the stored hash, so that one changed row is one difference and not all after it.
        before = entry.hash
    breaks.append(("account chain", before, written.row.chain))
    return moved, breaks


def _sums(written: Written, served: Served, moved: Sequence[Move]) -> Iterator[Finding]:
    """What lots and moves add up to is what the lots hold and what the balances say."""
    taken: dict[tuple[int | None, int | None], int] = defaultdict(int)
    for take in written.takes:
        taken[take.lot_seq, take.lot_n] += take.amount
    held: dict[tuple[str, str], int] = defaultdict(int)
    for lot in written.lots:
        left = lot.amount - taken[lot.seq, lot.n]
        yield f"lot {lot.seq}-{lot.n} remaining", left, lot.remaining
        held[served.assets[lot.asset], COMPARTMENTS[lot.compartment]] += lot.remaining
    by_moves = chain.balances(moved)
    for place, found in _balances(written, served).items():
        asset, compartment = place
        yield f"{asset} {compartment} by its moves", by_moves[place], found
        if compartment != "debt":
            yield f"{asset} {compartment} by its lots", held[place], found


def _balances(written: Written, served: Served) -> dict[tuple[str, str], int]:
    stored = list(written.row.balances)
    found = {}
    for number, asset in served.assets.items():
        numbers = stored[(number - 1) * len(SIDES) : number * len(SIDES)] or [0] * len(SIDES)
        for compartment, amount in zip(SIDES, numbers, strict=True):
            found[asset, compartment] = amount
    return found


def _modelled(
    written: Written,
    served: Served,
    events: Sequence[Event],
    met: set[object],
    closed: Families,
    taken: Counter[str],
) -> Iterator[Finding]:
    """What the second model makes of the facts is what is written."""
    unknown = next((event for event in events if event.version not in served.terms), None)
    if unknown is not None:
        yield f"entry {unknown.seq} version", "a version of the program", unknown.version
        return
    account, names = written.row.account, [entry.event for entry in written.entries]
    for event in events:
        if event.takes_over:
            last = closed[account, names[event.seq - 1]][-1].hash.hex()
            yield f"entry {event.seq} closed chain", last, event.takes_over

    def heir_of(event: Event) -> Model:
        name = names[event.seq - 1]
        return closed_model(served.terms, closed, met, heir=account, event=name)

    try:
        model = by_time.account(served.terms, events, heir_of)
    except (ValueError, LookupError, TypeError, ArithmeticError, AssertionError) as error:
        # A fact that was tampered with may name what is not there. Nothing can be
        # computed after it, and the other accounts must be looked at all the same.
        yield "facts", "facts that can be computed", repr(error)
        return

    taken.update(sharing.taken(model))
    if model.had_late:
        yield from _settled(model, written, served)
        return
    lowest = model.lowest()
    yield "tier", model.tier or lowest, served.tiers.get(written.row.tier) or lowest
    for (asset, compartment), amount in _balances(written, served).items():
        if compartment == "debt":
            yield f"{asset} debt", model.wallet.debt.get(asset, 0), amount
        else:
            yield f"{asset} {compartment}", model.wallet.held(asset, compartment), amount
    expected = {
        (lot.seq, lot.n): (
            lot.asset, lot.compartment, lot.expires_at.isoformat(), lot.earned_at.isoformat(),
            lot.activates_at and lot.activates_at.isoformat(), lot.amount, lot.remaining,
        )
        for lot in model.wallet.lots
    }  # fmt: skip
    found = {
        (lot.seq, lot.n): (
            served.assets[lot.asset], COMPARTMENTS[lot.compartment], lot.expires_at.isoformat(),
            lot.earned_at.isoformat(), lot.activates_at and lot.activates_at.isoformat(),
            lot.amount, lot.remaining,
        )
        for lot in written.lots
    }  # fmt: skip
    yield from _each("lot", expected, found)
    yield from _each(
        "grant",
        {(grant.seq, grant.n): (grant.reward, grant.state) for grant in model.cards.grants},
        {
            (grant.seq, grant.n): (served.rewards[grant.reward], GRANT_STATES[grant.state])
            for grant in written.grants
        },
    )


def _settled(model: Model, written: Written, served: Served) -> Iterator[Finding]:
    """An account to which facts came late is what all facts by time leave.

    Which entry wrote what is another matter: corrections have their own.
    """
    lowest = model.lowest()
    yield "tier", model.tier or lowest, served.tiers.get(written.row.tier) or lowest
    for (asset, compartment), amount in _balances(written, served).items():
        if compartment == "debt":
            yield f"{asset} debt", model.wallet.debt.get(asset, 0), amount
        else:
            yield f"{asset} {compartment}", model.wallet.held(asset, compartment), amount
    expected: Counter[Any] = Counter()
    found: Counter[Any] = Counter()
    for lot in model.wallet.lots:
        kind = lot.asset, lot.compartment, lot.expires_at, lot.earned_at, lot.activates_at
        expected[kind] += lot.remaining
    for row in written.lots:
        asset, compartment = served.assets[row.asset], COMPARTMENTS[row.compartment]
        found[asset, compartment, row.expires_at, row.earned_at, row.activates_at] += row.remaining
    yield "open lots", _some(expected), _some(found)
    held = Counter(_held_as(grant.reward, grant.state) for grant in model.cards.grants)
    kept = Counter(
        _held_as(served.rewards[grant.reward], GRANT_STATES[grant.state])
        for grant in written.grants
    )
    held.pop(None, None)
    kept.pop(None, None)
    yield "grants held or used", dict(held), dict(kept)


def _some(counted: Counter[Any]) -> dict[Any, int]:
    return {what: amount for what, amount in sorted(counted.items(), key=str) if amount}


def _held_as(reward: str, state: str) -> tuple[str, str] | None:
    return (reward, state) if state in ("unlocked", "reserved", "claimed") else None


def _each(
    kind: str, expected: Mapping[tuple[int, int], Any], found: Mapping[tuple[int, int], Any]
) -> Iterator[Finding]:
    for name in sorted(expected.keys() | found.keys()):
        seq, n = name
        yield f"{kind} {seq}-{n}", expected.get(name, "none"), found.get(name, "none")
