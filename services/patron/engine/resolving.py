"""Whom facts mean: names become members, and unknown ones open new members.

Facts are taken in order, so that a name that one fact links leads the next one to its
member, whether both come in one batch or in two. What a tenant has unknown identifiers do
other than open a member leads to nobody here: see `engine.nameless`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from patron.core.decision import Unfit
from patron.core.facts import (
    Fact,
    MemberMerged,
    TransferAsked,
    Who,
)
from patron.engine.nameless import BRINGS_NAMES, MAY_BE_NOBODYS, brought
from patron.engine.reading import Meant
from patron.store import members
from patron.store.members import Member, Name
from patron.store.pool import Connection
from patron.store.tenants import Unknown
from patron.wire.identity import event_key, who_key


class Resolved(NamedTuple):
    """Facts with the members they mean, or why they cannot mean them; and members' numbers."""

    meant: list[Meant | Unfit]
    numbers: dict[str, int]


async def resolve(
    connection: Connection, tenant: int, facts: list[Fact], met: dict[Name, Member],
    *, unknown: Unknown = Unknown.OPEN,
) -> Resolved:  # fmt: skip
    """Find or open whom the facts mean, and write down the names that they bring.

    `met` are names that this process has seen committed; no name ever leads elsewhere.
    Raises `Raced` where another transaction opened one of them first.
    """
    named = {who for fact in facts for who in _all_named(fact)}
    # An id that is made from another name may be that of a member who was erased.
    made = {Who("id", opened_as(who)) for who in named if who.kind != "id"}
    names = {_name(who) for who in named | made}
    known = {name: met[name] for name in names if name in met}
    found = await members.find(connection, tenant, sorted(names - known.keys()))
    known |= found
    if unknown is Unknown.WAIT:
        known |= await _held(connection, tenant, facts, known)
    met |= known
    leads_to = {name: member.id for name, member in known.items()}
    erased = {name for name, member in known.items() if member.is_erased}
    book = Names(leads_to, erased, unknown=unknown)
    meant = [book.meant(fact) for fact in facts]
    opened = await members.open_members(connection, tenant, sorted(book.opened))
    everybody = {member.id: member for member in (*known.values(), *opened.values())}
    await members.name(
        connection, tenant, {name: everybody[book.leads_to[name]].member for name in book.added}
    )
    return Resolved(meant, _numbers(everybody.values()))


async def _held(
    connection: Connection, tenant: int, facts: list[Fact], known: Mapping[Name, Member]
) -> dict[Name, Member]:
    """Hold names to the commit: alone to bring them, with others to wait for them.

    So whoever comes second sees what the first one wrote: an event never waits for a name
    that another transaction is about to bring. Says whose they are by then.
    """
    new = {name for who in brought((f, "") for f in facts) if (name := _name(who)) not in known}
    awaited = {
        name
        for fact in facts
        if isinstance(fact, MAY_BE_NOBODYS)
        and fact.member is not None
        and fact.member.kind != "id"
        and (name := _name(fact.member)) not in known
    }
    if not new and not awaited:
        return {}
    await members.hold(connection, tenant, alone=new, shared=awaited)
    return await members.find(connection, tenant, sorted(new | awaited))


def _numbers(everybody: Iterable[Member]) -> dict[str, int]:
    return {member.id: member.member for member in everybody if not member.is_erased}


class Names:
    """Names and where they lead, as the facts of a batch add to them."""

    def __init__(
        self,
        leads_to: dict[Name, str],
        erased: Iterable[Name] = (),
        *,
        unknown: Unknown = Unknown.OPEN,
    ) -> None:
        self._opens = unknown is Unknown.OPEN
        self.leads_to = leads_to
        self.erased = set(erased)  # Ids of members who were.
        self.forgotten: dict[Name, str] = {}  # Other names of theirs → whose they were.
        self.added: set[Name] = set()
        self.opened: set[str] = set()

    def known(self, who: Who) -> str:
        """The member that a name leads to, or whom it would open."""
        return self.leads_to.get(_name(who)) or opened_as(who)

    def meant(self, fact: Fact) -> Meant | Unfit:
        """Whom one fact means."""
        if any(_name(who) in self.erased for who in _all_named(fact)):
            return Unfit("member_erased", "the event names a member who was erased")
        if not self._opens and any(self._is_nobody(who) for who in _all_meant(fact)):
            if isinstance(fact, MAY_BE_NOBODYS):
                return Meant(fact, None)
            return Unfit("unknown_member", "it is asked of a name that leads to nobody")
        who = getattr(fact, "member", None)
        member = None if who is None else self._member(who, fact)
        if isinstance(fact, TransferAsked):
            return Meant(fact, member, self._member(fact.to, fact))
        if isinstance(fact, MemberMerged):
            return Meant(fact, member, self._member(fact.into, fact))
        if isinstance(fact, BRINGS_NAMES):
            assert member is not None
            taken = [w for w in fact.identifiers if self._leads_elsewhere(w, member)]
            if taken:
                return Unfit("identifier_taken", f"a {taken[0].kind} of another member")
            for identifier in fact.identifiers:
                self._add(_name(identifier), member)
        return Meant(fact, member)

    def lead(self, member: str, heir: str) -> None:
        """Let all names of a member who was merged lead to the heir."""
        self.leads_to.update({n: heir for n, whose in self.leads_to.items() if whose == member})

    def erase(self, member: str) -> None:
        """Let all names of a member go; an id is remembered as one that was erased."""
        for name, whose in list(self.leads_to.items()):
            if whose == member and name[0] == "id":
                self.erased.add(name)
            elif whose == member:
                self.forgotten[name] = member
                del self.leads_to[name]

    def before(self, member: str) -> set[str]:
        """Erased members whose names this one has now: what was paid them once counts."""
        return {old for name, old in self.forgotten.items() if self.leads_to.get(name) == member}

    def _member(self, who: Who, fact: Fact) -> str:
        name = _name(who)
        if name not in self.leads_to:
            member = opened_as(who)
            if _name(Who("id", member)) in self.leads_to:
                # Whom this name opened before was erased; the next one is named by the event.
                member = f"{who.kind}-{event_key(fact.name).hex()}"
            self.opened.add(member)
            self._add(_name(Who("id", member)), member)
            self._add(name, member)
        return self.leads_to[name]

    def _is_nobody(self, who: Who) -> bool:
        return who.kind != "id" and _name(who) not in self.leads_to

    def _leads_elsewhere(self, who: Who, member: str) -> bool:
        return self.leads_to.get(_name(who), member) != member

    def _add(self, name: Name, member: str) -> None:
        if name not in self.leads_to:
            self.leads_to[name] = member
            self.added.add(name)


def opened_as(who: Who) -> str:
    """The id of a member whom a name opens: the id itself, or one made from another name."""
    return who.value if who.kind == "id" else f"{who.kind}-{who.value[:16]}"


def _name(who: Who) -> Name:
    return who.kind, who_key(who)


def _all_named(fact: Fact) -> Iterable[Who]:
    yield from _all_meant(fact)
    if isinstance(fact, BRINGS_NAMES):
        yield from fact.identifiers


def _all_meant(fact: Fact) -> Iterable[Who]:
    who = getattr(fact, "member", None)
    if who is not None:
        yield who
    if isinstance(fact, TransferAsked):
        yield fact.to
    if isinstance(fact, MemberMerged):
        yield fact.into
