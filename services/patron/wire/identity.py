"""Names as keys: of events, of members, of what is paid once. No personal data passes.

An identifier is compared in its normal form and kept only as a hash under its tenant's
key: who has the tables and not the key cannot try out phone numbers.
"""

import re
from functools import lru_cache
from hashlib import blake2b

from patron.core.facts import EventName, Who

HASH_BYTES = 16


def event_key(name: EventName) -> bytes:
    """An event's name as 16 bytes: what `seen` and entries keep of it."""
    return blake2b("\0".join(name).encode(), digest_size=HASH_BYTES).digest()


def content_hash(body: bytes) -> int:
    """What a fact says, as 64 signed bits: tells a redelivery from a reused name."""
    return int.from_bytes(blake2b(body, digest_size=8).digest(), "big", signed=True)


def id_key(member: str) -> bytes:
    """What the tables keep of a member's id, also once the id itself was erased."""
    return blake2b(member.encode(), digest_size=HASH_BYTES).digest()


def once_key(member: bytes, subject: str) -> bytes:
    """Whom, by `id_key`, and what a once-key is about."""
    return blake2b(member + subject.encode(), digest_size=HASH_BYTES).digest()


# What facts wait for that no event of the input brings: see `engine.following`.
ALL_ACCOUNTS = bytes(15) + b"\1"  # A look at all of them at once.
THEIR_TURN = bytes(15) + b"\2"


def order_key(order: str) -> bytes:
    """What a refund waits for."""
    return blake2b(order.encode(), digest_size=HASH_BYTES).digest()


def name_key(who: Who) -> bytes:
    """What a fact waits for whose member is named by an identifier that leads to nobody."""
    # No order's id holds a NUL, so no order has this key.
    return blake2b(f"\0{who.kind}\0{who.value}".encode(), digest_size=HASH_BYTES).digest()


@lru_cache(maxsize=1 << 17)
def who_key(who: Who) -> bytes:
    """A member's name as the tables keep it. Other than the id, it is a hash already."""
    if who.kind == "id":
        return id_key(who.value)

    return bytes.fromhex(who.value)


class Hasher:
    """Hashes identifiers under one tenant's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def who(self, kind: str, value: str) -> Who:
        """The member that an identifier names."""
        text = f"{kind}\0{normal(kind, value)}".encode()
        return Who(kind, blake2b(text, digest_size=HASH_BYTES, key=self._key).hexdigest())

    def code(self, reward: str, text: str) -> bytes:
        """What knows a reward's code again, and does not tell it."""
        return blake2b(f"{reward}\0{text}".encode(), digest_size=HASH_BYTES, key=self._key).digest()


def normal(kind: str, value: str) -> str:
    """An identifier's normal form: two that mean the same are the same."""
    if kind == "phone":
        digits = re.sub(r"[^0-9+]", "", value)
        return "+" + digits.lstrip("+").removeprefix("00")
    if kind == "email":
        local, _, domain = value.strip().lower().partition("@")
        local = local.partition("+")[0]
        if domain in ("gmail.com", "googlemail.com"):
            local, domain = local.replace(".", ""), "gmail.com"
        return f"{local}@{domain}"

    return value.strip()
