"""Records from Kafka become facts here, or are told apart as poison with a reason.

CloudEvents 1.0 in both forms of its Kafka binding: structured (the value is the whole
event) and binary (attributes are `ce_` headers, the value is the data).
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol

import msgspec
from pydantic import BaseModel, ValidationError

from patron.core.facts import Fact, MemberEnrolled, ProfileChanged
from patron.wire.bodies import encode_fact
from patron.wire.identity import Hasher, content_hash, event_key
from patron.wire.purchases import quickly
from patron.wire.reasons import Reason, Unreadable
from patron.wire.strict_json import has_nul, inspect, keys_written
from patron.wire.translating import fact_of
from patron_schemas.envelope import CloudEvent
from patron_schemas.topics import EVENT, EVENT_OF

VALUE_BYTES_MAX = 1_000_000
_VERSIONED = re.compile(r"^(.+)\.v([0-9]+)$")
_KNOWN = {_VERSIONED.sub(r"\1", name) for name in EVENT_OF}


class RawRecord(Protocol):
    """A record as the stream room hands it over."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp_ms(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Binding(NamedTuple):
    """What a topic is bound to: one tenant or any, and keys that are members' ids or anything."""

    tenant: str | None = None
    key: Literal["member", "any"] = "member"


class Sender(NamedTuple):
    """What reading an event needs to know of its tenant."""

    hasher: Hasher
    late_max: timedelta | None
    early_max: timedelta


class Arrived(NamedTuple):
    """A fact, and what its transport says of it."""

    fact: Fact
    body: bytes  # The fact, encoded.
    event: bytes  # Its name, hashed.
    content: int
    received_at: datetime  # The record's own timestamp.
    person: bytes | None = None  # Personal data, as JSON; it goes nowhere but to `person`.


def read(record: RawRecord, binding: Binding, senders: Mapping[str, Sender]) -> Arrived:
    """The fact that a record states. Raises `Unreadable` with the reason why it is none."""
    value = record.value
    if not value:
        raise Unreadable(Reason.EMPTY_VALUE)
    if len(value) > VALUE_BYTES_MAX:
        raise Unreadable(Reason.TOO_LARGE)

    received_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    purchase = None if _is_binary(record) else quickly(value)
    if purchase is not None:
        assert purchase.member is not None
        sender = _sender(purchase.name.tenant, binding, senders)
        _check_time(purchase.at, received_at, sender)
        _check_key(record, purchase.member.value, binding)
        return _arrived(purchase, received_at)

    event = _event(record, value)
    sender = _sender(event.tenant, binding, senders)
    _check_time(event.time, received_at, sender)
    _check_key(record, getattr(event.data, "member", None), binding)  # type: ignore[attr-defined]
    fact = fact_of(event, sender.hasher)
    person = _person(event) if isinstance(fact, MemberEnrolled | ProfileChanged) else None
    return _arrived(fact, received_at, person)


def _arrived(fact: Fact, received_at: datetime, person: bytes | None = None) -> Arrived:
    body = encode_fact(fact)
    return Arrived(fact, body, event_key(fact.name), content_hash(body), received_at, person)


def _is_binary(record: RawRecord) -> bool:
    """Whether the event's attributes are headers, and its value is the data alone."""
    if not record.headers:
        return False
    # Kafka lets a header's value be null.
    headers = {name.lower(): raw or b"" for name, raw in record.headers}
    structured = headers.get("content-type", b"").lower().startswith(b"application/cloudevents")
    return not structured and "ce_specversion" in headers


def _event(record: RawRecord, value: bytes) -> CloudEvent:
    try:
        if _is_binary(record):
            event = _binary(_attributes(record), value)
            keys = _keys_read(event.data)  # type: ignore[attr-defined]
        else:
            event = EVENT.validate_json(value)
            keys = _keys_read(event)
    except ValidationError as error:
        inspect(value)
        raise _unreadable(error) from None
    if has_nul(value):
        raise Unreadable(Reason.NUL_CHARACTER)
    if keys != keys_written(value):
        # Unknown fields, or one that is written twice: only a slow look can tell.
        inspect(value)
    return event


def _keys_read(model: BaseModel) -> int:
    """How many keys the contract found: with no others written, none came twice."""
    count = len(model.__pydantic_fields_set__)
    for name in _nesting(type(model)):
        value = getattr(model, name)
        if value is None:
            continue
        if type(value) is tuple:
            for part in value:
                count += _keys_read(part)
        elif type(value) is dict:
            count += len(value)
        else:
            count += _keys_read(value)
    return count


