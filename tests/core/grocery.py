"""A small grocer for tests: programs, baskets, days and a till, naming only what matters.

Times are the grocer's wall clock ("2025-03-01 18:30"; a day alone is its noon), and
amounts are minor units. A `Till` keeps a program's accounts in memory, as replay does.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from patron.core.account import LONG_AGO, Account, Balance, Grant, Lot, State
from patron.core.decision import Answer, Decision, Unfit
from patron.core.facts import (
    AdjustAsked,
    CancelAsked,
    ConfirmAsked,
    Engaged,
    EventName,
    Fact,
    FreezeAsked,
    Line,
    MemberEnrolled,
    MemberErased,
    MemberMerged,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    Payment,
    ProfileChanged,
    RedeemAsked,
    ReferAsked,
    RefundedLine,
    ReserveAsked,
    TransferAsked,
    Who,
)
from patron.core.mechanics.every import Every
from patron.core.mechanics.per_amount import PerAmount
from patron.core.program import Asset, Ladder, Meter, Program, Reward, Rule, Span, Tier, Window
from patron.engine.book import Book, Waits
from patron.engine.lineage import InForce, Lineage
from patron.engine.wanted import HistoryWanted

TENANT = "default"
ZONE = "America/New_York"
DAY = "2025-03-03"  # A Monday, well away from any change of the clocks.

POINTS = Asset(name="points")
PER_DOLLAR = PerAmount(rate=Fraction(1, 100))

EVERY_NOTICE = frozenset(
    {
        "badge.awarded",
        "points.activated",
        "pool.low",
        "points.debt",
        "points.earned",
        "points.expired",
        "points.expiring",
        "points.redeemed",
        "points.reversed",
        "request.answered",
        "reward.lapsed",
        "reward.redeemed",
        "reward.reserved",
        "reward.revoked",
        "reward.unlocked",
        "tier.changed",
        "tier.expiring",
        "segment.entered",
        "segment.left",
        "entitlement.began",
        "entitlement.ending",
        "entitlement.ended",
        "yearly.reached",
    }
)


def at(text: str, zone: str = ZONE) -> datetime:
    """The instant of a wall-clock time; a day alone stands for its noon."""
    local = datetime.fromisoformat(text if len(text) > 10 else f"{text} 12:00")
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _instant(moment: str | datetime) -> datetime:
    return at(moment) if isinstance(moment, str) else moment


# Programs.


def rule(mechanic: Any = PER_DOLLAR, *, name: str = "base", **settings: Any) -> Rule:
    """A rule that earns points, unless it says otherwise."""
    asset = "" if isinstance(mechanic, Every) else "points"
    return Rule(**{"name": name, "text": {}, "mechanic": mechanic, "asset": asset} | settings)


def program(
    *rules: Rule,
    assets: Iterable[Asset] = (POINTS,),
    meters: Iterable[Meter] = (),
    rewards: Iterable[Reward] = (),
    **settings: Any,
) -> Program:
    """A program of these rules, or of one point a dollar; it publishes every notice."""
    defaults: dict[str, Any] = {
        "name": "grocer",
        "version": "v1",
        "zone": ZONE,
        "currency": "USD",
        "currency_digits": 2,
        "ladder": None,
        "notices": EVERY_NOTICE,
    }
    return Program(
        **defaults | settings,
        rules=rules or (rule(),),
        assets={asset.name: asset for asset in assets},
        meters={meter.name: meter for meter in meters},
        rewards={reward.name: reward for reward in rewards},
    )


def spend(window: Any = "year", **settings: Any) -> Meter:
    """A meter of money spent."""
    return Meter(name="spend", counts="basis", window=Window(kind=window), **settings)


def cups(*, days: int | None = None) -> Meter:
    """A punch card of coffees; a punch lives for so many days."""
    lives = None if days is None else Span(days=days)
    window = Window(kind="own", lives=lives)
    return Meter(name="cups", counts="units", punches=True, window=window)


def reward(name: str = "coffee", **settings: Any) -> Reward:
    """A free coffee."""
    return Reward(**{"name": name, "kind": "free_product", "text": {}} | settings)


def card(*, count: int = 3, days: int | None = None, **settings: Any) -> Program:
    """A program of one punch card: every so many units unlock a coffee."""
    every = rule(Every(meter="cups", count=count, reward="coffee"), name="card")
    return program(every, meters=[cups(days=days)], rewards=[reward(**settings)])


def ladder(**settings: Any) -> Ladder:
    """Member, silver from 100.00 and gold from 300.00, by money spent."""
    tiers = (Tier(name="member", threshold=0), Tier(name="silver", threshold=100_00))
    return Ladder(
        **{"meter": "spend", "tiers": (*tiers, Tier(name="gold", threshold=300_00))} | settings
    )


# Facts.


def named(event: str) -> EventName:
    """The name of an event of our one shop."""
    return EventName(TENANT, "shop", event)


def ann(member: str | None = "ann") -> Who:
    """Who an event is about, by the opaque id."""
    assert member is not None
    return Who("id", member)


def article(paid: int, *, line: str = "", units: int = 1, **settings: Any) -> Line:
    """A line of food, undiscounted."""
    defaults: dict[str, Any] = {
        "line": line,
        "sku": "sku",
        "category": "food",
        "quantity_milli": units * 1000,
        "paid_minor": paid,
        "list_minor": paid,
    }
    return Line(**defaults | settings)


def bought(
    order: str,
    *basket: int | Line,
    when: str | datetime = DAY,
    member: str | None = "ann",
    paid_by: Mapping[str, int] | None = None,
    **settings: Any,
) -> OrderCompleted:
    """An order of lines l1, l2 …; a number alone is an article of that price."""
    lines = [article(line) if isinstance(line, int) else line for line in basket]
    defaults: dict[str, Any] = {
        "name": named(f"{order}-completed-{when}"),
        "at": _instant(when),
        "member": None if member is None else ann(member),
        "order": order,
        "currency": "USD",
        "lines": tuple(
            line._replace(line=line.line or f"l{place}") for place, line in enumerate(lines, 1)
        ),
        "payments": tuple(Payment(*part) for part in (paid_by or {}).items()),
    }
    return OrderCompleted(**defaults | settings)


def returned(
    order: str,
    amount: int = 0,
    *,
    when: str | datetime = DAY,
    member: str | None = None,
    units: int = 1,
    **by_line: int,
) -> OrderRefunded:
    """An amount without lines, or `l1=500`: so much of that line, with so many units."""
    lines = tuple(RefundedLine(line, minor, units * 1000) for line, minor in by_line.items())
    who = None if member is None else ann(member)
    name = named(f"{order}-refunded-{when}-{amount}-{lines}")
    return OrderRefunded(name, _instant(when), who, order, lines, amount)


def voided(order: str, *, when: str | datetime = DAY, member: str | None = None) -> OrderCancelled:
    """The whole order is cancelled."""
    who = None if member is None else ann(member)
    return OrderCancelled(named(f"{order}-cancelled-{when}"), _instant(when), who, order)


def did(
    action: str = "review",
    subject: str = "",
    *,
    when: str | datetime = DAY,
    member: str | None = "ann",
    event: str = "",
    **attributes: str | int,
) -> Engaged:
    """Something that is not a purchase."""
    name = named(event or f"{action}-{subject}-{when}")
    who = None if member is None else ann(member)
    return Engaged(name, _instant(when), who, action, subject, tuple(attributes.items()))


def redeem(
    amount: int = 0,
    *,
    reward: str = "",
    asset: str = "points",
    when: str | datetime = DAY,
    member: str = "ann",
) -> RedeemAsked:
    """Spend an amount, or claim a reward."""
    asset = "" if reward else asset
    name = named(f"redeem-{when}")
    return RedeemAsked(name, _instant(when), ann(member), asset, amount, reward)


def reserve(
    amount: int = 0,
    *,
    reward: str = "",
    asset: str = "points",
    when: str | datetime = DAY,
    member: str = "ann",
    request: str = "hold",
) -> ReserveAsked:
    """Hold an amount, or a reward, under the request's id."""
    asset = "" if reward else asset
    return ReserveAsked(named(request), _instant(when), ann(member), asset, amount, reward)


