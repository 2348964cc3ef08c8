"""Logs: one JSON object a line, from our own loggers and from those of libraries."""

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from patron.runtime import logs
logs.set_up(level="info", style={style!r}, service="intake")
structlog.get_logger().info("batch.fenced", topic="shop.orders.v1", partition=3)
structlog.get_logger().debug("not.told")
logging.getLogger("some.library").warning("late by %d s", 7)
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("batch.broken")
"""


def lines(style: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(style=style)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_each_line_is_an_object_that_says_who_and_when() -> None:
    ours, library, broken = [json.loads(line) for line in lines("json")]

    assert ours["event"] == "batch.fenced"
    assert (ours["topic"], ours["partition"], ours["level"]) == ("shop.orders.v1", 3, "info")
    assert ours["service"] == "intake"
    assert ours["version"]
    assert ours["timestamp"].endswith("Z")
    assert library["event"] == "late by 7 s"
    assert library["service"] == "intake"
    assert "ZeroDivisionError" in broken["exception"]


def test_without_a_terminal_auto_means_json() -> None:
    assert json.loads(lines("auto")[0])["event"] == "batch.fenced"


def test_a_person_gets_lines_to_read() -> None:
    first = lines("console")[0]

    assert "batch.fenced" in first
    assert not first.startswith("{")
