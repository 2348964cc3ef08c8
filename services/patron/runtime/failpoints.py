"""Named places at which a test makes a process fail: each stands between two steps.

`PATRON_TESTING__FAIL_AT=engine.advanced:3:kill` kills the process the third time that it
has moved its claim rows. A start with it is refused unless `PATRON_TESTING__FAILPOINTS`
is true too. Where nothing is armed, a point costs one look at a module's variable.

The points are a closed list: `tests/faults` runs a crash at each of them, and fails when
the list and the code differ.
"""

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from patron.errors import OutcomeUnknown

# By name: what has just been done, and therefore what a crash here must not lose or repeat.
POINTS = {
    "intake.claimed": "claim rows are ours, their logs not looked at yet",
    "intake.placed": "logs are looked at, and every partition is sought",
    "intake.polled": "records are in memory, and nowhere else",
    "intake.tried": "an attempt at records is counted, none of them is read",
    "intake.read": "records are facts, the batch before is still being committed",
    "intake.committed": "a batch is committed, and this process has not taken note",
    "intake.caught_up": "the tables know that nothing lags",
    "engine.begun": "a transaction is open and has done nothing",
    "engine.advanced": "claim rows are moved and locked",
    "engine.resolved": "members are found or opened",
    "engine.named": "names of events are claimed",
    "engine.loaded": "accounts and orders are locked and loaded",
    "engine.decided": "the core has decided, nothing is written",
    "engine.written": "entries, lots, orders, accounts and notices are written",
    "engine.set_aside": "dead letters are written; only the commit is missing",
    "store.committing": "all of a transaction is sent but its COMMIT",
    "store.committed": "Postgres has committed and nobody was told",
    "relay.fenced": "the predecessor is fenced, the topic not read back",
    "relay.read_back": "what the topic has is known, and still lies in the outbox",
    "relay.chosen": "notices are read from the outbox",
    "relay.sent": "notices are in the log, their transaction is open",
    "relay.published": "the transaction is committed, the outbox still holds its notices",
    "relay.deleted": "what was published is owed no more",
    "jobs.found": "due accounts are locked",
    "jobs.passed": "time has passed in memory",
    "jobs.reached": "time's entries are committed",
    "letters.applied": "a dead letter is applied, and not marked as replayed",
}
ANY = "any"  # The n-th point that is reached, whichever it is.

Action = Literal["kill", "freeze", "raise", "cancel", "block"]
_SHAPE = re.compile(
    r"([a-z_.]+):([1-9][0-9]*):(?:(kill|freeze|raise|cancel)|block:([0-9]+(?:[.][0-9]+)?))"
)


class FailAt(NamedTuple):
    """What fails: a point, the n-th time that it is reached, and how."""

    point: str
    nth: int
    action: Action
    seconds: float = 0.0  # Of a block.


class Armed:
    """A failure to come, and a count of the points that were reached until then."""

    def __init__(self, fail_at: FailAt | None) -> None:
        self.fail_at = fail_at
        self.reached: Counter[str] = Counter()
        self.has_failed = False

    def reach(self, point: str) -> None:
        """Count a point, and fail if its time has come."""
        assert point in POINTS, f"{point} is in no list: a typo would never fail"
        self.reached[point] += 1
        wanted = self.fail_at
        if wanted is None or self.has_failed or wanted.point not in (point, ANY):
            return
        count = self.reached.total() if wanted.point == ANY else self.reached[point]
        if count == wanted.nth:
            self.has_failed = True
            self.fail(wanted, point)

    def fail(self, wanted: FailAt, point: str) -> None:
        """What happens then; a simulation has failures of its own."""
        _fail(wanted, point)


_armed: Armed | None = None


def passed(point: str) -> None:
    """A step is done; the next begins."""
    if _armed is not None:
        _armed.reach(point)


def parse(text: str) -> FailAt:
    """`point:n:action`, for a block `point:n:block:seconds`. Raises `ValueError`."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError("should be point:n:kill, freeze, raise, cancel, or block:seconds")
    point, nth, action, seconds = found.groups()
    if point not in POINTS and point != ANY:
        raise ValueError(f"there is no point {point}; there are {', '.join(POINTS)} and {ANY}")
    return FailAt(point, int(nth), action or "block", float(seconds or 0))  # type: ignore[arg-type]


def arm(text: str | None) -> None:
    """Let this process fail as told; the settings have seen to it that this is a test."""
    global _armed
    _armed = None if text is None else Armed(parse(text))


@contextmanager
def armed(what: FailAt | Armed | None = None) -> Iterator[Armed]:
    """Fail once within a block, or only count."""
    global _armed
    before, _armed = _armed, what if isinstance(what, Armed) else Armed(what)
    try:
        yield _armed
    finally:
        _armed = before


def _fail(wanted: FailAt, point: str) -> None:
    match wanted.action:
        case "kill":
            os.write(2, f"failpoint {point}: killed\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            # What is raised may follow a commit, so it says that nobody knows.
            raise OutcomeUnknown(f"failpoint {point}")
        case "cancel":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        case "block":
            time.sleep(wanted.seconds)
