"""Caps: what of each is used in which window, and the room that an order or event finds."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from patron.audit import calendar
from patron.audit.programs import Terms
from patron_schemas.program import MemberCap, Rule

Window = tuple[str, str]  # Whose cap ("*" and the asset: all rules'), and its window's name.


def of_rule(terms: Terms, rule: Rule, window: str, at: datetime) -> Window:
    """Names the window of a rule's cap that holds an instant."""
    if window == "campaign":
        assert rule.during is not None
        return rule.rule, f"campaign {rule.during.from_}"
    return rule.rule, calendar.window(window, at, terms.zone).name


def of_member(terms: Terms, cap: MemberCap, at: datetime) -> Window:
    """Names the window of a cap on all rules together that holds an instant."""
    window = "lifetime" if cap.window == "order" else cap.window
    return f"*{cap.asset}", calendar.window(window, at, terms.zone).name


def room(
    terms: Terms, used: Mapping[Window, int], rules: Iterable[Rule], at: datetime
) -> dict[tuple[str, str], int]:
    """What is left under every cap at an instant, by whose it is and its kind of window."""
    left = {}
    for rule in rules:
        for cap in rule.caps:
            of = 0 if cap.window == "order" else used.get(of_rule(terms, rule, cap.window, at), 0)
            left[rule.rule, str(cap.window)] = max(0, cap.amount - of)
    for member_cap in terms.document.caps:
        key = of_member(terms, member_cap, at)
        of = 0 if member_cap.window == "order" else used.get(key, 0)
        left[f"*{member_cap.asset}", str(member_cap.window)] = max(0, member_cap.amount - of)
    return left


def use(
    terms: Terms,
    used: dict[Window, int],
    counted: dict[str, int],
    *,
    given: Mapping[str, int],
    at: datetime,
) -> None:
    """Count what an order or event has by each rule, instead of what was counted for it."""
    now: list[tuple[Window, str, int]] = []
    for rule in terms.document.rules:
        for cap in rule.caps:
            if cap.window != "order":
                key = of_rule(terms, rule, cap.window, at)
                now.append((key, f"cap {rule.rule} {cap.window}", given.get(rule.rule, 0)))
    for member_cap in terms.document.caps:
        if member_cap.window != "order":
            key = of_member(terms, member_cap, at)
            name = f"cap * {member_cap.asset} {member_cap.window}"
            rules = [r.rule for r in terms.document.rules if r.earn == member_cap.asset]
            now.append((key, name, sum(given.get(rule, 0) for rule in rules)))
    for key, name, amount in now:
        used[key] = used.get(key, 0) + amount - counted.get(name, 0)
        counted[name] = amount
