"""Points for something that a member did: a review, a share, a check-in."""

from dataclasses import dataclass
from typing import Any, Literal

from patron.core.facts import Engaged


@dataclass(frozen=True, slots=True, kw_only=True)
class PerEvent:
    """`points` for each `action`; `once` per subject, once ever, or every time."""

    points: int
    action: str
    once: Literal["never", "subject", "ever"] = "never"

    def __post_init__(self) -> None:
        assert self.points > 0
        assert self.action


def once_subject(rule: Any, fact: Engaged) -> str | None:
    """What may pay only once; None where every event pays."""
    if not isinstance(rule, PerEvent) or rule.once == "never":
        return None

    return fact.subject if rule.once == "subject" else ""
