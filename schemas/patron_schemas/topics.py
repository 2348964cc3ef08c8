"""Topics, and which events each carries. `<owner>.<entity>.v<major>`; key: the member id.

A member's events must lie in partitions of the same number in every input topic, so all
of them have the same number of partitions and the same partitioner (murmur2).
"""

from typing import Annotated, Any, Final, NamedTuple, Union

from pydantic import ConfigDict, Discriminator, TypeAdapter

from patron_schemas import engagements, members, purchases, requests
from patron_schemas.envelope import CloudEvent

PARTITIONS: Final = 12

ORDERS: Final = "shop.orders.v1"
ENGAGEMENT: Final = "shop.engagement.v1"
MEMBERS: Final = "shop.members.v1"
NOTICES: Final = "patron.member-events.v1"


class Incoming(NamedTuple):
    """A topic that Patron reads, and the events that it carries."""

    topic: str
    events: tuple[type[CloudEvent], ...]


INCOMING: Final = (
    Incoming(
        ORDERS,
        (
            purchases.OrderCompletedV1,
            purchases.OrderRefundedV1,
            purchases.OrderCancelledV1,
        ),
    ),
    Incoming(
        ENGAGEMENT,
        (
            engagements.ReviewWrittenV1,
            engagements.VideoWatchedV1,
            engagements.ContentSharedV1,
            engagements.ConsentGivenV1,
            engagements.ConsentWithdrawnV1,
            engagements.SurveyAnsweredV1,
            engagements.AppCheckedInV1,
            engagements.SubscriptionStartedV1,
            engagements.SubscriptionEndedV1,
            engagements.CouponRedeemedV1,
            engagements.ActionDoneV1,
            engagements.PageViewedV1,
            engagements.CartChangedV1,
            engagements.MentionSeenV1,
        ),
    ),
    Incoming(
        MEMBERS,
        (
            members.MemberEnrolledV1,
            members.IdentifiersLinkedV1,
            members.ProfileChangedV1,
            members.MemberMergedV1,
            members.MemberErasedV1,
            requests.RedeemAskedV1,
            requests.ReserveAskedV1,
            requests.ConfirmAskedV1,
            requests.CancelAskedV1,
            requests.TransferAskedV1,
            requests.AdjustAskedV1,
            requests.FreezeAskedV1,
            requests.ReferAskedV1,
            requests.DrawClosedV1,
            requests.ShareOutClosedV1,
            requests.PriceAskedV1,
            requests.AccessAskedV1,
        ),
    ),
)

EVENTS: Final[tuple[type[CloudEvent], ...]] = tuple(
    event for incoming in INCOMING for event in incoming.events
)


def type_of(event: type[CloudEvent]) -> str:
    """The CloudEvents type that a model reads."""
    return str(event.model_fields["type"].annotation.__args__[0])  # type: ignore[union-attr]


# One pass from bytes to a typed event: EVENT.validate_json(raw).
EVENT: Final[TypeAdapter[Any]] = TypeAdapter(
    Annotated[Union[EVENTS], Discriminator("type")],  # type: ignore[arg-type]  # noqa: UP007
    config=ConfigDict(hide_input_in_errors=True),
)
EVENT_OF: Final[dict[str, type[CloudEvent]]] = {type_of(event): event for event in EVENTS}
