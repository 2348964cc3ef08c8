"""Questions about prices, as a file asks them: a basket, or what would come back of an order."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from patron.core.facts import EventName, OrderCompleted, OrderRefunded, Who
from patron.errors import Misconfigured
from patron.wire.reasons import MEANING, Unreadable
from patron.wire.translating import basket_of, refund_of
from patron_schemas.purchases import OrderRefunded as ReturnAsked
from patron_schemas.requests import PriceAsked

QUOTED = "patron:quote"


def read_question(
    text: bytes, *, source: str, tenant: str, at: datetime, who: Who
) -> OrderCompleted | OrderRefunded:
    """The data of a price question or, where it names an order, of a refund; of whoever asks.

    Raises `Misconfigured` with what is wrong, and where.
    """
    try:
        data: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Misconfigured(f"{source} is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise Misconfigured(f'{source} is no basket: write {{"currency": …, "lines": […]}}')
    # Whose it is, the caller says; the contract wants to hear it too.
    named = orjson.dumps({**data, "member": "somebody", "identifier": None})
    name = EventName(tenant, QUOTED, "")
    try:
        if "order" in data:
            return refund_of(name, at, ReturnAsked.model_validate_json(named), who)
        return basket_of(name, at, PriceAsked.model_validate_json(named), who)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"{source}: {place}: {first['msg']}") from None
    except Unreadable as why:
        raise Misconfigured(f"{source}: {why.detail or MEANING[why.reason]}") from None
