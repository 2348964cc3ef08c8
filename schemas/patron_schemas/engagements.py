"""What members do that is not a purchase.

Each type is one action that programs can pay for (`ACTION_OF`); what it was about is
its `subject`, by which a program can pay it only once. All other fields are attributes
that a program can match. Views, carts and mentions are collected for analytics.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from patron_schemas.envelope import Attributes, ByMember, CloudEvent, OptionalName

Percent = Annotated[int, Field(ge=0, le=100)]
Score = Annotated[int, Field(ge=0, le=10)]
Stars = Annotated[int, Field(ge=1, le=5)]


class Engagement(ByMember):
    """Something that a member did; `subject` is what it was about."""

    subject: OptionalName = ""


class ReviewWritten(Engagement):
    """A product was reviewed."""

    stars: Stars | None = None
    words: Annotated[int, Field(ge=0, le=100_000)] | None = None


class VideoWatched(Engagement):
    """A video was watched, up to a part of it."""

    percent: Percent


class ContentShared(Engagement):
    """Something was shared where others see it."""

    channel: OptionalName = ""


class ConsentGiven(Engagement):
    """A member lets the shop write to them; `subject` is the channel: email, sms, push."""


class ConsentWithdrawn(Engagement):
    """A member no longer lets the shop write to them."""


class SurveyAnswered(Engagement):
    """A survey was answered; `score` is its main figure, of 10."""

    kind: Literal["nps", "csat", "ces", "other"] = "other"
    score: Score | None = None


class AppCheckedIn(Engagement):
    """The app was opened, or a member was in the shop with it."""

    place: OptionalName = ""


class SubscriptionStarted(Engagement):
    """A subscription began; `subject` is its plan or line."""


class SubscriptionEnded(Engagement):
    """A subscription ended."""


class CouponRedeemed(Engagement):
    """A coupon of the shop was used; `subject` is the coupon."""

    campaign: OptionalName = ""


class ActionDone(Engagement):
    """Anything else that a program names."""

    action: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    attributes: Attributes | None = None


class PageViewed(Engagement):
    """A page was looked at; `subject` is which."""

    seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None


class CartChanged(Engagement):
    """Something was put into a cart or taken out; `subject` is the article."""

    change: Literal["added", "removed"]
    units: Annotated[int, Field(ge=1, le=100_000)] = 1


class MentionSeen(Engagement):
    """A member spoke of the shop in public."""

    kind: Literal["hashtag", "comment", "rating"]
    channel: OptionalName = ""


class ReviewWrittenV1(CloudEvent):
    """A product was reviewed."""

    type: Literal["io.patron.review.written.v1"]
    data: ReviewWritten


class VideoWatchedV1(CloudEvent):
    """A video was watched."""

    type: Literal["io.patron.video.watched.v1"]
    data: VideoWatched


class ContentSharedV1(CloudEvent):
    """Something was shared."""

    type: Literal["io.patron.content.shared.v1"]
    data: ContentShared


class ConsentGivenV1(CloudEvent):
    """A member opted in."""

    type: Literal["io.patron.consent.given.v1"]
    data: ConsentGiven


class ConsentWithdrawnV1(CloudEvent):
    """A member opted out."""

    type: Literal["io.patron.consent.withdrawn.v1"]
    data: ConsentWithdrawn


class SurveyAnsweredV1(CloudEvent):
    """A survey was answered."""

    type: Literal["io.patron.survey.answered.v1"]
    data: SurveyAnswered


class AppCheckedInV1(CloudEvent):
    """A check-in by the app."""

    type: Literal["io.patron.app.checked_in.v1"]
    data: AppCheckedIn


class SubscriptionStartedV1(CloudEvent):
    """A subscription began."""

    type: Literal["io.patron.subscription.started.v1"]
    data: SubscriptionStarted


class SubscriptionEndedV1(CloudEvent):
    """A subscription ended."""

    type: Literal["io.patron.subscription.ended.v1"]
    data: SubscriptionEnded


class CouponRedeemedV1(CloudEvent):
    """A coupon was used."""

    type: Literal["io.patron.coupon.redeemed.v1"]
    data: CouponRedeemed


class ActionDoneV1(CloudEvent):
    """A custom action."""

    type: Literal["io.patron.action.done.v1"]
    data: ActionDone


class PageViewedV1(CloudEvent):
    """A page was looked at."""

    type: Literal["io.patron.page.viewed.v1"]
    data: PageViewed


class CartChangedV1(CloudEvent):
    """A cart changed."""

    type: Literal["io.patron.cart.changed.v1"]
    data: CartChanged


class MentionSeenV1(CloudEvent):
    """A member spoke of the shop in public."""

    type: Literal["io.patron.mention.seen.v1"]
    data: MentionSeen


# What programs call each of them. A custom action brings its own name.
ACTION_OF: Final[dict[type[Any], str]] = {
    ReviewWritten: "review",
    VideoWatched: "video",
    ContentShared: "share",
    ConsentGiven: "opt_in",
    ConsentWithdrawn: "opt_out",
    SurveyAnswered: "survey_answered",
    AppCheckedIn: "app_check_in",
    SubscriptionStarted: "subscription_started",
    SubscriptionEnded: "subscription_ended",
    CouponRedeemed: "coupon_redeemed",
    PageViewed: "page_viewed",
    CartChanged: "cart_changed",
    MentionSeen: "mention_seen",
}
