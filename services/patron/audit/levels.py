"""An order as the model keeps it: its events, and what it was given and counted for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from patron.audit.facts import Event
from patron.audit.paying import Part
from patron.audit.programs import Terms


@dataclass
class Order:
    """An order's events so far, and what it was given and counted for."""

    tier: str
    version: int
    first_at: datetime
    events: list[Event] = field(default_factory=list)
    room: dict[tuple[str, str], int] = field(default_factory=dict)  # (rule, window) → points
    given: dict[tuple[str, str], int] = field(default_factory=dict)  # By rule and wallet.
    let_go: dict[tuple[str, str], int] = field(default_factory=dict)  # Of it: not to be had.
    counted: dict[str, int] = field(default_factory=dict)
    paid: list[Part] = field(default_factory=list)  # Points that pay for it now.
    paid_points: int = 0  # How many paid, before anything came back.
    held: set[str] = field(default_factory=set)  # What its member was in before it.

    def targets(
        self, terms: Terms, gives: Mapping[str, int], attributes: Iterable[Iterable[object]]
    ) -> dict[tuple[str, str], int]:
        """What it deserves by each rule, in the wallet that its attributes say."""
        told = list(attributes)
        targets = {
            (rule.rule, "" if rule.earn is None else terms.wallet(rule.earn, told)): gives[
                rule.rule
            ]
            for rule in terms.document.rules
            if rule.rule in gives
        }
        # Wallets that an edit has moved it out of: nothing is deserved there.
        return targets | {place: 0 for place in self.given if place not in targets}

    def by_rule(self) -> dict[str, int]:
        """What each rule gave, in whichever wallet."""
        rules = {rule for rule, _ in self.given}
        return {
            each: sum(amount for (rule, _), amount in self.given.items() if rule == each)
            for each in rules
        }
