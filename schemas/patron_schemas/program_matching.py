"""What program documents, format 1, choose by: whom, which lines and events, what part of an order.

`patron_schemas.program` says what a document promises, and holds the rest of it.
"""

from typing import Annotated, Literal

from pydantic import Field

from patron_schemas.program_words import Name, Part, Value, Values

Attributes = Annotated[dict[Value, Values[Value]], Field(min_length=1, max_length=20)]


class Whom(Part):
    """For which members. All that is written must hold."""

    tier: Values[Name] | None = Field(
        default=None,
        title="Tiers",
        description="The member's tier before the order is one of these.",
    )
    segment: Values[Name] | None = Field(
        default=None,
        title="Segments",
        description="The member was in one of these segments before the order.",
        examples=[["lapsed"]],
    )
    entitlement: Values[Name] | None = Field(
        default=None,
        title="Entitlements",
        description="The member held one of these entitlements before the order, if only by its "
        "grace.",
        examples=[["lounge"]],
    )


class Match(Whom):
    """Which lines of an order, or which events, count. All that is written must hold."""

    category: Values[Value] | None = Field(
        default=None, title="Categories", description="The line's category is one of these."
    )
    sku: Values[Value] | None = Field(
        default=None,
        title="SKUs",
        description='The line\'s SKU is one of these. In quotes: "04011".',
    )
    kind: Values[Literal["goods", "service", "gift_card"]] | None = Field(
        default=None, title="Kinds", description="The line is of one of these kinds."
    )
    attributes: Attributes | None = Field(
        default=None,
        title="Attributes",
        description="These attributes of the line, or of the event, each have one of the values.",
        examples=[{"brand": ["x", "y"]}],
    )
    order_attributes: Attributes | None = Field(
        default=None,
        title="Order attributes",
        description="These attributes of the order as a whole each have one of the values.",
        examples=[{"channel": ["app"]}],
    )


class Basis(Part):
    """Which part of an order counts. Written as nothing: what was paid for goods, no more."""

    tax: bool = Field(default=False, title="Tax", description="Tax counts.")
    shipping: bool = Field(default=False, title="Shipping", description="Shipping counts.")
    gift_cards: bool = Field(
        default=False, title="Gift cards", description="Gift cards bought count."
    )
    paid_by_points: bool = Field(
        default=False, title="Paid by points", description="What was paid with points counts."
    )
    paid_by_gift_card: bool = Field(
        default=False,
        title="Paid by gift card",
        description="What was paid with a gift card counts.",
    )
    paid_by_promotion: bool = Field(
        default=False, title="Paid by promotion", description="What a promotion paid counts."
    )
    before_discounts: bool = Field(
        default=False, title="Before discounts", description="List prices count, not what was paid."
    )
