"""`patron run intake` in a process that one event kills, as a bug in a C library would.

`python -m faults.killed_by reading|deciding EVENT`: whoever reads, or decides, the event of
this id is gone without a word.
"""

import os
import signal
import sys
from typing import Any

from patron.cli.main import main
from patron.engine.reading import Page
from patron.intake import reading


def killed_by(step: str, event: str) -> None:
    """Let this process die of an event at a step."""
    really_read, really_decide = reading.read, Page.decide

    def read(record: Any, *arguments: Any) -> Any:
        if f'"id":"{event}"'.encode() in (record.value or b""):
            os.kill(os.getpid(), signal.SIGKILL)
        return really_read(record, *arguments)

    async def decide(page: Page, connection: Any, meant: Any, **received: Any) -> Any:
        if meant.fact.name.id == event:
            os.kill(os.getpid(), signal.SIGKILL)
        return await really_decide(page, connection, meant, **received)

    if step == "reading":
        reading.read = read
    else:
        Page.decide = decide  # type: ignore[method-assign]


if __name__ == "__main__":
    killed_by(*sys.argv[1:])
    sys.argv = ["patron", "run", "intake"]
    main()