def confirm(request: str = "hold", *, when: str | datetime = DAY) -> ConfirmAsked:
    """Make a reservation final."""
    return ConfirmAsked(named(f"confirm-{when}"), _instant(when), ann(), request)


def give_back(request: str = "hold", *, when: str | datetime = DAY) -> CancelAsked:
    """Cancel a reservation."""
    return CancelAsked(named(f"cancel-{when}"), _instant(when), ann(), request)


def transfer(
    amount: int, *, to: str = "bob", asset: str = "points", when: str | datetime = DAY
) -> TransferAsked:
    """Ann gives points to somebody."""
    return TransferAsked(named(f"gift-{when}"), _instant(when), ann(), ann(to), asset, amount)


def adjust(
    amount: int, *, asset: str = "points", when: str | datetime = DAY, member: str = "ann"
) -> AdjustAsked:
    """An operator's credit, or debit if it is negative."""
    name = named(f"adjust-{amount}-{when}")
    return AdjustAsked(name, _instant(when), ann(member), asset, amount, "goodwill")


def enrolled(when: str | datetime = DAY, *, member: str = "ann", **settings: Any) -> MemberEnrolled:
    """A member joins, with what they chose."""
    return MemberEnrolled(named(f"enrolled-{member}"), _instant(when), ann(member), **settings)


