"""The AsyncAPI 3.0 document: which topic carries which message, with which key and headers.

What a message holds is said by the JSON Schema files that it refers to. The document is
made of plain values; `yaml_lines` writes those, and nothing more general than those.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from patron_schemas.notices import NOTICE_OF, notice_type
from patron_schemas.topics import INCOMING, NOTICES, PARTITIONS, type_of

KAFKA_BINDING: Final = "0.5.0"
KEY: Final = {"type": "string", "description": "The member's opaque id."}

# Every attribute of a notice is a header of its own: the binary mode of CloudEvents.
NOTICE_HEADERS: Final = {
    "content-type": "Always application/json: the value is the notice's data alone.",
    "ce_specversion": "Always 1.0.",
    "ce_id": "A UUID made of the notice's cause: the same notice sent twice has the same id.",
    "ce_source": "/patron/ and the tenant.",
    "ce_type": "The name of this message.",
    "ce_time": "When it took effect: RFC 3339, UTC.",
    "ce_subject": "The member's opaque id.",
    "ce_tenant": "The tenant.",
    "ce_partitionkey": "The record's key: the member's opaque id.",
    "ce_sequence": "The number of the account's entry: a member's notices rise by it.",
    "ce_causationid": "The id of the event that caused it.",
    "ce_correlationid": "The order, where one is behind it.",
}
MAY_BE_ABSENT: Final = {"ce_correlationid"}


def asyncapi_document(version: str = "1.0.0") -> dict[str, Any]:
    """The whole document; `version` is that of the contracts, not of the engine."""
    carried = {incoming.topic: tuple(map(type_of, incoming.events)) for incoming in INCOMING}
    carried[NOTICES] = tuple(map(notice_type, NOTICE_OF))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Patron",
            "version": version,
            "description": "What Patron reads from shops, and what it publishes of members.",
        },
        "defaultContentType": "application/json",
        "channels": {_channel(topic): _topic(topic, types) for topic, types in carried.items()},
        "operations": {_operation(topic): _moves(topic) for topic in carried},
        "components": {
            "messages": _messages(),
            "messageTraits": {"incoming": _incoming_trait(), "notice": _notice_trait()},
        },
    }


def _channel(topic: str) -> str:
    return topic.split(".")[1]


def _operation(topic: str) -> str:
    return f"{'publish' if topic == NOTICES else 'read'}-{_channel(topic)}"


def _topic(topic: str, types: tuple[str, ...]) -> dict[str, Any]:
    return {
        "address": topic,
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in types},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": PARTITIONS,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _moves(topic: str) -> dict[str, Any]:
    return {
        "action": "send" if topic == NOTICES else "receive",
        "channel": {"$ref": f"#/channels/{_channel(topic)}"},
    }


def _messages() -> dict[str, Any]:
    messages = {}
    for incoming in INCOMING:
        for event in incoming.events:
            # The data says more of an event than its envelope does.
            about = event.model_fields["data"].annotation
            messages[type_of(event)] = _message(type_of(event), about, trait="incoming")
    for kind, notice in NOTICE_OF.items():
        messages[notice_type(kind)] = _message(notice_type(kind), notice, trait="notice")
    return messages


def _message(name: str, about: Any, *, trait: str) -> dict[str, Any]:
    return {
        "name": name,
        "summary": " ".join(str(about.__doc__).split()),
        "traits": [{"$ref": f"#/components/messageTraits/{trait}"}],
        "payload": {"$ref": f"./jsonschema/{name}.json"},
    }


def _incoming_trait() -> dict[str, Any]:
    return {
        "description": "A CloudEvent in structured mode, as its schema shows it. Binary mode is "
        "read as well: the attributes as ce_ headers, the data as the value, and a content-type "
        "of application/json.",
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "properties": {
                "content-type": {
                    "type": "string",
                    "description": "application/cloudevents+json means structured mode.",
                }
            },
        },
        "bindings": {"kafka": {"key": KEY, "bindingVersion": KAFKA_BINDING}},
    }


def _notice_trait() -> dict[str, Any]:
    return {
        "description": "A CloudEvent in binary mode. It may come twice, with the same ce_id.",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": text}
                for name, text in NOTICE_HEADERS.items()
            },
            "required": [name for name in NOTICE_HEADERS if name not in MAY_BE_ABSENT],
        },
        "bindings": {"kafka": {"key": KEY, "bindingVersion": KAFKA_BINDING}},
    }


def _key(name: str) -> str:
    return json.dumps(name) if name.startswith("$") else name


def yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """Mappings and lists as YAML blocks, with every text in quotes, so that none is a surprise."""
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, dict | list) and part:
                yield f"{indent}{_key(key)}:"
                yield from yaml_lines(part, indent + "  ")
            else:
                yield f"{indent}{_key(key)}: {json.dumps(part, ensure_ascii=False)}"
        return
    for part in value:
        # A mapping in a list starts on the line of its dash, where the first two blanks were.
        lines = (
            list(yaml_lines(part, indent + "  "))
            if isinstance(part, dict | list)
            else [f"{indent}  {json.dumps(part, ensure_ascii=False)}"]
        )
        yield f"{indent}- {lines[0][len(indent) + 2 :]}"
        yield from lines[1:]
