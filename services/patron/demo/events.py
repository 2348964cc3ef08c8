"""The shop's events as it would publish them: CloudEvents 1.0, structured, as JSON bytes.

Built by hand from plain values, because a year is 1.5 million lines; a test holds a
sample of each kind against the published contracts.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from patron.demo.baskets import ZONE, Basket, Redemption
from patron.demo.made_up import REWARD, Return
from patron_schemas import topics

TENANT: Final = "grocer"
CURRENCY: Final = "USD"

_HEADERS: Final = (("content-type", b"application/cloudevents+json; charset=utf-8"),)
_ZONE: Final = ZoneInfo(ZONE)


class Topics(NamedTuple):
    """Where the shop publishes what."""

    orders: str = topics.ORDERS
    engagement: str = topics.ENGAGEMENT
    members: str = topics.MEMBERS  # Requests too.


class Produced(NamedTuple):
    """A record to be sent; the same fields as whoever sends it uses."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


class Shop:
    """Writes one shop's events: which topic they go to, how they are named, what they say."""

    def __init__(self, *, to: Topics, tenant: str = TENANT) -> None:
        self._to = to
        self._tenant = tenant

    def completed(self, basket: Basket) -> Produced:
        """A basket was paid for, at its own time."""
        data = {**_order(basket), "currency": CURRENCY, "lines": basket.lines}
        return self._of_order("completed", "basket", basket, basket.at_ms, data, time=basket.time)

    def refunded(self, basket: Basket, back: Return) -> Produced:
        """Some of a basket, or all of it, came back."""
        data = {**_order(basket), "currency": CURRENCY, "reason": "return"}
        if back.lines:
            data["lines"] = [
                {"line": line["line"], "amount": line["paid"], "quantity": line["quantity"]}
                for line in back.lines
            ]
        else:
            data["amount"] = money(back.amount_minor)
        return self._of_order("refunded", "refund", basket, basket.at_ms + back.after_ms, data)

    def cancelled(self, basket: Basket, *, after_ms: int) -> Produced:
        """A basket was void as a whole."""
        data = {**_order(basket), "reason": "till error"}
        return self._of_order("cancelled", "void", basket, basket.at_ms + after_ms, data)

    def coupon_redeemed(self, used: Redemption) -> Produced:
        """A coupon was used: the subject is the coupon, its campaign an attribute."""
        day = used.time[:10]
        return self._made(
            self._to.engagement,
            "coupon.redeemed",
            source="/grocer/coupons",
            name=f"coupon-{used.household}-{day}-{used.upc}-{used.campaign}",
            household=used.household,
            at_ms=used.at_ms,
            time=used.time,
            data={
                "member": member(used.household),
                "subject": str(used.upc),
                "campaign": str(used.campaign),
            },
        )

    def redeem_asked(self, basket: Basket, *, after_ms: int) -> Produced:
        """A household asks to turn points into a reward, soon after a basket."""
        return self._made(
            self._to.members,
            "request.redeem",
            source="/grocer/app",
            name=f"redeem-{basket.basket}",
            household=basket.household,
            at_ms=basket.at_ms + after_ms,
            data={"member": member(basket.household), "reward": REWARD},
        )

    def _of_order(
        self,
        what: str,
        prefix: str,
        basket: Basket,
        at_ms: int,
        data: dict[str, Any],
        *,
        time: str = "",
    ) -> Produced:
        return self._made(
            self._to.orders,
            f"order.{what}",
            source=f"/grocer/store-{basket.store}",
            name=f"{prefix}-{basket.basket}",
            household=basket.household,
            at_ms=at_ms,
            time=time,
            data=data,
        )

    def _made(
        self,
        topic: str,
        kind: str,
        *,
        source: str,
        name: str,
        household: int,
        at_ms: int,
        data: dict[str, Any],
        time: str = "",
    ) -> Produced:
        event = {
            "specversion": "1.0",
            "id": name,
            "source": source,
            "type": f"io.patron.{kind}.v1",
            "time": time or _local(at_ms),
            "tenant": self._tenant,
            "datacontenttype": "application/json",
            "data": data,
        }
        return Produced(topic, member(household).encode(), orjson.dumps(event), _HEADERS, at_ms)


def member(household: int) -> str:
    """The member id of a household."""
    return f"household-{household}"


def money(amount_minor: int) -> str:
    """Cents as decimal text: 1250 is "12.50"."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def _order(basket: Basket) -> dict[str, Any]:
    return {"order": str(basket.basket), "member": member(basket.household)}


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, _ZONE).isoformat()
