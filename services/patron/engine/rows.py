"""Core values as rows, and rows as core values. Names become numbers here, and back."""

from uuid import UUID

from patron.core.account import (
    AVAILABLE,
    PENDING,
    RESERVED,
    Account,
    Balance,
    Grant,
    Lot,
    OrderState,
    Take,
)
from patron.core.requests import ADJUSTED
from patron.engine.catalogue import Served
from patron.store import accounts, grants, ledger, orders
from patron.store.programs import Numbering
from patron.wire import bodies

COMPARTMENTS = (AVAILABLE, PENDING, RESERVED)

# Where a take's points go, as its row keeps it. Append only.
DESTINATIONS = (
    "issuer", "redeemed", "expired", "available", "pending", "reserved", "debt", "transferred",
)  # fmt: skip

GRANT_STATES = ("unlocked", "reserved", "claimed", "cancelled", "lapsed", "revoked")

ADJUSTED_NUMBER = -1  # Of the "rule" of lots that an operator opened.
DEBT_COMPARTMENT = 3

_COMPARTMENT = {name: number for number, name in enumerate((*COMPARTMENTS, "debt"))}
_DESTINATION = {name: number for number, name in enumerate(DESTINATIONS)}
_GRANT_STATE = {name: number for number, name in enumerate(GRANT_STATES)}


class Names:
    """Names of one program by number, and numbers by name."""

    def __init__(self, numbers: Numbering) -> None:
        self.assets, self.asset_of = numbers.assets, _turned(numbers.assets)
        self.rules = {**numbers.rules, ADJUSTED: ADJUSTED_NUMBER}
        self.rule_of = _turned(self.rules)
        self.tiers = {"": 0, **numbers.tiers}
        self.tier_of = {**_turned(numbers.tiers), 0: ""}
        self.rewards = {"": 0, **numbers.rewards}
        self.reward_of = {**_turned(numbers.rewards), 0: ""}


def _turned(numbers: dict[str, int]) -> dict[int, str]:
    return {number: name for name, number in numbers.items()}
