"""What is given for reaching so much: a level of each window, like what an order is worth.

While a window of the meter shows the threshold the points are the member's; a refund that
takes it below takes them back. Each window that they were given for is remembered beside
what is used of caps, and so is the meter's count of it.
"""

from functools import lru_cache

from patron.core.account import Account
from patron.core.clawback import take_back
from patron.core.decision import Proof, Refusal
from patron.core.draft import Draft
from patron.core.mechanics.reach import Reach
from patron.core.program import Program, Rule


@lru_cache(maxsize=256)
def reach_rules(program: Program) -> tuple[Rule, ...]:
    """The rules of a program that pay for reaching something."""
    return tuple(rule for rule in program.rules if isinstance(rule.mechanic, Reach))


def settle_reached(draft: Draft, *, order: str = "") -> None:
    """Give what is reached now and was not, and take back what is reached no longer."""
    for rule in reach_rules(draft.program):
        windows = draft.meters.get(rule.mechanic.meter, {})
        for window, value in windows.items():
            _settle(draft, rule, window, value, order=order)


def reached_windows(draft: Draft, meter: str) -> list[str]:
    """The windows of a meter that something was given for: a refund may still ask for them."""
    return [
        window
        for rule in reach_rules(draft.program)
        if rule.mechanic.meter == meter
        for window in draft.meters.get(meter, {})
        if _name(rule, window) in draft.used
    ]


def given_for_reaching(program: Program, account: Account) -> dict[str, int]:
    """What each rule has given for what an account has reached, all windows together."""
    given = {}
    for rule in reach_rules(program):
        windows = (used for name, used in account.used.items() if name.startswith(_name(rule, "")))
        given[rule.name] = sum(amount for _, amount in windows)
    return given


def _settle(draft: Draft, rule: Rule, window: str, value: int, *, order: str) -> None:
    name, reach = _name(rule, window), rule.mechanic
    _, given = draft.used.get(name, ("", 0))
    if value >= reach.threshold:
        missing = reach.points - given
        if missing > 0:
            draft.proofs.append(Proof(rule.name, rule.asset, missing, value, "", missing))
            draft.credit(rule.asset, missing, rule=rule.name, order=order)
            draft.used[name] = (window, reach.points)
        return

    below = Proof(rule.name, rule.asset, 0, value, why_not=Refusal.CONDITION, condition="reach")
    draft.proofs.append(below)
    if given:
        own = [lot for lot in draft.all_lots() if lot.rule == rule.name]
        kept = take_back(draft, below, given, own=own, order=order)
        if kept:
            # What could not be had was let go, and is not given a second time.
            draft.used[name] = (window, kept)
        else:
            del draft.used[name]


def _name(rule: Rule, window: str) -> str:
    return f"{rule.name}/reached/{window}"  # No window of a cap is called so.
