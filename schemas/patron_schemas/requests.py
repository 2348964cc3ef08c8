"""Requests and questions: events that want an answer.

A request moves something or is refused, with a code; its answer is a notice that names
the request's id (`request.answered`). A question moves nothing. One contract, whether
they come by a topic, by HTTP or from a file.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from patron_schemas.envelope import (
    LINES_MAX,
    POINTS_MAX,
    Attributes,
    ByMember,
    CloudEvent,
    Currency,
    Identifier,
    Money,
    Name,
    OptionalName,
    Points,
    Wire,
)
from patron_schemas.purchases import OrderLine


class AmountOrReward(ByMember):
    """What is asked for: so much of an asset, or a reward by its name."""

    asset: OptionalName = ""
    amount: Points | None = None
    reward: OptionalName = ""

    @model_validator(mode="after")
    def _one_thing(self) -> "AmountOrReward":
        wants_amount = self.amount is not None and bool(self.asset)
        if wants_amount == bool(self.reward) or (self.amount is None) != (not self.asset):
            raise ValueError("ask for either asset and amount, or reward")
        return self


class RedeemAsked(AmountOrReward):
    """Spend an amount, or claim a reward, now and for good.

    With `order` the points pay for it: no more of them than the program lets pay for its
    `total`, which is what it costs in `currency`, the program's.
    """

    order: OptionalName = ""
    total: Money | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _total_of_an_order(self) -> "RedeemAsked":
        if (self.total is None) != (self.currency is None):
            raise ValueError("say total and currency, or neither")
        if self.total is not None and not self.order:
            raise ValueError("a total is of an order: name it")
        return self


class ReserveAsked(AmountOrReward):
    """Hold an amount or a reward until it is confirmed, cancelled or lapses."""


class ConfirmAsked(ByMember):
    """Make a reservation final; `reservation` is the id of the request that made it."""

    reservation: Name
    order: OptionalName = ""


class CancelAsked(ByMember):
    """Give a reservation back."""

    reservation: Name


class Receiver(Wire):
    """Who receives a transfer."""

    member: Name | None = None
    identifier: Identifier | None = None

    @model_validator(mode="after")
    def _one_name(self) -> "Receiver":
        if (self.member is None) == (self.identifier is None):
            raise ValueError("name the receiver by either member or identifier")
        return self


class TransferAsked(ByMember):
    """Move an amount to another member."""

    to: Receiver
    asset: Name
    amount: Points


class AdjustAsked(ByMember):
    """An operator's credit (positive) or debit (negative), with a reason."""

    asset: Name
    amount: Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
    reason: Annotated[str, Field(min_length=1, max_length=256)]
    operator: Name

    @model_validator(mode="after")
    def _moves_something(self) -> "AdjustAsked":
        if self.amount == 0:
            raise ValueError("an adjustment of 0 moves nothing")
        return self


class FreezeAsked(ByMember):
    """Stop a member's spending, or let it go on."""

    frozen: bool
    reason: Annotated[str, Field(min_length=1, max_length=256)]


class ReferAsked(ByMember):
    """Let it be known which member brought this one, who is new."""

    referrer: Name


class DrawClosed(Wire):
    """A draw is over: its winners follow from the seed whose hash was published before."""

    draw: Name
    seed: Name


class ShareOutClosed(Wire):
    """An amount is shared out among members by a meter."""

    share_out: Name
    amount: Points


class PriceAsked(ByMember):
    """What would this basket cost this member, and what would it earn?

    Its lines say as `paid` what they cost otherwise: the shop's own price for everybody.
    """

    currency: Currency
    lines: Annotated[
        tuple[OrderLine, ...], Field(min_length=1, max_length=LINES_MAX, fail_fast=True)
    ]
    shipping: Money | None = None
    attributes: Attributes | None = None


class AccessAsked(ByMember):
    """May this member have this?"""

    entitlement: Name


class RedeemAskedV1(CloudEvent):
    """Spend or claim."""

    type: Literal["io.patron.request.redeem.v1"]
    data: RedeemAsked


class ReserveAskedV1(CloudEvent):
    """Hold for a while."""

    type: Literal["io.patron.request.reserve.v1"]
    data: ReserveAsked


class ConfirmAskedV1(CloudEvent):
    """Make a reservation final."""

    type: Literal["io.patron.request.confirm.v1"]
    data: ConfirmAsked


class CancelAskedV1(CloudEvent):
    """Give a reservation back."""

    type: Literal["io.patron.request.cancel.v1"]
    data: CancelAsked


class TransferAskedV1(CloudEvent):
    """Move to another member."""

    type: Literal["io.patron.request.transfer.v1"]
    data: TransferAsked


class AdjustAskedV1(CloudEvent):
    """Credit or debit by hand."""

    type: Literal["io.patron.request.adjust.v1"]
    data: AdjustAsked


class FreezeAskedV1(CloudEvent):
    """Stop or resume spending."""

    type: Literal["io.patron.request.freeze.v1"]
    data: FreezeAsked


class ReferAskedV1(CloudEvent):
    """Who brought whom."""

    type: Literal["io.patron.request.refer.v1"]
    data: ReferAsked


class DrawClosedV1(CloudEvent):
    """A draw is over."""

    type: Literal["io.patron.request.draw_closed.v1"]
    data: DrawClosed


class ShareOutClosedV1(CloudEvent):
    """A share-out is over."""

    type: Literal["io.patron.request.share_out_closed.v1"]
    data: ShareOutClosed


class PriceAskedV1(CloudEvent):
    """What would it cost?"""

    type: Literal["io.patron.question.price.v1"]
    data: PriceAsked


class AccessAskedV1(CloudEvent):
    """May they have it?"""

    type: Literal["io.patron.question.access.v1"]
    data: AccessAsked
