"""Points for something that a member did: a review, a share, a check-in."""

from dataclasses import dataclass
from typing import Any, Literal

from patron.core.account import OnceKey
from patron.core.facts import Engaged
from patron.core.program import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PerEvent:
    """`points` for each `action`; `once` per subject, once ever, or every time."""

    points: int
    action: str
    once: Literal["never", "subject", "ever"] = "never"
    once_for: Literal["member", "program"] = "member"  # Each member, or all of them together.

    def __post_init__(self) -> None:
        assert self.points > 0
        assert self.action


def is_first_of_all(mechanic: Any) -> bool:
    """Whether of all members only the first to come is paid."""
    if not isinstance(mechanic, PerEvent):
        return False

    return mechanic.once != "never" and mechanic.once_for == "program"


def once_key(rule: Rule, fact: Engaged) -> OnceKey | None:
    """What may pay only once; None where every event pays."""
    mechanic = rule.mechanic
    if not isinstance(mechanic, PerEvent) or mechanic.once == "never":
        return None

    subject = fact.subject if mechanic.once == "subject" else ""
    return OnceKey(rule.name, subject, is_first_of_all(mechanic))
