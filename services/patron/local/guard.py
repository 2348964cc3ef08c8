"""Takes a stack down when its owner is gone. Run as `python -m patron.local.guard HOME`.

Standard input is a pipe whose other end only the owner holds. It closes when the owner
closes it or ends, by SIGKILL too. An owner that ended well has left nothing to take down.
"""

import sys
from pathlib import Path

from patron.local import stack


def _say_nothing(_: str) -> None:
    """Nobody reads us any more."""


def main() -> None:
    """Wait for the end of the owner, then take its stack down."""
    sys.stdin.buffer.read()
    stack.down(Path(sys.argv[1]), say=_say_nothing)


if __name__ == "__main__":
    main()
