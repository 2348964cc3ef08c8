"""A question about a price, as a file asks it: a basket in the words of the contract."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from patron.core.facts import EventName, OrderCompleted, Who
from patron.errors import Misconfigured
from patron.wire.reasons import MEANING, Unreadable
from patron.wire.translating import basket_of
from patron_schemas.requests import PriceAsked

QUOTED = "patron:quote"


def read_basket(text: bytes, *, source: str, tenant: str, at: datetime, who: Who) -> OrderCompleted:
    """The data of a price question, without its member, as the order that it would be.

    Raises `Misconfigured` with what is wrong, and where.
    """
    try:
        data: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Misconfigured(f"{source} is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise Misconfigured(f'{source} is no basket: write {{"currency": …, "lines": […]}}')
    # Whose it is, the caller says; the contract wants to hear it too.
    named = {**data, "member": "somebody", "identifier": None}
    try:
        asked = PriceAsked.model_validate_json(orjson.dumps(named))
        return basket_of(EventName(tenant, QUOTED, ""), at, asked, who)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"{source}: {place}: {first['msg']}") from None
    except Unreadable as why:
        raise Misconfigured(f"{source}: {why.detail or MEANING[why.reason]}") from None
