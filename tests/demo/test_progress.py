"""Progress, on a terminal and without one, on a clock that the test moves."""

import io
import json

from rich.console import Console

from patron.demo.progress import progress


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def lines_of(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_without_a_terminal_a_line_is_written_every_five_seconds_and_at_both_ends() -> None:
    clock, out, screen = Hand(), io.StringIO(), io.StringIO()
    with progress(Console(file=screen, force_terminal=False), out, clock=clock) as bars:
        bar = bars.begin("Applying events", total=1_000)
        for second in range(12):
            clock.now_s = 100.0 + second
            bar.reached(second * 50)
        bar.reached(1_000)
        bar.reached(1_000)
    said = lines_of(out)
    assert [line["done"] for line in said] == [0, 250, 500, 1_000]
    assert said[1] == {
        "doing": "Applying events",
        "done": 250,
        "total": 1_000,
        "elapsed_s": 5.0,
        "per_s": 50.0,
    }
    assert screen.getvalue() == ""


def test_a_total_may_be_corrected() -> None:
    clock, out = Hand(), io.StringIO()
    with progress(Console(file=io.StringIO(), force_terminal=False), out, clock=clock) as bars:
        bar = bars.begin("Sending", total=10)
        bar.reached(10, total=20)
        bar.reached(20)
    assert [(line["done"], line["total"]) for line in lines_of(out)] == [(0, 10), (20, 20)]


def test_on_a_terminal_the_bar_shows_what_is_done_and_no_json() -> None:
    clock, out, screen = Hand(), io.StringIO(), io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with progress(console, out, clock=clock) as bars:
        bar = bars.begin("Applying events", total=2_000)
        clock.now_s += 2
        bar.reached(1_000)
        clock.now_s += 2
        bar.reached(2_000)
    assert out.getvalue() == ""
    assert "Applying events" in screen.getvalue()
    assert "2000/2000" in screen.getvalue()
