"""An entry while it is being decided: what has moved so far, and what that leaves.

The only mutable thing in the core, made by `decide` and gone when it returns. Every
move of points goes through `credit`, `take` and `owe`, so that balances, lots and
takes cannot disagree: `available` is what the open lots of a member hold.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from patron.core.account import (
    AVAILABLE,
    LONG_AGO,
    NEVER,
    PENDING,
    RESERVED,
    WITH_ACTIVITY,
    Account,
    Balance,
    Grant,
    Had,
    Lot,
    OnceKey,
    OrderState,
    Qualification,
    State,
    Take,
    Taking,
)
from patron.core.decision import Answer, Decision, Notice, Proof
from patron.core.ends import active_at, ends_at, moved_to, remind_at
from patron.core.facts import Fact, OrderCompleted, TimeReached
from patron.core.mechanics.yearly import awards_joining, next_award
from patron.core.periods import plus, stamp
from patron.core.program import Program
from patron.core.wallets import available, split_assets, split_of
from patron.core.windows import ages_asked, counts_from_joining

EMPTY = Balance()


class Draft:
    """All that one fact does to one account, while it is worked out."""

    __slots__ = (
        "_lots",
        "account",
        "active_at",
        "answer",
        "arrives_at",
        "at",
        "balances",
        "belongings",
        "due_at",
        "fact",
        "follows",
        "frozen",
        "grants",
        "had",
        "joined_at",
        "lapsed",
        "meters",
        "notices",
        "once",
        "opened",
        "order",
        "ordered_at",
        "owed",
        "prepaid",
        "program",
        "proofs",
        "punches",
        "qualifications",
        "referral",
        "seq",
        "shared",
        "state",
        "streaks",
        "takes",
        "tier",
        "used",
    )

    def __init__(self, program: Program, state: State, fact: Fact, at: datetime) -> None:
        account = state.account
        self.program = program
        self.state = state
        self.account = account  # As it was before.
        self.fact = fact
        self.at = at
        # From when on it moves tiers and unlocks: but for what only goes forward, its own instant.
        self.arrives_at = at
        self.seq = account.seq + 1
        self.due_at = account.due_at
        self.active_at = account.active_at
        self.joined_at = account.joined_at
        self.frozen = account.frozen  # As it will be after this.
        if type(fact) is not TimeReached:
            if program.late == "forward_only" and not account.formerly:
                self.arrives_at = max(at, account.at)
            self.active_at = active_at(program, account, at)
            if self.joined_at is None and (counts_from_joining(program) or awards_joining(program)):
                self.joined_at = at
        self.ordered_at = account.ordered_at
        if type(fact) is OrderCompleted and "last_order" in ages_asked(program):
            self.ordered_at = max(account.ordered_at or LONG_AGO, at)
        self.balances = dict(account.balances)
        self.meters = dict(account.meters)
        self.punches = dict(account.punches)
        self.owed = dict(account.owed)
        self.lapsed = dict(account.lapsed)
        self.prepaid = dict(account.prepaid)
        self.used = dict(account.used)
        self.streaks = dict(account.streaks)
        self.belongings = account.belongings
        self.referral = account.referral
        self.tier = account.tier
        self.qualifications: tuple[Qualification, ...] = account.qualifications
        self.order: OrderState | None = None
        self._lots: dict[tuple[int, int], Lot] | None = None  # Open lots by name, once asked for.
        self.opened: list[Lot] = []
        self.takes: list[Take] = []
        self.grants: dict[tuple[int, int], Grant] = {}
        self.once: list[OnceKey] = []
        self.shared: list[Taking] = []
        self.had: dict[str, int] = {}  # Of shared rules.
        self.notices: list[Notice] = []
        self.proofs: list[Proof] = []
        self.answer: Answer | None = None
        self.follows: list[Fact] = []

    def move(self, lot: Lot, amount: int, to: str, expires_at: datetime) -> Lot:
        """Move points to another compartment: a new lot of the same origin."""
        self.take(lot, amount, to)
        return self.open(lot.asset, to, amount, expires_at, lot.earned_at, lot.rule, lot.origin)

    def credit(self, asset: str, amount: int, *, rule: str, order: str = "") -> None:
        """Points that are new to the member: pending first where the asset says so."""
        spec = self.program.assets[asset]
        zone = self.program.zone
        expires_at = ends_at(spec, self.at, zone)
        activates_at = None if spec.pending is None else plus(self.at, spec.pending, zone)
        waits = activates_at or (self.at if self.account.frozen else None)
        side = AVAILABLE if waits is None else PENDING
        self.open(asset, side, amount, expires_at, self.at, rule, activates_at=waits)
        if "points.earned" in self.program.notices:
            data: dict[str, Any] = {"asset": asset, "amount": amount, "rule": rule}
            if activates_at is not None:
                data["available_at"] = stamp(activates_at)
            if expires_at == WITH_ACTIVITY:
                expires_at = moved_to(self.program, asset, self.active_at)
            if expires_at != NEVER:
                data["expires_at"] = stamp(expires_at)
            if order:
                data["order"] = order
            if split_assets(self.program) and (split := split_of(self.program, asset)):
                data["total"] = available(self.balances, split)
            self.notice("points.earned", data)

    def open(
        self,
        asset: str,
        compartment: str,
        amount: int,
        expires_at: datetime,
        earned_at: datetime,
        rule: str,
        origin: int | None = None,
        activates_at: datetime | None = None,
    ) -> Lot:
        """Open a lot; what becomes available pays off debt at once."""
        lot = self.put_lot(
            asset, compartment, amount, expires_at, earned_at, rule, origin, activates_at
        )
        debt = self.balance(asset).debt
        if debt and compartment == AVAILABLE:
            paid = min(debt, amount)
            self.take(lot, paid, "debt")
            self.pay_off(asset, paid)
        return lot

    def put_lot(
        self,
        asset: str,
        compartment: str,
        amount: int,
        expires_at: datetime,
        earned_at: datetime,
        rule: str,
        origin: int | None = None,
        activates_at: datetime | None = None,
    ) -> Lot:
        """Open a lot, whatever is owed."""
        assert amount > 0
        lot = Lot(
            asset,
            compartment,
            expires_at,
            earned_at,
            self.seq,
            len(self.opened) + 1,
            amount,
            amount,
            rule,
            self.seq if origin is None else origin,
            activates_at,
        )
        self.opened.append(lot)
        if self._lots is not None:
            self._lots[lot.seq, lot.n] = lot
        if compartment != RESERVED:
            end = expires_at
            if end == WITH_ACTIVITY:
                end = moved_to(self.program, asset, self.active_at)
            self.due_no_later_than(end)
            self.due_no_later_than(remind_at(self.program, asset, compartment, end))
        if activates_at is not None:
            self.due_no_later_than(activates_at)
        self._change(asset, compartment, amount)
        return lot

    def take(self, lot: Lot, amount: int, to: str) -> None:
        """Move points out of one lot. `lot` may be stale: what it holds is looked up."""
        if lot.seq == self.seq:
            held = self.opened[lot.n - 1]
            self.opened[lot.n - 1] = held._replace(remaining=held.remaining - amount)
        if self._lots is not None or lot.seq != self.seq:
            held = self.lots[lot.seq, lot.n]
            self.lots[lot.seq, lot.n] = held._replace(remaining=held.remaining - amount)
        assert 0 < amount <= held.remaining
        self.takes.append(Take(lot.asset, lot.compartment, amount, to, lot.seq, lot.n))
        self._change(lot.asset, lot.compartment, -amount)

    def spend(self, lots: Iterable[Lot], amount: int, to: str) -> int:
        """Take up to `amount` from these lots in their order; return what was not found."""
        for lot in lots:
            if amount == 0:
                break
            part = min(amount, lot.remaining)
            self.take(lot, part, to)
            amount -= part
        return amount

    def owe(self, asset: str, amount: int, *, to: str = "issuer") -> None:
        """Let debt grow by what a clawback could not take, or by what another account owed."""
        self.pass_on(asset, "debt", amount, to)

    def pay_off(self, asset: str, amount: int) -> None:
        """Let debt shrink by what was taken to it."""
        self._change(asset, "debt", -amount)

    def settle_debt(self, asset: str) -> None:
        """Pay debt with what is available."""
        for lot in self.open_lots(asset=asset):
            part = min(self.balance(asset).debt, lot.remaining)
            if part:
                self.take(lot, part, "debt")
                self.pay_off(asset, part)

    def pass_on(self, asset: str, source: str, amount: int, to: str) -> None:
        """Move points that no lot holds, as a correction does: what was spent comes back."""
        self.takes.append(Take(asset, source, amount, to))
        if source == "debt":
            self._change(asset, "debt", amount)

    def balance(self, asset: str) -> Balance:
        """What the member has of an asset now."""
        return self.balances.get(asset, EMPTY)

    def _change(self, asset: str, compartment: str, by: int) -> None:
        available, pending, reserved, debt = self.balances.get(asset, EMPTY)
        if compartment == AVAILABLE:
            available += by
        elif compartment == PENDING:
            pending += by
        elif compartment == RESERVED:
            reserved += by
        else:
            assert compartment == "debt"
            debt += by
        assert min(available, pending, reserved, debt) >= 0
        self.balances[asset] = Balance(available, pending, reserved, debt)

    # What is open now.

    @property
    def lots(self) -> dict[tuple[int, int], Lot]:
        """Lots by name, with what this entry has done to them."""
        if self._lots is None:
            before = self.state.lots
            assert before is not None, "needs() did not ask for the lots"
            self._lots = {(lot.seq, lot.n): lot for lot in (*before, *self.opened)}
        return self._lots

    def open_lots(self, *, asset: str, compartment: str = AVAILABLE) -> list[Lot]:
        """Lots that hold something, in the order of spending."""
        lots = [
            lot
            for lot in self.lots.values()
            if lot.remaining and lot.asset == asset and lot.compartment == compartment
        ]
        lots.sort(key=spending_order)
        return lots

    def all_lots(self) -> list[Lot]:
        """Every lot that holds something, of all assets."""
        return [lot for lot in self.lots.values() if lot.remaining]

    def open_grants(self) -> list[Grant]:
        """Grants that are unlocked or reserved now, oldest first."""
        assert self.state.grants is not None, "needs() did not ask for the grants"
        held = {(grant.seq, grant.n): grant for grant in self.state.grants} | self.grants
        grants = [grant for grant in held.values() if grant.state in ("unlocked", "reserved")]
        return sorted(grants, key=lambda grant: (grant.unlocked_at, grant.seq, grant.n))

    def put_grant(self, grant: Grant) -> None:
        """Add a grant, or the new state of one."""
        self.grants[grant.seq, grant.n] = grant
        if grant.state == "unlocked":
            self.due_no_later_than(grant.lapses_at)
        elif grant.state == "reserved":
            self.due_no_later_than(grant.held_until)

    def next_grant(self) -> int:
        """The place of the next grant that this entry makes."""
        return 1 + sum(seq == self.seq for seq, _ in self.grants)

    def due_no_later_than(self, at: datetime) -> None:
        """Facts only ever move `due_at` earlier; time sets it anew."""
        self.due_at = min(self.due_at, at)

    # What is said.

    def notice(self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None) -> None:
        """Owe the world a message, if the program publishes its kind, of whom it may speak."""
        if kind in self.program.notices and not self.account.erased:
            self.notices.append(Notice(kind, at or self.at, data))

    def decision(self) -> Decision:
        """Everything, as a value; `concluding.conclude` comes before it."""
        return Decision(
            fact=self.fact,
            at=self.at,
            account=self.left(),
            orders=() if self.order is None else (self.order,),
            opened=tuple(self.opened),
            takes=tuple(self.takes),
            grants=tuple(self.grants.values()),
            once=tuple(self.once),
            notices=tuple(self.notices),
            proofs=tuple(self.proofs),
            answer=self.answer,
            version=self.program.version,
            shared=tuple(self.shared),
            had=tuple(Had(self.seq, rule, amount) for rule, amount in self.had.items()),
            follows=tuple(self.follows),
        )

    def left(self) -> Account:
        """The account as this leaves it."""
        before = self.account
        account = Account(
            before.member,
            self.seq,
            max(before.at, self.at),
            self.due_at,
            self.tier,
            self.balances,
            self.meters,
            self.punches,
            self.owed,
            self.used,
            self.qualifications,
            self.frozen,
            before.birthday,
            before.zone,
            before.consents,
            self.joined_at,
            self.active_at,
            self.lapsed,
            self.streaks,
            self.prepaid,
            self.belongings,
            self.ordered_at,
            before.first_origin,
            before.formerly,
            before.erased,
            self.referral,
        )
        if self.seq == 1:
            due_at = min(account.due_at, next_award(self.program, account))
            account = account._replace(due_at=due_at)
        return account


def spending_order(lot: Lot) -> tuple[datetime, datetime, int, str, int, int]:
    """Ends first, was earned first, by the lowest entry: whichever entry moved it since."""
    return lot.expires_at, lot.earned_at, lot.origin, lot.rule, lot.seq, lot.n
