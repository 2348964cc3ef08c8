"""Orders, as the shop names them. An order is a level: its events are folded by time."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from patron_schemas.envelope import (
    LINES_MAX,
    Attributes,
    ByMemberOrNobody,
    CloudEvent,
    Currency,
    Money,
    Name,
    OptionalName,
    Quantity,
    Rate,
    Wire,
)

LineKind = Literal["goods", "service", "gift_card", "reward", "discount"]


class OrderLine(Wire):
    """One article of the basket. Amounts are for the whole line."""

    line: Name | None = None  # Unique in its order; its place, from "1", where not given.
    sku: Name
    category: OptionalName = ""
    quantity: Quantity = "1"
    paid: Money  # After line and order discounts, without tax.
    list: Money | None = None  # Before any discount; what was paid, where not given.
    tax: Money | None = None
    kind: LineKind = "goods"
    attributes: Attributes | None = None


class OrderPayment(Wire):
    """A part of what was charged."""

    method: Literal["money", "points", "gift_card", "promotion"]
    amount: Money


class OrderCompleted(ByMemberOrNobody):
    """A member paid for a basket; a second one of the same order is an edit."""

    order: Name
    currency: Currency
    lines: Annotated[
        tuple[OrderLine, ...], Field(min_length=1, max_length=LINES_MAX, fail_fast=True)
    ]
    rate: Rate | None = None  # Units of its currency in one of the program's.
    shipping: Money | None = None
    payments: Annotated[tuple[OrderPayment, ...], Field(max_length=16, fail_fast=True)] = ()
    attributes: Attributes | None = None


class RefundedLine(Wire):
    """What came back of one line.

    Without an amount: so many units, worth the price of what was bought less the price of
    what is kept.
    """

    line: Name
    amount: Money | None = None
    quantity: Quantity = "0"

    @model_validator(mode="after")
    def _something(self) -> "RefundedLine":
        if self.amount is None and not self.quantity.strip("0."):
            raise ValueError("say how much came back by amount, or how many units by quantity")
        return self


class OrderRefunded(ByMemberOrNobody):
    """Part of an order came back: by lines, or as one amount spread over what is left.

    Shipping that came back is said besides, or alone. With `cumulative` every amount here
    is the total to date; what it adds to earlier refunds comes back, and an older total
    that comes late adds nothing.
    """

    order: Name
    currency: Currency
    lines: Annotated[tuple[RefundedLine, ...], Field(max_length=LINES_MAX, fail_fast=True)] = ()
    amount: Money | None = None
    reason: OptionalName = ""
    shipping: Money | None = None
    cumulative: bool = False

    @model_validator(mode="after")
    def _lines_or_amount(self) -> "OrderRefunded":
        if self.lines and self.amount is not None:
            raise ValueError("say what came back by either lines or amount")
        if not self.lines and self.amount is None and self.shipping is None:
            raise ValueError("say what came back by lines, amount or shipping")
        return self


class OrderCancelled(ByMemberOrNobody):
    """All of an order is void, until it is completed again."""

    order: Name
    reason: OptionalName = ""


class OrderCompletedV1(CloudEvent):
    """A member paid for a basket."""

    type: Literal["io.patron.order.completed.v1"]
    data: OrderCompleted


class OrderRefundedV1(CloudEvent):
    """Part of an order came back."""

    type: Literal["io.patron.order.refunded.v1"]
    data: OrderRefunded


class OrderCancelledV1(CloudEvent):
    """An order is void as a whole."""

    type: Literal["io.patron.order.cancelled.v1"]
    data: OrderCancelled
