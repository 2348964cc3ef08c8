"""CloudEvents 1.0: what every event says of itself, and limits that all share.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

# Limits are part of the promise. Without them one event is enough to stall a batch. For the
# same reason lists fail fast: a megabyte of wrong lines would take seconds to complain about.
LINES_MAX = 500
NAME_LENGTH_MAX = 128
ATTRIBUTES_MAX = 16
POINTS_MAX = 10**12

# An event may hold personal data, so an error must be fit for a log: no input in it.
WIRE_CONFIG = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX)]
OptionalName = Annotated[str, Field(max_length=NAME_LENGTH_MAX)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
Money = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$", examples=["12.50"])]
Quantity = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["2", "0.750"])]
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$", examples=["4.2550"])]
Points = Annotated[int, Field(gt=0, le=POINTS_MAX)]
Attributes = Annotated[dict[Name, OptionalName], Field(max_length=ATTRIBUTES_MAX)]


def _rfc_3339(value: object) -> object:
    """Refuse numbers, in quotes too: they would be taken for seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError("write an instant as RFC 3339 does: 2026-01-31T12:00:00Z")


# Before this no shop had a clock that we could believe; time zones near year 1 overflow.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

# Lax only in that it takes text, once that is known to be an instant's.
Instant = Annotated[AwareDatetime, Field(strict=False, ge=EARLIEST), BeforeValidator(_rfc_3339)]


class Wire(BaseModel):
    """Strict about types, deaf to unknown fields, frozen once read."""

    model_config = WIRE_CONFIG


class Identifier(Wire):
    """A name of a member that is not the opaque id; kept only as a keyed hash.

    What stands for "none" is refused: it would make one member of all who have none.
    """

    kind: Literal["card", "qr", "phone", "email", "payment"]
    value: Name

    @model_validator(mode="after")
    def _names_somebody(self) -> "Identifier":
        if self.kind == "phone" and sum(sign in "0123456789" for sign in self.value) < 5:
            raise ValueError("a phone number has at least 5 digits")
        if self.kind == "email":
            local, _, domain = self.value.strip().partition("@")
            if not local.partition("+")[0].strip(".") or not domain:
                raise ValueError("write an e-mail address as name@domain")
        if not self.value.strip():
            raise ValueError("a blank names nobody")
        return self


class ByMember(Wire):
    """Whose event it is: by the opaque id, or by one identifier."""

    member: Name | None = None
    identifier: Identifier | None = None

    @model_validator(mode="after")
    def _one_name(self) -> "ByMember":
        if (self.member is None) == (self.identifier is None):
            raise ValueError("name the member by either member or identifier")
        return self


class ByMemberOrNobody(Wire):
    """Whose event it is; neither where the order tells, or nobody is known."""

    member: Name | None = None
    identifier: Identifier | None = None

    @model_validator(mode="after")
    def _one_name_at_most(self) -> "ByMemberOrNobody":
        if self.member is not None and self.identifier is not None:
            raise ValueError("name the member by member or identifier, not by both")
        return self


class CloudEvent(Wire):
    """The attributes that Patron reads; (tenant, source, id) names an event for ever."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    time: Instant  # When it happened, not when it was sent.
    tenant: Name = "default"
    subject: OptionalName | None = None
    datacontenttype: OptionalName | None = None
    dataschema: OptionalName | None = None
    partitionkey: OptionalName | None = None
    correlationid: OptionalName | None = None
    causationid: OptionalName | None = None
    traceparent: OptionalName | None = None
    tracestate: OptionalName | None = None
