"""A member's lots and debt: credits, debits, and what comes back. Plain lists, in place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from patron.audit.programs import is_part


@dataclass
class Lot:
    """Points with one end."""

    asset: str
    compartment: str
    expires_at: datetime
    earned_at: datetime
    seq: int
    n: int
    amount: int
    remaining: int
    rule: str
    origin: int
    activates_at: datetime | None = None  # When a pending one becomes available.
    held_by: tuple[int, int] = (0, 0)  # Of a reserved one: the grant.


@dataclass
class Wallet:
    """Every lot that was ever opened, and the debt of each asset."""

    lots: list[Lot] = field(default_factory=list)
    debt: dict[str, int] = field(default_factory=dict)

    def open(
        self,
        seq: int,
        *,
        asset: str,
        compartment: str,
        expires_at: datetime,
        earned_at: datetime,
        amount: int,
        rule: str,
        origin: int,
        activates_at: datetime | None = None,
    ) -> Lot:
        """One more lot of this entry; where it can be spent it pays debt at once."""
        n = 1 + sum(1 for lot in self.lots if lot.seq == seq)
        lot = Lot(
            asset, compartment, expires_at, earned_at, seq, n, amount, amount, rule, origin,
            activates_at,
        )  # fmt: skip
        self.lots.append(lot)
        if compartment == "available":
            paid = min(amount, self.debt.get(asset, 0))
            lot.remaining -= paid
            if paid:
                self.debt[asset] -= paid
        return lot

    def held(self, asset: str, compartment: str = "available") -> int:
        """How much of an asset there is in one compartment."""
        return sum(lot.remaining for lot in self.of(asset, compartment))

    def of(self, asset: str, compartment: str) -> list[Lot]:
        """The lots of a compartment that hold something, in the order of spending."""
        return sorted(
            (
                lot
                for lot in self.lots
                if lot.remaining and lot.asset == asset and lot.compartment == compartment
            ),
            key=spending,
        )

    def reach(self, asset: str) -> list[Lot]:
        """What pays where an asset is asked for: out of all of its wallets, what ends first."""
        lots = [lot for lot in self.lots if lot.remaining and lot.compartment == "available"]
        return sorted((o for o in lots if is_part(o.asset, asset)), key=lambda o: spending(o)[1:])

    def spend(
        self, asset: str, amount: int, *, lots: Iterable[Lot] | None = None
    ) -> list[tuple[Lot, int]]:
        """Take from what is available, or from these; return how much from which lot."""
        took = take_from(self.of(asset, "available") if lots is None else lots, amount)
        assert sum(part for _, part in took) == amount
        return took

    def claw_back(self, asset: str, amount: int, *, own: Callable[[Lot], bool], policy: str) -> int:
        """Take back what an order no longer deserves; return what is not to be had.

        Its own lots go first, pending ones before available ones, then all others that
        can be spent. By policy the rest is debt, or is let go.
        """
        mine = sorted(
            (lot for lot in self.lots if lot.asset == asset and lot.remaining and own(lot)),
            key=lambda lot: (lot.compartment != "pending", *spending(lot)),
        )
        pending = [lot for lot in mine if lot.compartment == "pending"]
        free = [lot for lot in mine if lot.compartment == "available"]
        sources = pending if policy == "pending_only" else [*pending, *free]
        amount -= sum(part for _, part in take_from(sources, amount))
        if policy == "pending_only":
            return amount

        amount -= sum(part for _, part in take_from(self.of(asset, "available"), amount))
        if policy == "clamp":
            return amount
        self.debt[asset] = self.debt.get(asset, 0) + amount
        return 0

    def reserve(self, seq: int, asset: str, amount: int, *, held_by: tuple[int, int]) -> None:
        """Set an amount aside; each part keeps its origin."""
        for lot, part in self.spend(asset, amount, lots=self.reach(asset)):
            self._moved(seq, lot, part, "reserved").held_by = held_by

    def give_back(self, seq: int, *, reserved_by: tuple[int, int]) -> None:
        """What an entry had set aside can be spent again."""
        for lot in [lot for lot in self.lots if lot.compartment == "reserved"]:
            if lot.held_by == reserved_by and lot.remaining:
                part, lot.remaining = lot.remaining, 0
                self._moved(seq, lot, part, "available")

    def use_up(self, *, reserved_by: tuple[int, int]) -> None:
        """What an entry had set aside is spent."""
        for lot in self.lots:
            if lot.compartment == "reserved" and lot.held_by == reserved_by:
                lot.remaining = 0

    def expire(self, until: datetime, real_end: Callable[[Lot], datetime]) -> None:
        """What has ended is gone. What is set aside waits."""
        for lot in self.lots:
            if lot.compartment != "reserved" and real_end(lot) <= until:
                lot.remaining = 0

    def activate(self, seq: int, until: datetime) -> None:
        """Pending lots whose wait is over become available ones."""
        waiting = [lot for lot in self.lots if lot.compartment == "pending" and lot.remaining]
        for lot in sorted(waiting, key=spending):
            assert lot.activates_at is not None
            if lot.activates_at <= until:
                part, lot.remaining = lot.remaining, 0
                self._moved(seq, lot, part, "available")

    def _moved(self, seq: int, lot: Lot, part: int, to: str) -> Lot:
        return self.open(
            seq,
            asset=lot.asset,
            compartment=to,
            expires_at=lot.expires_at,
            earned_at=lot.earned_at,
            amount=part,
            rule=lot.rule,
            origin=lot.origin,
        )


def spending(lot: Lot) -> tuple[str, datetime, datetime, int, str, int, int]:
    """The order of spending: what ends first, was earned first, by the lowest entry."""
    return (lot.asset, lot.expires_at, lot.earned_at, lot.origin, lot.rule, lot.seq, lot.n)


def take_from(lots: Iterable[Lot], amount: int) -> list[tuple[Lot, int]]:
    """Take up to an amount from lots, one after the other."""
    took = []
    for lot in lots:
        part = min(lot.remaining, amount)
        if part:
            lot.remaining -= part
            amount -= part
            took.append((lot, part))
    return took
