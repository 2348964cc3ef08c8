"""AES-256-GCM under one master key, and under keys of their own that it seals."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from patron.errors import Misconfigured

KEY_BYTES = 32
NONCE_BYTES = 12


class Sealer:
    """Seals bytes so that only who has the key can read them, or change them unseen."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Misconfigured(
                f"PATRON_SECRETS__MASTER_KEY must be {KEY_BYTES} bytes in base64; "
                f"this is {len(key)} bytes. `patron doctor` makes one."
            )
        self._cipher = AESGCM(key)

    def seal(self, clear: bytes) -> bytes:
        """A fresh nonce, and the ciphertext with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, None)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises `Misconfigured` under another key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            raise Misconfigured(
                "PATRON_SECRETS__MASTER_KEY is not the key that this database was sealed with"
            ) from None

    def new_key(self) -> tuple[bytes, bytes]:
        """A new key, and the same sealed, to keep."""
        key = os.urandom(KEY_BYTES)
        return key, self.seal(key)
