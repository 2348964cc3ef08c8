"""The report, rendered to text as a person sees it."""

import dataclasses
import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from patron.demo.outcome import (
    Count,
    Outcome,
    Points,
    RewardCount,
    Statement,
    StatementRow,
    Throughput,
    Verdict,
)
from patron.demo.report import show

BUSY = Outcome(
    program="grocer",
    zone="America/New_York",
    first_at=datetime(2017, 1, 1, 11, 53, tzinfo=UTC),
    last_at=datetime(2018, 1, 17, 3, tzinfo=UTC),
    members=2_469,
    tiers=(Count("bronze", 1_100), Count("silver", 1_000), Count("gold", 369)),
    points=Points(
        asset="points",
        issued=9_123_450,
        taken_back=81_230,
        spent=2_345_000,
        expired=3_120_000,
        available=3_577_220,
        pending=12,
        debt=34,
    ),
    rewards=(RewardCount("five-off", 0, 4_690), RewardCount("free-pastry", 3_120, 20, 2_900)),
    notices=tuple(Count(f"kind.{number}", 1_000 - number) for number in range(12)),
    applied=168_239,
    duplicates=1_698,
    refused=(Count("insufficient_points", 2_130), Count("frozen", 1)),
    dead_letters=tuple(Count(f"reason_{number}", 1) for number in range(6)),
    throughput=Throughput(events=169_944, took_s=20.0, latency_p50_ms=41, latency_p99_ms=1_212),
    statement=Statement(
        member="household-17",
        tier="gold",
        available=1_327,
        entries=214,
        rows=tuple(
            StatementRow(
                datetime(2017, 12, number, 18, 30, tzinfo=UTC),
                f"Purchase {number}",
                number - 5,
                1_000 + number,
                f"base {number} x 1.25, and a reason that is too long for any screen [{number}]",
            )
            for number in range(1, 29)
        ),
    ),
    verdict=Verdict(equal=True, accounts=2_469, entries=170_000, took_s=9.0),
    made_up="1,698 duplicates, 2,344 refunds and 6 broken events, all from seed 2017",
    next_steps=("patron member household-17", "patron dlq list"),
)


def rendered(outcome: Outcome, *, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    show(outcome, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_it_fits_on_one_screen(width: int) -> None:
    lines = rendered(BUSY, width=width).splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= min(width, 100)


@pytest.mark.parametrize(
    "shown",
    [
        "2,469 members",
        "1 Jan 2017 to 16 Jan 2018",  # In New York, where the last instant is still the 16th.
        "-2,345,000",
        "-3,120,000",
        "4,690 redeemed",
        "3,120 unlocked",
        "2,900 lapsed",
        "8,497 events/s",
        "41 ms at the median, 1.2 s at p99",
        "1,698 seen before",
        "2,130 insufficient_points",
        "1 reason_5",
        "seed 2017",
        "household-17: gold, 1,327 points",
        "28 Dec 13:30",
        "patron dlq list",
    ],
)
def test_it_shows(shown: str) -> None:
    assert shown in " ".join(rendered(BUSY).split())


def test_bars_are_in_proportion() -> None:
    lines = {line.split()[0]: line for line in rendered(BUSY).splitlines() if "█" in line}
    assert list(lines) == ["gold", "silver", "bronze"]
    assert lines["bronze"].count("█") == 30
    assert lines["silver"].count("█") == 27
    assert lines["gold"].count("█") == 10


def test_the_statement_ends_with_the_newest_entry_and_keeps_brackets_as_they_are() -> None:
    statement = dataclasses.replace(
        BUSY.statement,  # type: ignore[type-var]
        rows=(StatementRow(BUSY.first_at, "Purchase [red]1[/red]", 5, 5, "base [5]"),),
    )
    text = rendered(dataclasses.replace(BUSY, statement=statement))
    assert "Purchase [red]1[/red]" in text
    assert "base [5]" in text


def test_an_equal_verdict_says_how_much_was_compared() -> None:
    text = " ".join(rendered(BUSY).split())
    assert "Audit: equal. A second model computed 2,469 accounts and 170,000 entries" in text


def test_a_difference_is_shown_and_says_what_to_do() -> None:
    verdict = Verdict(
        equal=False,
        accounts=2_469,
        entries=170_000,
        took_s=9.0,
        differences=("household-17: points available is 327, should be 328.", "b", "c", "d"),
    )
    text = rendered(dataclasses.replace(BUSY, verdict=verdict))
    assert "NOT EQUAL" in text
    assert "should be 328" in text
    assert "`patron audit`" in text
    assert "Audit: equal" not in text


def test_an_empty_run_is_shown_too() -> None:
    empty = dataclasses.replace(
        BUSY,
        members=0,
        tiers=(Count("bronze", 0),),
        rewards=(),
        notices=(),
        refused=(),
        dead_letters=(),
        statement=None,
        throughput=Throughput(events=0, took_s=0.0, latency_p50_ms=None, latency_p99_ms=None),
    )
    text = rendered(empty)
    assert "not measured" in text
    assert "0 events/s" in text
    assert "█" not in text


def test_as_json_holds_every_figure_as_plain_values() -> None:
    plain = json.loads(json.dumps(BUSY.as_json()))
    assert set(plain) == {field.name for field in dataclasses.fields(Outcome)}
    assert plain["tiers"][2] == {"name": "gold", "number": 369}
    assert plain["throughput"]["events_per_s"] == 8497.2
    assert plain["first_at"] == "2017-01-01T11:53:00+00:00"
    assert plain["statement"]["rows"][0]["change"] == -4
