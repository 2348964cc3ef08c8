"""Punches and the rewards that they unlock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patron.audit import calendar
from patron.audit.calendar import NEVER
from patron.audit.programs import Terms
from patron_schemas.program import Rule


@dataclass
class Punch:
    """Punches of one order or event."""

    lapses_at: datetime
    cause: str
    left: int
    born: int = 0  # Of two that lapse together the older one is used first.

    def part(self, count: int) -> "Punch":
        """Some of them, on their own."""
        return Punch(self.lapses_at, self.cause, count, self.born)


def age(punch: Punch) -> tuple[datetime, int]:
    """The order in which punches are used up."""
    return punch.lapses_at, punch.born


@dataclass
class Grant:
    """A reward that a member holds, or an amount that is set aside."""

    reward: str
    seq: int
    n: int
    state: str  # unlocked, reserved, claimed, cancelled, lapsed, revoked or merged.
    unlocked_at: datetime
    lapses_at: datetime
    order: str = ""
    request: str = ""
    used_on: str = ""  # The order that it was claimed for.
    held_until: datetime = NEVER
    was_unlocked: bool = False  # Unlocked by a rule, not bought.
    rule: str = ""
    punches: list[Punch] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)  # Of pools, once it is claimed.


@dataclass
class Cards:
    """A member's punches by meter, what is owed of them, and every grant there was."""

    punches: dict[str, list[Punch]] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    added: int = 0
    lapsed: dict[str, list[Punch]] = field(default_factory=dict)  # Unused.
    inherited: Counter[str] = field(default_factory=Counter)  # Rewards claimed by a merged member.

    def add(self, meter: str, count: int, *, lapses_at: datetime, cause: str) -> None:
        """More punches; those that a return took too late are paid first."""
        paid = min(count, self.owed.get(meter, 0))
        if paid:
            self.owed[meter] -= paid
        if count > paid:
            living = self.punches.setdefault(meter, [])
            self.added += 1
            living.append(Punch(lapses_at, cause, count - paid, self.added))
            living.sort(key=age)

    def owe(self, meter: str, count: int) -> None:
        """So many punches are owed: living ones pay, the oldest first."""
        living = self.punches.get(meter, [])
        paid = min(count, sum(punch.left for punch in living))
        self._use(living, paid)
        self.owed[meter] = self.owed.get(meter, 0) + count - paid

    def unlock(self, terms: Terms, seq: int, *, at: datetime, order: str) -> int:
        """Turn full cards into rewards, rule by rule; return how many."""
        unlocked = 0
        for rule in terms.document.rules:
            if rule.every is None or rule.unlock is None:
                continue
            living = self.punches.get(rule.every.meter, [])
            while sum(punch.left for punch in living) >= rule.every.count:
                used = self._use(living, rule.every.count)
                self.give(terms, rule, seq, at=at, order=order, used=used)
                unlocked += 1
        return unlocked

    def give(
        self,
        terms: Terms,
        rule: Rule,
        seq: int,
        *,
        at: datetime,
        order: str = "",
        used: Sequence[Punch] = (),
    ) -> None:
        """Unlock what a rule gives."""
        assert rule.unlock is not None
        after = terms.document.rewards[rule.unlock].lapses_after
        lapses_at = NEVER if after is None else calendar.plus(at, after, terms.zone)
        self.grants.append(
            Grant(
                rule.unlock, seq, self.next_n(seq), "unlocked", at, lapses_at, order,
                was_unlocked=True, rule=rule.rule, punches=list(used),
            )
        )  # fmt: skip

    def next_n(self, seq: int) -> int:
        """The place of one more grant within an entry."""
        return 1 + sum(1 for grant in self.grants if grant.seq == seq)

    def take_back(
        self,
        terms: Terms,
        meter: str,
        count: int,
        *,
        cause: str,
        now: datetime,
    ) -> tuple[int, int]:
        """A return of so many punches of one order.

        Returns how many rewards it revoked, and how many punches stay in kept rewards.
        """
        revoked = 0
        count -= self._use_of(meter, count, cause=cause)
        count -= self._lapsed_unused(meter, count, cause=cause, now=now)
        while count:
            grant = self._newest_unclaimed(terms, meter)
            if grant is None:
                if not self._revokes(terms, meter):
                    return revoked, count
                self.owed[meter] = self.owed.get(meter, 0) + count
                return revoked, 0
            grant.state = "revoked"
            revoked += 1
            # The order's own punches pay the return; a reward that used none of them pays
            # with whichever it used. What is left and has not lapsed lives again.
            own = [punch for punch in grant.punches if punch.cause == cause]
            paying = own or list(grant.punches)
            spent = self._use(paying, min(count, sum(punch.left for punch in paying)))
            count -= sum(punch.left for punch in spent)
            living = self.punches.setdefault(meter, [])
            freed = [punch.part(punch.left) for punch in grant.punches if punch.left]
            living += [punch for punch in freed if punch.lapses_at > now]
            over = [punch for punch in freed if punch.lapses_at <= now]
            self.lapsed.setdefault(meter, []).extend(over)
            living.sort(key=age)
            self._joined(living)
        return revoked, 0

    def _joined(self, living: list[Punch]) -> None:
        """Punches of one order that lapse together are one again."""
        for first in list(living):
            for other in list(living):
                same = (other.cause, other.lapses_at) == (first.cause, first.lapses_at)
                if other is not first and first in living and same:
                    first.left += other.left
                    living[:] = [punch for punch in living if punch is not other]

    def _use_of(self, meter: str, count: int, *, cause: str) -> int:
        living = self.punches.get(meter, [])
        own = [punch for punch in living if punch.cause == cause]
        spent = self._use(own, min(count, sum(punch.left for punch in own)))
        living[:] = [punch for punch in living if punch.left]
        return sum(punch.left for punch in spent)

    @staticmethod
    def _use(living: list[Punch], count: int) -> list[Punch]:
        """Use up so many, the oldest first; return them."""
        used = []
        for punch in living:
            part = min(punch.left, count)
            if part:
                punch.left -= part
                count -= part
                used.append(punch.part(part))
        assert count == 0
        living[:] = [punch for punch in living if punch.left]
        return used

    @staticmethod
    def _revokes(terms: Terms, meter: str) -> bool:
        """Whether rewards of this meter are taken back; kept ones leave nothing owed."""
        of_meter = [r for r in terms.document.rules if r.every and r.every.meter == meter]
        rewards = [terms.document.rewards[rule.unlock] for rule in of_meter if rule.unlock]
        return not rewards or any(reward.on_refund == "revoke" for reward in rewards)

    def end(self, now: datetime) -> None:
        """Punches whose life is over are gone, and those of orders are owed to nobody."""
        for meter, living in self.punches.items():
            over = [punch for punch in living if punch.lapses_at <= now]
            self.lapsed.setdefault(meter, []).extend(over)
            living[:] = [punch for punch in living if punch.lapses_at > now]

    def use_up(self, terms: Terms, reward: str) -> list[Punch]:
        """Use up one card of a reward; what is missing is owed."""
        for rule in terms.document.rules:
            if rule.every is not None and rule.unlock == reward:
                living = self.punches.setdefault(rule.every.meter, [])
                there = min(rule.every.count, sum(punch.left for punch in living))
                self.owed[rule.every.meter] = (
                    self.owed.get(rule.every.meter, 0) + rule.every.count - there
                )
                return self._use(living, there)
        return []

    def _lapsed_unused(self, meter: str, count: int, *, cause: str, now: datetime) -> int:
        found = 0
        for punch in self.lapsed.get(meter, []):
            remembered = now < punch.lapses_at + timedelta(days=366)
            if punch.cause == cause and remembered:
                part = min(punch.left, count - found)
                punch.left -= part
                found += part
        return found

    def _newest_unclaimed(self, terms: Terms, meter: str) -> Grant | None:
        cards = {
            rule.rule: rule.unlock
            for rule in terms.document.rules
            if rule.every is not None and rule.every.meter == meter
        }
        candidates = [
            grant
            for grant in self.grants
            if grant.state == "unlocked"
            and grant.rule in cards
            and terms.document.rewards[grant.reward].on_refund == "revoke"
        ]
        return max(
            candidates, key=lambda grant: (grant.unlocked_at, grant.seq, grant.n), default=None
        )
