"""What partners owe: what their rules gave and took back, summed up over a period.

Every account is decided again from its entries, as the proofs are. What an entry changes
counts when it was written, corrections too, so a period that is over stays as it was
settled, whatever comes late.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from patron.core.account import Account, OrderState
from patron.core.decision import Decision
from patron.core.facts import Engaged, TimeReached
from patron.core.program import Program
from patron.core.reaching import given_for_reaching
from patron.engine.catalogue import Served
from patron.engine.history import fold
from patron.store import audit_reads
from patron.store.pool import Connection

ACCOUNTS_MAX = 500  # Read at once.
OWNER = ""  # Whose rules name nobody else.


class Sum(NamedTuple):
    """What one rule gave of an asset within a period, and who pays for it."""

    partner: str
    rule: str
    asset: str
    given: int
    taken_back: int

    @property
    def owed(self) -> int:
        """What is to be paid for."""
        return self.given - self.taken_back


async def settle(
    connection: Connection, found: Served, *, begins_at: datetime, ends_at: datetime
) -> list[Sum]:
    """The sums of a program from one instant up to another, by partner and rule."""
    given: Counter[tuple[str, str, str]] = Counter()
    back: Counter[tuple[str, str, str]] = Counter()
    async with audit_reads.snapshot(connection):
        after = 0
        while page := await audit_reads.entries_page(
            connection, program=found.number, after=after, accounts_max=ACCOUNTS_MAX
        ):
            after = page[-1].account.account
            for account, entries in page:
                _, told = fold(entries, member=account.member or "", served=found)
                changes = changes_by_rule((each.program, each.decision) for each in told)
                for each, by_rule in zip(told, changes, strict=True):
                    if begins_at <= each.entry.recorded_at < ends_at:
                        for name, amount in funded(each.program, by_rule):
                            (given if amount > 0 else back)[name] += abs(amount)
    names = sorted({*given, *back})
    return [Sum(*name, given[name], back[name]) for name in names]


def funded(
    program: Program, by_rule: Iterable[tuple[str, int]]
) -> Iterator[tuple[tuple[str, str, str], int]]:
    """Changes by partner, rule and asset, each with its amount."""
    rules = {rule.name: rule for rule in program.rules}
    for name, amount in by_rule:
        rule = rules.get(name)
        if rule is not None and rule.asset in program.assets:
            yield (rule.funded_by, name, rule.asset), amount


def changes_by_rule(
    decisions: Iterable[tuple[Program, Decision]],
) -> Iterator[list[tuple[str, int]]]:
    """For each decision of one account, by how much each rule gave more or less than before."""
    orders: dict[str, OrderState] = {}
    account = Account("")
    for program, decision in decisions:
        changes: Counter[str] = Counter()
        for order in decision.orders:
            changes.update({each.rule: each.amount for each in order.given})
            if (before := orders.get(order.order)) is not None:
                changes.subtract({each.rule: each.amount for each in before.given})
            orders[order.order] = order
        reached = given_for_reaching(program, decision.account)
        changes.update(reached)
        changes.subtract(given_for_reaching(program, account))
        for rule, amount in _of_no_order(decision):
            if rule not in reached:
                changes[rule] += amount
        account = decision.account
        yield sorted((rule, amount) for rule, amount in changes.items() if amount)


def _of_no_order(decision: Decision) -> Iterator[tuple[str, int]]:
    """What rules gave for an engagement or an award; a late one is among its corrections."""
    if decision.corrections:
        yield from ((each.rule, each.amount) for each in decision.corrections if not each.order)
    elif isinstance(decision.fact, Engaged | TimeReached):
        yield from ((proof.rule, proof.amount) for proof in decision.proofs)
