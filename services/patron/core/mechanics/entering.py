"""A reward for entering a segment: a coupon for who has been away, a badge for who has it all."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from patron.core.program import Program, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """`reward` at each entering of a segment, or `once` for ever."""

    segment: str  # Its key: see `Belonging`.
    reward: str
    once: Literal["never", "ever"] = "never"


@lru_cache(maxsize=256)
def entering_rules(program: Program) -> tuple[Rule, ...]:
    """The rules of a program whose cause is a segment's beginning."""
    return tuple(rule for rule in program.rules if isinstance(rule.mechanic, Entering))


def owed_name(rule: Rule) -> str:
    """Under which name, beside what is used of caps, an account keeps how often it gives none."""
    return f"{rule.name}/given"  # No window of a cap is called so.
