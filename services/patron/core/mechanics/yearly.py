"""What time awards once a year: on a birthday, on the day a member joined, on a date.

The date and the zone count as they stand at that instant. An award is given at most once
in a local calendar year, whatever happens to its date: the account keeps the year beside
what is used of its caps.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Literal

from patron.core.account import LONG_AGO, NEVER, Account
from patron.core.periods import day_in, local_day, zone_named
from patron.core.program import MonthDay, Program, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly:
    """At an hour of that day each year: `points`, or a `reward`, or neither but a wish."""

    on: MonthDay | Literal["birthday", "joined"]
    hour: int = 0
    by_zone: Literal["program", "member"] = "program"
    points: int = 0
    reward: str = ""

    def __post_init__(self) -> None:
        assert 0 <= self.hour <= 23
        assert self.points >= 0
        assert not (self.points and self.reward)


@lru_cache(maxsize=256)
def yearly_rules(program: Program) -> tuple[Rule, ...]:
    """The rules of a program whose cause is time."""
    return tuple(rule for rule in program.rules if isinstance(rule.mechanic, Yearly))


@lru_cache(maxsize=256)
def awards_joining(program: Program) -> bool:
    """Whether a rule counts the years since a member joined."""
    return any(rule.mechanic.on == "joined" for rule in yearly_rules(program))


def next_award(program: Program, account: Account) -> datetime:
    """The first instant after the account's own time at which any rule may award something."""
    rules = yearly_rules(program)
    return min((award_at(program, rule, account) for rule in rules), default=NEVER)


def award_at(program: Program, rule: Rule, account: Account) -> datetime:
    """The first instant after the account's own time at which this rule may."""
    zone, on = _zone(program, rule, account), _date(program, rule, account)
    if on is None or account.at == LONG_AGO or account.erased:
        return NEVER

    year = local_day(account.at, zone).year
    if rule.mechanic.on == "joined":
        assert account.joined_at is not None
        year = max(year, local_day(account.joined_at, zone).year + 1)
    given, _ = account.used.get(_given(rule), ("", 0))
    while (at := _instant(rule, year, on, zone)) <= account.at or f"{year:04}" <= given:
        year += 1
    return at


def given_in(program: Program, rule: Rule, account: Account, at: datetime) -> tuple[str, str]:
    """Under which name, among what is used of caps, the local year of an award is kept."""
    return _given(rule), f"{local_day(at, _zone(program, rule, account)).year:04}"


def _given(rule: Rule) -> str:
    return f"{rule.name}/given"  # No window of a cap is called so.


def _zone(program: Program, rule: Rule, account: Account) -> str:
    is_own = rule.mechanic.by_zone == "member" and account.zone
    return account.zone if is_own else program.zone


def _date(program: Program, rule: Rule, account: Account) -> MonthDay | None:
    on = rule.mechanic.on
    if on == "birthday":
        if not account.birthday:
            return None
        month, day = account.birthday.split("-")
        return MonthDay(int(month), int(day))
    if on == "joined":
        if account.joined_at is None:
            return None
        joined = local_day(account.joined_at, _zone(program, rule, account))
        return MonthDay(joined.month, joined.day)

    assert isinstance(on, MonthDay)
    return on


def _instant(rule: Rule, year: int, on: MonthDay, zone: str) -> datetime:
    hour = time(rule.mechanic.hour)
    return datetime.combine(day_in(year, on), hour, zone_named(zone)).astimezone(UTC)
