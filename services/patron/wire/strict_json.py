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
FLOAT_LENGTH_MAX = 64  # An honest double prints up to 24 characters.

# Texts as wholes, so that a bracket in one opens nothing. Possessive, and a text that never
# closes runs to the end: else a megabyte of escaped quotes would be looked at for hours.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
UNSURE = -1


def keys_written(value: bytes) -> int:
    """How many keys a JSON text has, or more: quotes before a colon that are not escaped.

    `UNSURE` where it might be fewer: a key that is not counted could make up for one that is
    written twice. Of those two and of too many, a slow look has to tell.
    """
    if b" :" in value:
        return UNSURE
    # A search for one byte costs a tenth of one for two, and senders rarely break lines.
    if b"\n" in value and b"\n:" in value:
        return UNSURE
    if b"\t" in value or b"\r" in value:
        return UNSURE
    if b"\\" not in value:
        return value.count(b'":')
    if b"\\\\" in value:
        return UNSURE
    return value.count(b'":') - value.count(b'\\":')


def has_nul(value: bytes) -> bool:
    """Whether a text holds the NUL character, which JSON can only write as an escape."""
    # Pairs of backslashes are taken out: what stands after one is no escape.
    return b"\\u0000" in value and b"\\u0000" in value.replace(b"\\\\", b"")


def inspect(value: bytes) -> None:
    """Raise `Unreadable` for what is not strict JSON."""
    _check_depth(value)
    try:
        json.loads(
            value,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_short,
            parse_float=_not_endless,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise Unreadable(Reason.MALFORMED_JSON) from None


def _check_depth(value: bytes) -> None:
    depth = 0
    for token in _TOKEN.finditer(value):
        first = value[token.start()]
        if first in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise Unreadable(Reason.TOO_DEEP)
        elif first in b"]}":
            depth -= 1


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


def _not_endless(text: str) -> str:
    if len(text) > FLOAT_LENGTH_MAX:
        raise Unreadable(Reason.NUMBER_TOO_LONG)
    return text