def profile(when: str | datetime = DAY, *, member: str = "ann", **settings: Any) -> ProfileChanged:
    """A member chooses anew."""
    return ProfileChanged(named(f"profile-{when}"), _instant(when), ann(member), **settings)


def freeze(frozen: bool = True, *, when: str | datetime = DAY, member: str = "ann") -> FreezeAsked:
    """An operator stops or resumes spending."""
    return FreezeAsked(named(f"freeze-{frozen}-{when}"), _instant(when), ann(member), frozen)


def refer(member: str, *, by: str, when: str | datetime = DAY) -> ReferAsked:
    """A member says who brought them."""
    name = named(f"refer-{member}-{when}")
    return ReferAsked(name, _instant(when), ann(member), by)


def merged(member: str, *, into: str, when: str | datetime = DAY) -> MemberMerged:
    """Two members were one person."""
    name = named(f"merged-{member}-{into}-{when}")
    return MemberMerged(name, _instant(when), ann(member), ann(into))


def erased(member: str = "ann", *, when: str | datetime = DAY) -> MemberErased:
    """A member asked to be forgotten."""
    return MemberErased(named(f"erased-{member}-{when}"), _instant(when), ann(member))


def _other(fact: Fact) -> str | None:
    if isinstance(fact, TransferAsked):
        return fact.to.value
    return fact.into.value if isinstance(fact, MemberMerged) else None


# The till.


class Till:
    """The accounts of one program in memory; facts go in as they arrive."""

    def __init__(self, *versions: Program | tuple[str, Program], members: str = "ann bob") -> None:
        lineage = Lineage(
            [
                InForce(LONG_AGO, version)
                if isinstance(version, Program)
                else InForce(at(version[0]), version[1])
                for version in versions
            ]
        )
        self.book = Book(TENANT, lineage)
        for member in members.split():
            self.book.states[member] = State(Account(member), lots=(), grants=())

    def offer(self, fact: Fact) -> Unfit | Waits | None:
        """Put a fact in, and say what became of it; what has to wait for its order waits."""
        member = getattr(fact, "member", None)
        other = _other(fact)
        while True:
            try:
                said = self.book.put_fact(
                    fact,
                    member=None if member is None else self.book.leads_to(member.value),
                    other=None if other is None else self.book.leads_to(other),
                )
            except HistoryWanted as wanted:
                self.book.put_history(wanted.member, [])  # All that was decided is in the book.
            else:
                self.follow()
                return said

    def follow(self) -> None:
        """Decide what was put off, as jobs would."""
        while True:
            try:
                return self.book.follow()
            except HistoryWanted as wanted:
                self.book.put_history(wanted.member, [])

    def put(self, *facts: Fact) -> Decision:
        """Put facts in that must be applied; the last decision, of the last fact."""
        for fact in facts:
            assert self.offer(fact) is None
        return next(kept.decision for kept in self.book.decided if kept.decision.fact == facts[-1])

    def ask(self, fact: Fact) -> Answer:
        """Put a request in, and return its answer."""
        answer = self.put(fact).answer
        assert answer is not None
        return answer

    def wait(self, until: str | datetime, *, member: str = "ann") -> None:
        """Let time pass for one member."""
        self.book.pass_time(member, until=_instant(until))

    def account(self, member: str = "ann") -> Account:
        """An account as it is now."""
        return self.book.states[member].account

    def balance(self, member: str = "ann", *, asset: str = "points") -> Balance:
        """What a member has of an asset."""
        return self.account(member).balances.get(asset, Balance())

    def lots(self, member: str = "ann") -> list[Lot]:
        """The open lots of a member, in the order of spending."""
        lots = self.book.states[member].lots
        assert lots is not None
        return sorted(
            lots,
            key=lambda lot: (lot.expires_at, lot.earned_at, lot.origin, lot.rule, lot.seq, lot.n),
        )

    def grants(self, member: str = "ann") -> list[Grant]:
        """The rewards that a member holds."""
        grants = self.book.states[member].grants
        assert grants is not None
        return list(grants)

    def punches(self, meter: str = "cups") -> int:
        """Ann's living punches, less those that she owes."""
        account = self.account()
        living = sum(punch.left for punch in account.punches.get(meter, ()))
        return living - account.owed.get(meter, 0)

    def said(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of every notice of one kind so far."""
        return [
            notice.data
            for kept in self.book.decided
            for notice in kept.decision.notices
            if notice.type == kind
        ]

    def said_at(self) -> list[tuple[str, datetime]]:
        """Every notice so far: its kind, and when it counts."""
        return [
            (notice.type, notice.at)
            for kept in self.book.decided
            for notice in kept.decision.notices
        ]
