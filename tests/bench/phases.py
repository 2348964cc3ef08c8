"""Where an intake's CPU goes, by phase: samples of its stack while it works.

`python -m bench.phases FILE run intake` is `patron run intake`, and writes counts to FILE as
it ends. A timer of CPU time looks a thousand times a second at which phase the innermost
known function belongs to. Samples cost nothing where they are not asked for, and add up to
all that was used, also where a commit and the reading of the next batch take turns.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001
REST = "event loop, drivers"
# By module and function: the first one that is met from within tells the phase.
PHASES = {
    ("stream/consumer.py", "poll"): "poll",
    ("intake/merging.py", "take"): "merge",
    ("intake/reading.py", "parcel"): "decode",
    ("intake/committing.py", "_steps"): "merge",
    ("store/claims.py", "advance"): "claim",
    ("engine/resolving.py", "resolve"): "resolve members",
    ("engine/apply.py", "_claim"): "claim names",
    ("engine/reading.py", "load"): "load",
    ("engine/reading.py", "decide"): "decide",
    ("engine/apply.py", "write"): "write",
    ("engine/apply.py", "_set_aside"): "write",
    ("store/pool.py", "transaction"): "commit",
}
FIRST = "decode"  # What comes before is the start of the process.


class Sampler:
    """Counts samples by phase."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def look(self, _: int, frame: FrameType | None) -> None:
        """One sample."""
        phase = phase_of(frame)
        if self.counts or phase == FIRST:
            self.counts[phase] += 1


def phase_of(frame: FrameType | None) -> str:
    """The phase that a stack is in."""
    while frame is not None:
        code = frame.f_code
        place = ("/".join(code.co_filename.rsplit("/", 2)[1:]), code.co_name)
        if place in PHASES:
            return PHASES[place]
        frame = frame.f_back
    return REST


def main() -> None:
    from patron.cli.main import main as patron

    file = Path(sys.argv.pop(1))
    sampler = Sampler()
    signal.signal(signal.SIGPROF, sampler.look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        patron()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        file.write_text(json.dumps(sampler.counts), "utf-8")


if __name__ == "__main__":
    main()