@cache
def _nesting(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model that hold keys of their own: models, tuples of models, mappings."""
    nested = []
    for name, field in model.model_fields.items():
        text = repr(field.annotation)
        if "patron_schemas" in text or "dict[" in text:
            nested.append(name)
    return tuple(nested)


def _attributes(record: RawRecord) -> dict[str, Any]:
    """What the `ce_` headers say, held to what the keys of an object are held to."""
    attributes: dict[str, Any] = {}
    for name, raw in record.headers:
        attribute = name.lower().removeprefix("ce_")
        if len(attribute) == len(name):
            continue
        if attribute in attributes:
            raise Unreadable(Reason.DUPLICATE_KEY, "a ce_ header comes twice")
        try:
            attributes[attribute] = (raw or b"").decode()
        except UnicodeDecodeError:
            raise Unreadable(Reason.CONTRACT, "a ce_ header is not UTF-8") from None
        if "\0" in attributes[attribute]:
            raise Unreadable(Reason.NUL_CHARACTER)
    return attributes


def _binary(attributes: dict[str, Any], value: bytes) -> CloudEvent:
    model = EVENT_OF.get(attributes.get("type", ""))
    if model is None:
        raise _unknown_type(attributes.get("type", ""))
    data = model.model_fields["data"].annotation
    assert data is not None
    attributes["data"] = data.model_validate_json(value)
    return model.model_validate(attributes)


def _unreadable(error: ValidationError) -> Unreadable:
    """The reason behind a contract's refusal, and the place; never what stood there."""
    # The deepest one: what holds it may be said to be wrong only because of it.
    first = max(error.errors(include_url=False), key=lambda problem: len(problem["loc"]))
    place = _place(first["loc"])
    kind, given = first["type"], first.get("input")
    if kind == "json_invalid":
        return Unreadable(Reason.MALFORMED_JSON)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_type(str(first.get("ctx", {}).get("tag", "")))
    if kind == "too_long" and place.endswith("lines"):
        return Unreadable(Reason.TOO_MANY_LINES)
    if kind == "string_pattern_mismatch" and isinstance(given, str) and given.startswith("-"):
        return Unreadable(Reason.NEGATIVE_AMOUNT, f"{place}: an amount below zero")
    return Unreadable(Reason.CONTRACT, f"{place}: {_said(first)}")


def _place(loc: tuple[int | str, ...]) -> str:
    """Where in the event; without keys that its sender made up."""
    parts = [str(part) for part in loc if part not in EVENT_OF]
    if "attributes" in parts:
        parts = parts[: parts.index("attributes") + 1]
    return ".".join(parts)


def _said(problem: Any) -> str:
    # A validator of ours says what is wrong in its own words; they hold no input.
    return str(problem["msg"]).removeprefix("Value error, ")


def _unknown_type(name: str) -> Unreadable:
    match = _VERSIONED.match(name)
    if match and match[1] in _KNOWN:
        return Unreadable(Reason.UNKNOWN_VERSION)
    return Unreadable(Reason.UNKNOWN_TYPE)


def _sender(tenant: str, binding: Binding, senders: Mapping[str, Sender]) -> Sender:
    if binding.tenant is not None and tenant != binding.tenant:
        raise Unreadable(Reason.WRONG_TENANT)
    sender = senders.get(tenant)
    if sender is None:
        raise Unreadable(Reason.UNKNOWN_TENANT)
    return sender


def _check_time(at: datetime, received_at: datetime, sender: Sender) -> None:
    # Against the record's own timestamp, so that a replay judges alike for ever.
    if sender.late_max is not None and at < received_at - sender.late_max:
        raise Unreadable(Reason.TOO_LATE)
    if at > received_at + sender.early_max:
        raise Unreadable(Reason.IN_FUTURE)


def _check_key(record: RawRecord, member: str | None, binding: Binding) -> None:
    if binding.key == "member" and member is not None and record.key != member.encode():
        raise Unreadable(Reason.KEY_MISMATCH)


def _person(event: CloudEvent) -> bytes | None:
    person = event.data.person  # type: ignore[attr-defined]
    return None if person is None else msgspec.json.encode(person.model_dump(exclude_defaults=True))
