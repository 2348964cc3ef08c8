"""What Patron publishes: one class for what each notice says, and a table of them.

No notice names a person: members are opaque ids. A field that has nothing to say is left
out, never null. Unlike what comes in, a notice may hold no field that is not written here:
what readers build upon is this page. They must ignore fields that they do not know.
"""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from patron_schemas.envelope import Name

# No upper limit: these may be sums, of all that ended in one instant for example.
Amount = Annotated[int, Field(gt=0)]
AmountOrZero = Annotated[int, Field(ge=0)]  # Zero where there was nothing left to take back.
GrantName = Annotated[str, Field(pattern=r"^[0-9]+-[0-9]+$", examples=["12-0"])]
EntryName = Annotated[str, Field(pattern=r"^.+#[0-9]+$", examples=["ann#3"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RefusalCode = Annotated[
    str, Field(pattern=r"^[a-z][a-z_]*$", examples=["insufficient_points", "frozen"])
]


class ProgramNotice(BaseModel):
    """What all notices say: of which program. One of a program as a whole names no member."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    program: Name


class Notice(ProgramNotice):
    """What notices of members say: of which program, and of which member."""

    member: Name


class PointsEarned(Notice):
    """A rule gave points; before `available_at` they are pending.

    `corrects_entry` is the number of an earlier entry of the member's: a late event has
    shown that it should have given so much more, and `time` is that entry's. Where the
    asset is split, it names the wallet ("stars/jazz"), and `total` is what can be spent of
    all wallets together.
    """

    asset: Name
    amount: Amount
    rule: Name
    available_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    order: Name | None = None
    corrects_entry: Annotated[int, Field(ge=1)] | None = None
    total: AmountOrZero | None = None


class PointsReversed(Notice):
    """Points were taken back; `debt` of them were spent already.

    By a refund, by an operator, or because a late event has shown that the entry number
    `corrects_entry` of the member's gave so much too much.
    """

    asset: Name
    amount: AmountOrZero
    rule: Name
    order: Name | None = None
    debt: AmountOrZero
    corrects_entry: Annotated[int, Field(ge=1)] | None = None


class PointsActivated(Notice):
    """Pending points can be spent from now on."""

    asset: Name
    amount: Amount


class PointsExpired(Notice):
    """Points ended unspent."""

    asset: Name
    amount: Amount


class PointsExpiring(Notice):
    """A reminder: points will end."""

    asset: Name
    amount: Amount
    expires_at: AwareDatetime


class PointsRedeemed(Notice):
    """Points were spent: by a request, whose id is `request`, or by an order they paid for."""

    asset: Name
    amount: Amount
    request: Name | None = None
    order: Name | None = None


class PointsDebt(Notice):
    """Points were to be taken that are not there; the next ones pay for them."""

    asset: Name
    amount: Amount
    order: Name


class TierChanged(Notice):
    """A member holds another tier; a `held_until` that is left out is for ever."""

    from_tier: Name
    to_tier: Name
    reason: Literal["reached", "refund", "window_ended", "level_fell", "correction"]
    held_until: AwareDatetime | None = None


class TierExpiring(Notice):
    """A tier's time is over, and it lives by grace: unless it is reached again, it ends then."""

    tier: Name
    ends_at: AwareDatetime


class RewardUnlocked(Notice):
    """A member holds one more of a reward; `grant` names this one in the member's account."""

    reward: Name
    kind: Name
    grant: GrantName
    lapses_at: AwareDatetime | None = None
    order: Name | None = None


class RewardRevoked(Notice):
    """A reward that was not claimed yet was taken back."""

    reward: Name
    grant: GrantName
    reason: Literal["refund", "cancelled", "correction"]


class RewardLapsed(Notice):
    """A reward, or a reservation of one, was not claimed in time."""

    reward: Name
    grant: GrantName


class RewardReserved(Notice):
    """A reward is held until it is confirmed, cancelled or lapses."""

    reward: Name
    grant: GrantName
    held_until: AwareDatetime


class RewardRedeemed(Notice):
    """A reward was claimed; `request` is the id of the request that asked for it.

    `code` is the member's alone, where the program gives loaded ones; so is its number.
    """

    reward: Name
    grant: GrantName
    request: Name
    code_number: Amount | None = None
    code: str | None = None


class PoolLow(Notice):
    """So many codes of a reward are left as its program's `low_at` says: load more.

    `member` is whose claim drew the last one before. It is told again only after more
    were loaded, and used up down to that number.
    """

    reward: Name
    left: Amount


class DrawWon(Notice):
    """An entry of the member was drawn; place 1 is the first prize."""

    draw: Name
    entry: EntryName
    place: Amount


class DrawClosed(ProgramNotice):
    """A draw is over. Anybody can check it: the winners are the entries with the lowest
    SHA-256 (hex) of `<seed>:<entry>`, and the seed's own hash was published before."""

    draw: Name
    seed: Name
    seed_sha256: Sha256
    members: AmountOrZero
    entries: AmountOrZero
    winners: tuple[EntryName, ...]


class ShareGiven(Notice):
    """A member's part of what was shared out."""

    share_out: Name
    asset: Name
    amount: Amount


class ShareOutClosed(ProgramNotice):
    """An amount was divided by a meter, which showed `total` for `members` together."""

    share_out: Name
    asset: Name
    amount: Amount
    members: Amount
    total: Amount


class SegmentEntered(Notice):
    """A member is in a segment from now on."""

    segment: Name


class SegmentLeft(Notice):
    """A member is no longer in a segment."""

    segment: Name


class EntitlementBegan(Notice):
    """A member may use something from now on."""

    entitlement: Name


class EntitlementEnding(Notice):
    """What it hangs on has ceased: it ends then, unless that is met again before."""

    entitlement: Name
    ends_at: AwareDatetime


class EntitlementEnded(Notice):
    """A member may no longer use something."""

    entitlement: Name


class BadgeAwarded(Notice):
    """A member was given a badge."""

    badge: Name


class YearlyReached(Notice):
    """A day has come that a yearly rule names; what it gave is in notices of its own."""

    rule: Name


class RequestAnswered(ProgramNotice):
    """The answer to a request: granted, with what it moved, or refused with a code.

    Only the answer to a request that names no member (a draw, a share-out) has none.
    """

    member: Name | None = None
    request: Name
    granted: bool
    code: RefusalCode | None = None
    asset: Name | None = None
    amount: int | None = None  # Negative where an operator debited it.
    asked: int | None = None  # Where less was granted than was asked for.
    cut: RefusalCode | None = None  # … and why.
    reward: Name | None = None
    grant: GrantName | None = None
    held_until: AwareDatetime | None = None
    frozen: bool | None = None
    referrer: Name | None = None


# By the short name, as programs write it in `notices`.
NOTICE_OF: Final[dict[str, type[ProgramNotice]]] = {
    "points.earned": PointsEarned,
    "points.reversed": PointsReversed,
    "points.activated": PointsActivated,
    "points.expired": PointsExpired,
    "points.expiring": PointsExpiring,
    "points.redeemed": PointsRedeemed,
    "points.debt": PointsDebt,
    "tier.changed": TierChanged,
    "tier.expiring": TierExpiring,
    "reward.unlocked": RewardUnlocked,
    "reward.revoked": RewardRevoked,
    "reward.lapsed": RewardLapsed,
    "reward.reserved": RewardReserved,
    "reward.redeemed": RewardRedeemed,
    "pool.low": PoolLow,
    "segment.entered": SegmentEntered,
    "segment.left": SegmentLeft,
    "entitlement.began": EntitlementBegan,
    "entitlement.ending": EntitlementEnding,
    "entitlement.ended": EntitlementEnded,
    "badge.awarded": BadgeAwarded,
    "yearly.reached": YearlyReached,
    "draw.closed": DrawClosed,
    "draw.won": DrawWon,
    "share_out.closed": ShareOutClosed,
    "share.given": ShareGiven,
    "request.answered": RequestAnswered,
}


def notice_type(kind: str) -> str:
    """The CloudEvents type of a notice: "tier.changed" is io.patron.tier.changed.v1."""
    return f"io.patron.{kind}.v1"
