"""The stream of the demo: the grocer's year and what was made up, in order of receipt.

The same slice and seed give the same records, byte by byte. A record's timestamp is the
time of its event; only a copy that was sent again, or a broken one, is received later
than it says. Refunds of December come until 20 January. Memory holds the slice's numbers
and what is still to come of the last 20 days, never the whole stream.
"""

import heapq
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from patron.demo.baskets import WHOLE_YEAR, Basket, Redemption, Slice, Year
from patron.demo.broken import WAYS, broken
from patron.demo.events import TENANT, Produced, Shop, Topics
from patron.demo.made_up import SECOND_MS, Wishes, broken_at, fate, sent_again_after_ms

SEED: Final = 2017
# The slice of a run that nobody asked for more of.
DEFAULT_SLICE: Final = Slice(households_max=400)


@dataclass(slots=True)
class Summary:
    """What has been yielded so far; complete once the stream has ended."""

    seed: int
    events: int = 0  # Everything, copies and broken ones included.
    baskets: int = 0
    lines: int = 0
    coupons: int = 0
    refunds_by_lines: int = 0
    refunds_by_amount: int = 0
    refunds_in_full: int = 0
    cancellations: int = 0
    requests: int = 0
    duplicates: int = 0
    malformed: int = 0
    bytes: int = 0
    first_ms: int = 0
    last_ms: int = 0

    @property
    def refunds(self) -> int:
        """Refunds of every kind."""
        return self.refunds_by_lines + self.refunds_by_amount + self.refunds_in_full

    @property
    def first_at(self) -> datetime:
        """When the first record was received."""
        return datetime.fromtimestamp(self.first_ms / 1000, UTC)

    @property
    def last_at(self) -> datetime:
        """When the last record was received."""
        return datetime.fromtimestamp(self.last_ms / 1000, UTC)

    def made_up(self) -> str:
        """What of it is invented, in a sentence for the report."""
        return (
            f"{self.duplicates:,} duplicates, {self.refunds:,} refunds, "
            f"{self.cancellations:,} cancellations, {self.requests:,} requests and "
            f"{self.malformed:,} broken events, all from seed {self.seed}; "
            f"the {self.baskets:,} baskets and {self.coupons:,} coupons are the grocer's"
        )

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "refunds": self.refunds}


class Groceries:
    """The records of one slice of the year. Iterate once; `summary` counts along."""

    def __init__(
        self,
        part: Slice = WHOLE_YEAR,
        *,
        to: Topics = Topics(),  # noqa: B008  Immutable.
        tenant: str = TENANT,
        seed: int = SEED,
    ) -> None:
        self.year = Year(part)
        self.summary = Summary(seed)
        self._shop = Shop(to=to, tenant=tenant)
        self._seed = seed
        self._wishes = Wishes(seed)
        self._breaks = set(broken_at(seed, baskets=self.year.baskets, count=len(WAYS)))
        # What is still to come, by time of receipt; the number keeps equals in order.
        self._later: list[tuple[int, int, Produced, bool]] = []
        self._numbered = 0

    @property
    def events_expected(self) -> int:
        """About how many records there will be: to within one in a hundred."""
        return round((self.year.baskets + self.year.redemptions) * 1.075)

    def __iter__(self) -> Iterator[Produced]:
        both: tuple[Iterator[Basket | Redemption], ...] = (
            self.year.iter_baskets(),
            self.year.iter_redemptions(),
        )
        for found in heapq.merge(*both, key=attrgetter("at_ms")):
            yield from self._due(found.at_ms)
            yield self._bought(found) if isinstance(found, Basket) else self._used(found)
        yield from self._due(None)

    def _due(self, now_ms: int | None) -> Iterator[Produced]:
        """What is received before `now_ms`; everything, without one."""
        while self._later and (now_ms is None or self._later[0][0] <= now_ms):
            _, _, record, is_final = heapq.heappop(self._later)
            yield self._sent(record, is_final=is_final)

    def _bought(self, basket: Basket) -> Produced:
        completed = self._shop.completed(basket)
        self._follow_up(basket)
        if self.summary.baskets in self._breaks:
            way = self.summary.malformed
            self._plan(broken(completed, way=way, after_ms=SECOND_MS), is_final=True)
            self.summary.malformed += 1
        self.summary.baskets += 1
        self.summary.lines += len(basket.lines)
        return self._sent(completed)

    def _follow_up(self, basket: Basket) -> None:
        happened = fate(self._seed, basket)
        if happened.returned is not None:
            self._plan(self._shop.refunded(basket, happened.returned))
            self.summary.refunds_by_lines += happened.returned.kind == "lines"
            self.summary.refunds_by_amount += happened.returned.kind == "amount"
            self.summary.refunds_in_full += happened.returned.kind == "full"
        if happened.cancelled_after_ms is not None:
            self._plan(self._shop.cancelled(basket, after_ms=happened.cancelled_after_ms))
            self.summary.cancellations += 1
        asked_after_ms = self._wishes.asked_after_ms(basket)
        if asked_after_ms is not None:
            self._plan(self._shop.redeem_asked(basket, after_ms=asked_after_ms))
            self.summary.requests += 1

    def _used(self, redemption: Redemption) -> Produced:
        self.summary.coupons += 1
        return self._sent(self._shop.coupon_redeemed(redemption))

    def _plan(self, record: Produced, *, is_final: bool = False) -> None:
        self._numbered += 1
        heapq.heappush(self._later, (record.timestamp_ms, self._numbered, record, is_final))

    def _sent(self, record: Produced, *, is_final: bool = False) -> Produced:
        """Count a record that leaves now, and plan its copy if it is one that has one."""
        summary = self.summary
        summary.events += 1
        summary.bytes += len(record.value)
        summary.first_ms = summary.first_ms or record.timestamp_ms
        summary.last_ms = record.timestamp_ms
        if not is_final:
            after_ms = sent_again_after_ms(self._seed, zlib.crc32(record.value))
            if after_ms is not None:
                again = record._replace(timestamp_ms=record.timestamp_ms + after_ms)
                self._plan(again, is_final=True)
                summary.duplicates += 1
        return record
