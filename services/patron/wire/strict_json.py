"""What JSON parsers let through and money must not: refused by code, not by luck.

Parsers take NaN, and of a key that comes twice the last. `inspect` reads the text again
with the standard library's, slowly and with every check. It is needed only where a count
of the keys shows that the text holds others than the contract's own (`keys_written`).
"""

import json
import re
from typing import Any, NoReturn

from patron.wire.reasons import Reason, Unreadable

DEPTH_MAX = 32
DIGITS_MAX = 18

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


def keys_written(value: bytes) -> int:
    """How many keys a compact JSON text has: quotes before a colon that are not escaped.

    Of a text with blanks before its colons it sees too few, and a slow look settles it.
    """
    escaped = value.count(b'\\":') if b"\\" in value else 0
    return value.count(b'":') - escaped


def inspect(value: bytes) -> None:
    """Raise `Unreadable` for what is not strict JSON."""
    _check_depth(value)
    try:
        json.loads(
            value,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_short,
            parse_float=_short,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise Unreadable(Reason.MALFORMED_JSON) from None


def _check_depth(value: bytes) -> None:
    # Texts are taken out first: a bracket in one opens nothing.
    depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", value)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Unreadable(Reason.TOO_DEEP)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise Unreadable(Reason.DUPLICATE_KEY)
    return keys


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(Reason.NOT_A_NUMBER)


def _short(digits: str) -> str:
    if len(digits) > DIGITS_MAX + 1:
        raise Unreadable(Reason.NUMBER_TOO_LONG)
    return digits
