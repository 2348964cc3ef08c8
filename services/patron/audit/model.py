"""The second model of a program: slow, obvious, and written without the first.

An account is a few plain lists that each entry's fact changes in turn, in the order of
the entries. An order is worked out anew from all of its events each time. What comes
out must be what the tables say; `check` compares. Nothing here reads or writes a table.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from patron.audit import (
    asking,
    belonging,
    calendar,
    ceilings,
    doing,
    ends,
    forward,
    merging,
    modes,
    paying,
    prices,
    reaching,
    sharing,
    together,
    worth,
    yearly,
)
from patron.audit.calendar import NEVER, WITH_ACTIVITY
from patron.audit.cards import Cards, Punch
from patron.audit.counting import LONG_AGO, Meters, StreakDays, by_event
from patron.audit.facts import ORDERS, REQUESTS, Event
from patron.audit.ladder import Ladder, Qualification, tiers_of
from patron.audit.levels import Order
from patron.audit.programs import Terms, is_part
from patron.audit.wallet import Lot, Wallet


@dataclass
class Model:
    """One member's account, worked out from its facts."""

    terms: Mapping[int, Terms]  # By the number of the version.
    member: str = ""
    at: datetime = LONG_AGO
    active_at: datetime = LONG_AGO  # The latest time that it was heard of.
    tier: str = ""
    frozen: bool = False
    erased: bool = False  # Nobody's any more.
    wallet: Wallet = field(default_factory=Wallet)
    cards: Cards = field(default_factory=Cards)
    orders: dict[str, Order] = field(default_factory=dict)
    order_of_entry: dict[int, str] = field(default_factory=dict)
    meters: Meters = field(default_factory=Meters)
    used: dict[tuple[str, str], int] = field(default_factory=dict)  # (rule, cap's window)
    streak_days: dict[str, StreakDays] = field(default_factory=dict)  # By rule.
    once: set[tuple[str, str]] = field(default_factory=set)
    had: dict[int, dict[str, int]] = field(default_factory=dict)  # Entry → rule → of what is shared
    taken: Counter[str] = field(default_factory=Counter)  # Of rules' budgets.
    past: list[Event] = field(default_factory=list)  # In the order of arrival.
    then: "Model | None" = None  # As it was at the time of the event that is worked out.
    freed: dict[str, Event] = field(default_factory=dict)  # Request → what freed what it claimed.
    entered: dict[str, int] = field(default_factory=dict)  # Draw → entries.
    reached: dict[tuple[str, str], int] = field(default_factory=dict)  # (Rule, window) → given.
    qualifications: list[Qualification] = field(default_factory=list)
    prepaid: dict[str, list[paying.Part]] = field(default_factory=dict)  # By order.
    notices: list[tuple[str, str]] = field(default_factory=list)
    ordered_at: datetime | None = None  # The latest completion's time.
    belongings: dict[str, datetime] = field(default_factory=dict)  # → the end of its grace
    idle_enterings: dict[str, int] = field(default_factory=dict)  # Rule → how many give none.
    birthday: str = ""
    zone: str = ""
    awarded: set[tuple[str, int]] = field(default_factory=set)  # (rule, local year)
    by_time: bool = False  # Answers stand: see `by_time.py`.
    had_late: bool = False  # Which entry wrote what is another matter then.
    passed: int = 0  # How often time acted, where it has no entries.
    version: int = 0  # Of the last entry.
    last: int = 0  # The number of the last entry.
    floor: int = 0  # No entry that its lots come from has a lower number.

    def apply(self, event: Event, *, closed: "Model | None" = None) -> None:
        """One more entry, and then the segments and entitlements that it leaves.

        `closed` is the account that a merge takes over, as it was before.
        """
        self.then = forward.as_then(self, event)
        self._apply(event, closed)
        self.past.append(event)
        if event.kind not in ("time", "merged") or event.takes_over:
            belonging.settle(self, self.terms[event.version], event)

    def _apply(self, event: Event, closed: "Model | None") -> None:
        terms = self.terms[event.version]
        self.version, self.last = event.version, event.seq
        if event.seq == 1 and not self.by_time:
            self.meters.joined_at = event.at
        if event.kind in REQUESTS:
            # At the later of its own time and its accounts': a transfer's other one isn't here.
            self.at = max(self.at, event.at if event.kind == "transfer" else event.told_at)
            self.active_at = max(self.active_at, event.at)
            asking.answer(self, terms, event)
            return

        before, self.at = self.at, max(self.at, event.at)
        if event.kind == "time":
            self.time_reached(event, awards=before < event.at)
            return
        self.active_at = max(self.active_at, event.at)
        if event.kind == "completed":
            self.ordered_at = max(self.ordered_at or LONG_AGO, event.at)
        if event.kind in ORDERS:
            self._order(event)
        elif event.kind == "engaged":
            self._engaged(belonging.seen_by(terms, self.belongings), event)
        elif event.kind in ("enrolled", "profile"):
            self._profile(event)
        elif event.kind == "erased":
            self.erased = self.frozen = True
            self.birthday = self.zone = ""
        elif event.kind == "merged" and event.takes_over:
            assert closed is not None, "the account that it takes over"
            merging.take_over(self, terms, event, closed)
        elif event.kind == "merged":
            merging.close(self)

    # What time does.

    def time_reached(self, event: Event, *, awards: bool) -> None:
        """Whatever is due at one instant."""
        now, seq, terms = event.at, event.seq, self.terms[event.version]
        self.at = max(self.at, now)
        self.wallet.expire(now, lambda lot: self.real_end(terms, lot))
        self.cards.end(now)
        asking.lapse(self, seq, now)
        for grant in self.cards.grants:
            if grant.state == "unlocked" and grant.lapses_at <= now:
                grant.state = "lapsed"
        if not self.frozen:
            self.wallet.activate(seq, now)
        ends.remind(self, terms, now)
        if (rungs := self.meters.ladder(terms, now)) is not None:
            self.qualifications = rungs.passed(self.qualifications, self.tier)
            self._set_tier(rungs)
        belonging.settle(self, terms, event)
        if awards:
            yearly.award(self, belonging.seen_by(terms, self.belongings), event)
            belonging.settle(self, terms, event)

    def _profile(self, event: Event) -> None:
        self.birthday = event.fields["birthday"] or self.birthday
        self.zone = event.fields["zone"] or self.zone

    # Orders.

    def _order(self, event: Event) -> None:
        name = event.fields["order"]
        order = self.orders.get(name)
        if order is None:
            terms = self.terms[event.version]
            order = self.orders[name] = Order(self.rated().tier, event.version, event.told_at)
            order.held = set(self.belongings)
            order.room = forward.room(self, terms, terms.document.rules, event)
        terms = belonging.seen_by(self.terms[order.version], order.held)
        if event.kind == "refunded":
            event = prices.with_amounts(terms, order, event, tier=order.tier or self._lowest(terms))
        order.events.append(event)
        self.order_of_entry[event.seq] = name
        level = worth.level(order.events)
        paying.settle(self, terms, order, level, event)
        before = order.by_rule()
        deserved = self._post(terms, order, level, event)
        sharing.use_budgets(self, terms, event, before, order.by_rule())
        whole = level.completed.fields["lines"]
        sharing.come_back(self, terms, event, whole, list(level.lines), void=level.void)
        self._count(terms, order, level, event, deserved)

    def _post(self, terms: Terms, order: Order, level: worth.Level, event: Event) -> dict[str, int]:
        """Post what each rule's worth differs by; return what is deserved, by asset."""
        name = event.fields["order"]
        deserved: dict[str, int] = {}
        tier = order.tier or self._lowest(terms)
        of = level if terms.document.refunds == "restate" else modes.whole(level)
        before_caps = {
            rule.rule: worth.earned(terms, rule, of, tier, order.first_at)
            for rule in terms.document.rules
            if together.pays_for_orders(rule)
        }
        gives = together.given(terms, before_caps, order.room)
        if of is not level:
            then = modes.Then(tier, order.first_at)
            gives = modes.left(terms, gives, of=of, level=level, then=then)
        gives = sharing.within_budgets(self, terms, event, gives, order.by_rule())
        targets = order.targets(terms, gives, level.completed.fields["attributes"])

        def own(lot: Lot) -> bool:
            # What was owed when it paid came back by an event of the order, which did not earn it.
            return self.order_of_entry.get(lot.origin) == name and lot.rule != paying.PAID

        for place, target in targets.items():
            given, let_go = order.given.get(place, 0), order.let_go.get(place, 0)
            missing = given - let_go - target
            if missing > 0 and place[1]:
                debt = terms.document.debt
                over = self.wallet.claw_back(place[1], missing, own=own, policy=debt)
                order.given[place] = target + let_go + over
                order.let_go[place] = let_go + over
        for place, target in targets.items():
            (rule, asset), given = place, order.given.get(place, 0)
            if not asset:
                # An entry in a draw is only counted, so it can always be taken back.
                draw = next(each.enter for each in terms.document.rules if each.rule == rule)
                assert draw is not None
                self._enter(draw, target - given)
                order.given[place] = target
                continue
            if target > given:
                self.credit(terms, event.seq, asset, target - given, rule, event.at)
                order.given[place] = target
            # What is deserved again was not let go.
            order.let_go[place] = max(0, order.given.get(place, 0) - target)
            earned = order.given.get(place, 0) - order.let_go.get(place, 0)
            deserved[asset] = deserved.get(asset, 0) + earned
        ceilings.use(terms, self.used, order.counted, given=order.by_rule(), at=order.first_at)
        return deserved

    def _enter(self, draw: str, more: int) -> None:
        self.entered[draw] = self.entered.get(draw, 0) + more

    def _count(
        self,
        terms: Terms,
        order: Order,
        level: worth.Level,
        event: Event,
        deserved: Mapping[str, int],
    ) -> None:
        """Move the meters by what the order counts for now, then tiers, then rewards."""
        name = event.fields["order"]
        for meter_name, meter in terms.document.meters.items():
            if meter.counts == "points":
                value = sum(n for each, n in deserved.items() if is_part(each, meter.asset or ""))
            else:
                value = worth.counted(terms, meter, level, order.tier or self._lowest(terms))
            more = value - order.counted.get(meter_name, 0)
            order.counted[meter_name] = value
            if more:
                self.meters.move(terms, meter_name, more, of=order.first_at)
            if more and meter.punches:
                kept = self._punch(terms, meter_name, more, of=order.first_at, cause=name)
                # Kept rewards used these up: the order cannot give them a second time.
                order.counted[meter_name] += kept
        self.requalify(terms, of=order.first_at, at=self.at)
        reaching.settle(self, terms, event)
        unlocked = self.cards.unlock(terms, event.seq, at=self.at, order=name)
        self.notices += [("reward.unlocked", name)] * unlocked

    def requalify(self, terms: Terms, *, of: datetime, at: datetime, revokes: bool = True) -> None:
        """Look at the ladder again, and at the window around `of`."""
        if (rungs := self.meters.ladder(terms, at)) is not None:
            self.qualifications = rungs.revalued(self.qualifications, of=of, revokes=revokes)
            self._set_tier(rungs)

    def _punch(self, terms: Terms, meter: str, more: int, *, of: datetime, cause: str) -> int:
        """Give punches or take some back; return how many stay in rewards that are kept."""
        lives = terms.document.meters[meter].lives
        lapses_at = NEVER if lives is None else calendar.plus(of, lives, terms.zone)
        if more < 0:
            revoked, kept = self.cards.take_back(terms, meter, -more, cause=cause, now=self.at)
            self.notices += [("reward.revoked", cause)] * revoked
            return kept
        if lapses_at > self.at:
            self.cards.add(meter, more, lapses_at=lapses_at, cause=cause)
        else:
            self.cards.lapsed.setdefault(meter, []).append(Punch(lapses_at, cause, more))
        return 0

    # What is not a purchase.

    def _engaged(self, terms: Terms, event: Event) -> None:
        before_caps = {
            rule.rule: points
            for rule in terms.document.rules
            if (points := doing.earned(self, terms, rule, event))
        }
        gives = self.pay(terms, event, before_caps)
        for rule in terms.document.rules:
            given = gives.get(rule.rule)
            if given and rule.per_event and rule.per_event.once != "never":
                self.once.add(doing.once_key(rule, event))
                if rule.per_event.once_for == "program":
                    self.had.setdefault(event.seq, {})[rule.rule] = given
        for name, meter in terms.document.meters.items():
            more = by_event(meter, event) * doing.fits(self, terms, meter.match, event)
            if more:
                self.meters.move(terms, name, more, of=event.told_at)
            if more and meter.punches:
                self._punch(terms, name, more, of=event.told_at, cause=event.id)
        self.count_points(terms, event, gives)
        reaching.settle(self, terms, event)
        unlocked = self.cards.unlock(terms, event.seq, at=self.at, order="")
        self.notices += [("reward.unlocked", event.id)] * unlocked

    def count_points(self, terms: Terms, event: Event, gives: Mapping[str, int]) -> None:
        """Let meters count what rules gave outside of orders; tiers come after that."""
        attributes = event.fields.get("attributes", ())
        rules = {rule.rule: rule for rule in terms.document.rules if rule.earn is not None}
        wallets = {name: terms.wallet(rule.earn or "", attributes) for name, rule in rules.items()}
        for name, meter in terms.document.meters.items():
            if meter.counts == "points":
                of = meter.asset or ""
                more = sum(gives.get(rule, 0) for rule in wallets if is_part(wallets[rule], of))
                if more:
                    self.meters.move(terms, name, more, of=event.told_at)
        self.requalify(terms, of=event.told_at, at=self.at)

    def pay(self, terms: Terms, event: Event, before_caps: dict[str, int]) -> dict[str, int]:
        """Give what is left of it under all caps and groups; return that, by rule."""
        rules = {r.rule: r for r in terms.document.rules if r.rule in before_caps}
        room = forward.room(self, terms, list(rules.values()), event)
        gives = together.given(terms, before_caps, room)
        gives = sharing.within_budgets(self, terms, event, gives, {})
        sharing.use_budgets(self, terms, event, {}, gives)
        for name, points in gives.items():
            rule = rules[name]
            if not points:
                continue
            if rule.enter is not None:
                self._enter(rule.enter, points)
            else:
                assert rule.earn is not None
                wallet = terms.wallet(rule.earn, event.fields.get("attributes", ()))
                self.credit(terms, event.seq, wallet, points, name, event.at)
        ceilings.use(terms, self.used, {}, given=gives, at=event.told_at)
        return gives

    # What all of them need.

    def credit(
        self, terms: Terms, seq: int, asset: str, amount: int, rule: str, earned_at: datetime
    ) -> None:
        """A lot of what was earned: pending where the asset says so."""
        pending = terms.asset(asset).pending
        activates_at = None if pending is None else calendar.plus(earned_at, pending, terms.zone)
        if self.frozen:
            activates_at = activates_at or earned_at
        self.wallet.open(
            seq, asset=asset, compartment="pending" if activates_at else "available",
            expires_at=ends.end_of(terms, asset, earned_at), earned_at=earned_at,
            amount=amount, rule=rule, origin=seq, activates_at=activates_at,
        )  # fmt: skip

    def real_end(self, terms: Terms, lot: Lot) -> datetime:
        """When a lot ends: one that lives with activity, so long after the last of it."""
        if lot.expires_at != WITH_ACTIVITY:
            return lot.expires_at
        life = terms.asset(lot.asset).ends
        if life is None or life.after_activity is None:
            return NEVER
        return calendar.plus(self.active_at, life.after_activity, terms.zone)

    def _set_tier(self, rungs: Ladder) -> None:
        tier = rungs.highest(self.qualifications)
        if tier != (self.tier or tiers_of(rungs.terms)[0]):
            self.notices.append(("tier.changed", tier))
            self.tier = tier

    def rated(self) -> "Model":
        """The account by which an event earns: as it was at the event's own time."""
        return self.then or self

    def tier_now(self, terms: Terms) -> str:
        return self.tier or self._lowest(terms)

    def lowest(self) -> str:
        """The tier that everybody has."""
        # Whose only event waits has an account without entries, hence without a version.
        return self._lowest(self.terms[self.version]) if self.version else ""

    @staticmethod
    def _lowest(terms: Terms) -> str:
        order = tiers_of(terms)
        return order[0] if order else ""
