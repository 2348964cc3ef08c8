"""What the demo makes up, because the data has none of it: all from one seed.

Retailers' releases are clean: nothing is returned, nothing arrives twice, nobody spends
points. This module says, basket by basket, what else happened. What it says of a basket
depends on the seed and that basket alone, so it is the same in every slice; only when a
household asks for a reward depends on the household's own baskets before.
"""

from random import Random
from typing import Any, Final, NamedTuple

from patron.demo.baskets import Basket

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

REFUNDED: Final = 0.015  # Of the baskets that cost something.
CANCELLED: Final = 0.002
SENT_TWICE: Final = 0.01  # Of all events.
REWARD: Final = "five-off"  # Of the grocer's program: 500 points.


class Return(NamedTuple):
    """Goods or money that went back: by lines, or an amount for the whole basket."""

    kind: str  # "lines", "amount" or "full".
    after_ms: int
    lines: tuple[dict[str, Any], ...] = ()  # Of the basket, whole.
    amount_minor: int = 0  # Without lines only.


class Fate(NamedTuple):
    """What else happened to one basket."""

    returned: Return | None = None
    cancelled_after_ms: int | None = None


NOTHING: Final = Fate()


def fate(seed: int, basket: Basket) -> Fate:
    """Whether a basket was refunded (half of them by lines, a quarter each by amount and
    in full, 1 to 20 days later) or cancelled (within two hours)."""
    if basket.paid_minor == 0:
        return NOTHING
    chance = _chance(seed, "fate", basket.basket)
    drawn = chance.random()
    if drawn < REFUNDED:
        return Fate(returned=_return(chance, basket))
    if drawn < REFUNDED + CANCELLED:
        return Fate(cancelled_after_ms=chance.randint(5 * MINUTE_MS, 2 * HOUR_MS))
    return NOTHING


def _return(chance: Random, basket: Basket) -> Return:
    after_ms = chance.randint(DAY_MS, 20 * DAY_MS)
    how = chance.random()
    if how < 0.25:
        amount_minor = max(1, basket.paid_minor * chance.randint(10, 90) // 100)
        return Return("amount", after_ms, amount_minor=amount_minor)
    if how < 0.5:
        # A coupon's line goes back with the goods: it has no money and no units of its own.
        goods = tuple(line for line in basket.lines if line["kind"] != "discount")
        return Return("full", after_ms, goods)
    paid = [line for line in basket.lines if line["paid"] != "0.00"]
    count = chance.randint(1, max(1, min(3, len(paid) // 2)))
    chosen = sorted(chance.sample(range(len(paid)), count))
    return Return("lines", after_ms, tuple(paid[place] for place in chosen))


def sent_again_after_ms(seed: int, content: int) -> int | None:
    """One event in a hundred is sent twice: how much later (a second to six hours).

    `content` is a checksum of its bytes.
    """
    chance = _chance(seed, "again", content)
    return chance.randint(SECOND_MS, 6 * HOUR_MS) if chance.random() < SENT_TWICE else None


def broken_at(seed: int, *, baskets: int, count: int) -> list[int]:
    """After which baskets, counted from 0 in order of time, a broken event comes."""
    return sorted(_chance(seed, "broken", 0).sample(range(baskets), min(count, baskets)))


class Wishes:
    """When a household asks to spend its points: the shop's guess, not the ledger's.

    A household that has spent about what 500 points take asks at one basket in three;
    now and then somebody asks without hope. So most requests are granted, and some are
    refused, which is what a reader should see.
    """

    ENOUGH_MINOR: Final = 52_000
    ASKS: Final = 0.33
    HOPES: Final = 0.004

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._spent_minor: dict[int, int] = {}

    def asked_after_ms(self, basket: Basket) -> int | None:
        """Whether a request follows this basket, and how much later."""
        spent = self._spent_minor.get(basket.household, 0) + basket.paid_minor
        chance = _chance(self._seed, "wish", basket.basket)
        asks = chance.random() < (self.ASKS if spent >= self.ENOUGH_MINOR else self.HOPES)
        self._spent_minor[basket.household] = max(0, spent - self.ENOUGH_MINOR) if asks else spent
        return chance.randint(MINUTE_MS, 30 * MINUTE_MS) if asks else None


def _chance(seed: int, about: str, name: object) -> Random:
    # Seeded by text: the same draws on every machine and in every version of Python.
    return Random(f"{seed}/{about}/{name}")
