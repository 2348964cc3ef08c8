"""A program's names as the small numbers that its rows keep, and back."""

from collections.abc import Mapping

from patron.core.account import AVAILABLE, PENDING, RESERVED
from patron.core.closings import SHARED_OUT
from patron.core.paying import PAID
from patron.core.requests import ADJUSTED
from patron.core.standing import BORROWED
from patron.store.programs import Numbering

# Each of these is a column's meaning. Append only.
# Beyond what a member holds, corrections bring points back from where they went.
COMPARTMENTS = (
    AVAILABLE, PENDING, RESERVED, "debt", "issuer", "redeemed", "expired", "transferred",
)  # fmt: skip
DESTINATIONS = (
    "issuer", "redeemed", "expired", "available", "pending", "reserved", "debt", "transferred",
)  # fmt: skip
GRANT_STATES = ("unlocked", "reserved", "claimed", "cancelled", "lapsed", "revoked", "merged")
ADJUSTED_NUMBER = -1  # Of the "rule" of lots that an operator opened.
SHARED_OUT_NUMBER = -2  # Of those that a share-out opened.
BORROWED_NUMBER = -3  # Of those that a standing reservation holds and nothing earned.
PAID_NUMBER = -4  # Of lots of points that were owed when they paid, and came back.

COMPARTMENT = {name: number for number, name in enumerate(COMPARTMENTS)}
DESTINATION = {name: number for number, name in enumerate(DESTINATIONS)}
GRANT_STATE = {name: number for number, name in enumerate(GRANT_STATES)}


class Names:
    """Numbers by name and names by number, of one program. 0 stands for no name."""

    def __init__(self, numbers: Numbering) -> None:
        self.asset = dict(numbers.assets)
        self.asset_named = _turned(self.asset)
        self.rule = {
            **numbers.rules,
            ADJUSTED: ADJUSTED_NUMBER,
            SHARED_OUT: SHARED_OUT_NUMBER,
            BORROWED: BORROWED_NUMBER,
            PAID: PAID_NUMBER,
        }
        self.rule_named = _turned(self.rule)
        self.tier = {"": 0, **numbers.tiers}
        self.tier_named = _turned(self.tier)
        self.reward = {"": 0, **numbers.rewards}
        self.reward_named = _turned(self.reward)


def _turned(numbers: Mapping[str, int]) -> dict[int, str]:
    return {number: name for name, number in numbers.items()}
