"""Progress: bars on a terminal, a JSON line every five seconds where there is none.

A log that is read later has no use for a bar, and a person none for JSON. The clock
comes as an argument; nothing here waits or starts a thread of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_EVERY_S = 5.0

Clock = Callable[[], float]  # Seconds that only ever grow, such as time.monotonic.


class Bar(Protocol):
    """One piece of work of known size."""

    def reached(self, done: int, *, total: int | None = None) -> None:
        """So much is done by now; `total` corrects an estimate. The last call reaches it."""


class Bars(Protocol):
    """Where pieces of work show themselves; several may be under way at once."""

    def begin(self, label: str, *, total: int) -> Bar:
        """Announce one more piece: `label` says what is done, `total` how much there is."""


@contextmanager
def progress(console: Console, lines: TextIO, *, clock: Clock) -> Iterator[Bars]:
    """Bars on `console` if it is a terminal, otherwise JSON lines to `lines`."""
    if not console.is_terminal:
        yield _LineBars(lines, clock)
        return
    columns = (
        TextColumn("{task.description}", justify="left"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, get_time=clock, refresh_per_second=8) as shown:
        yield _TerminalBars(shown)


class _TerminalBars:
    def __init__(self, shown: Progress) -> None:
        self._shown = shown

    def begin(self, label: str, *, total: int) -> "_TerminalBar":
        return _TerminalBar(self._shown, self._shown.add_task(label, total=total))


class _TerminalBar:
    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def reached(self, done: int, *, total: int | None = None) -> None:
        self._shown.update(self._task, completed=done, total=total)


class _Rate(ProgressColumn):
    """Events a second, with thousands set apart."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="grey58")


class _LineBars:
    def __init__(self, lines: TextIO, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock

    def begin(self, label: str, *, total: int) -> "_LineBar":
        return _LineBar(self._lines, self._clock, label, total)


class _LineBar:
    """Says where it is at its beginning, every five seconds, and at its end."""

    def __init__(self, lines: TextIO, clock: Clock, label: str, total: int) -> None:
        self._lines = lines
        self._clock = clock
        self._label = label
        self._total = total
        self._began = self._said = clock()
        self._ended = False
        self._say(0, self._began)

    def reached(self, done: int, *, total: int | None = None) -> None:
        if total is not None:
            self._total = total
        now = self._clock()
        ends_now = done >= self._total and not self._ended
        if ends_now or now - self._said >= LINE_EVERY_S:
            self._ended = self._ended or ends_now
            self._say(done, now)

    def _say(self, done: int, now: float) -> None:
        self._said = now
        took_s = now - self._began
        line = {
            "doing": self._label,
            "done": done,
            "total": self._total,
            "elapsed_s": round(took_s, 1),
            "per_s": round(done / took_s, 1) if took_s > 0 else None,
        }
        self._lines.write(orjson.dumps(line).decode() + "\n")
        self._lines.flush()
