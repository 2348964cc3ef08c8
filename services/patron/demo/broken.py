"""Broken events, made of good ones: what a shop sends on a bad day.

Each must end as a dead letter with a reason of its own, and its neighbours be applied.
A broken event has a name of its own, so that it is never taken for a copy of the good
one, and one line of text, so that a file of events stays a file of lines.
"""

from collections.abc import Callable
from typing import Final

import orjson

from patron.demo.events import Produced


def broken(good: Produced, *, way: int, after_ms: int) -> Produced:
    """A copy of an `order.completed` with one fault, received a little later."""
    event = orjson.loads(good.value)
    event["id"] = f"broken-{way}-{event['id']}"
    late = good._replace(value=orjson.dumps(event), timestamp_ms=good.timestamp_ms + after_ms)
    return WAYS[way % len(WAYS)](late)


def _cut_short(record: Produced) -> Produced:
    return record._replace(value=record.value[: len(record.value) * 2 // 3])


def _not_a_number(record: Produced) -> Produced:
    return _first_paid(record, b"NaN")


def _negative(record: Produced) -> Produced:
    return _first_paid(record, b'"-1.00"')


def _said_twice(record: Produced) -> Produced:
    return record._replace(value=b'{"specversion":"1.0",' + record.value[1:])


def _of_a_later_version(record: Produced) -> Produced:
    return record._replace(value=record.value.replace(b'.v1"', b'.v9"', 1))


def _under_another_key(record: Produced) -> Produced:
    return record._replace(key=b"household-0")


WAYS: Final[tuple[Callable[[Produced], Produced], ...]] = (
    _cut_short,
    _not_a_number,
    _negative,
    _said_twice,
    _of_a_later_version,
    _under_another_key,
)


def _first_paid(record: Produced, instead: bytes) -> Produced:
    before, paid, rest = record.value.partition(b'"paid":')
    after = rest[rest.index(b'"', 1) + 1 :]
    return record._replace(value=before + paid + instead + after)
