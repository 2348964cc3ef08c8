"""The variables with which a process uses a local stack, its master key included."""

import base64
import os
from pathlib import Path

from patron.local.stack import Stack
from patron.store.sealing import KEY_BYTES

DSN, BOOTSTRAP = "PATRON_DATABASE__DSN", "PATRON_KAFKA__BOOTSTRAP_SERVERS"
MASTER_KEY = "PATRON_SECRETS__MASTER_KEY"


def environment_of(stack: Stack) -> dict[str, str]:
    """What points at the servers of this stack."""
    return {DSN: stack.dsn, BOOTSTRAP: stack.bootstrap, MASTER_KEY: _master_key(stack.home)}


def _master_key(home: Path) -> str:
    """The key of a stack, made at its first use and kept in its folder."""
    path = home / "master.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(base64.b64encode(os.urandom(KEY_BYTES)).decode(), "utf-8")
    return path.read_text("utf-8")
