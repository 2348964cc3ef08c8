"""Conditions in program documents, format 1: what an expression in `when` may read.

An expression is written in CEL, the Common Expression Language, and is true or false. It
sees what happened and nothing else: no clock, no other member, no network. Amounts are
whole minor units, so that nothing is ever a fraction of a cent: 100.00 is 10000.
"""

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from patron_schemas.engagements import ACTION_OF, Engagement

Kind = Literal["number", "text", "lines", "texts", "values"]

# Of the order as it now is: less what came back of it.
ORDER: Final[dict[str, Kind]] = {
    "order.total_minor": "number",  # Paid in money for goods: no tax, shipping, gift cards.
    "order.units": "number",  # Whole articles.
    "order.currency": "text",  # As the order names it; all amounts are in the program's.
    "order.attributes": "texts",
    "order.lines": "lines",
}
# Of each line of which something is left. The lines' `paid_minor` add up to the total.
LINE: Final[dict[str, Kind]] = {
    "sku": "text",
    "category": "text",
    "kind": "text",
    "units": "number",
    "paid_minor": "number",
    "list_minor": "number",
    "attributes": "texts",
}
MEMBER: Final[dict[str, Kind]] = {"member.tier": "text"}  # Before the order or event.
EVENT: Final[dict[str, Kind]] = {
    "event.action": "text",
    "event.subject": "text",
    "event.attributes": "values",  # Numbers and text.
}

Expression = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1_000,
        title="When",
        description="A condition beyond `match`, as an expression in CEL. Of an order: "
        "order.total_minor (paid in money for goods, so far as nothing came back; 100.00 is "
        "10000), order.units, order.currency, order.attributes, order.lines (each with sku, "
        "category, kind, units, paid_minor, list_minor, attributes). Of an event: event.action, "
        "event.subject, its fields (event.percent) and event.attributes. Of a rule besides: "
        "member.tier. What can't be worked out, such as an attribute that is not there, does "
        "not hold.",
        examples=[
            "order.total_minor > 10000",
            "order.lines.exists(l, l.category == 'coffee')",
            "event.percent >= 90",
        ],
    ),
]


def fields_of_events(actions: frozenset[str] | None = None) -> dict[str, Kind]:
    """What events of these actions (of all, where None) tell besides, as `event.<field>`."""
    return {
        f"event.{name}": "number" if _is_number(field.annotation) else "text"
        for model, action in ACTION_OF.items()
        if actions is None or action in actions
        for name, field in model.model_fields.items()
        if name not in Engagement.model_fields
    }


def _is_number(annotation: Any) -> bool:
    return annotation is int or any(_is_number(each) for each in get_args(annotation))
