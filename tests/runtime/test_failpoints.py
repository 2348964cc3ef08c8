"""Points at which a test makes a process fail: a closed list, and off outside tests."""

import re
from pathlib import Path

import pytest

import patron
from patron.errors import Misconfigured, OutcomeUnknown
from patron.runtime import failpoints
from patron.runtime.failpoints import FailAt
from patron.runtime.settings import load

POINTS_MIN = 27
NEEDED = {
    "PATRON_KAFKA__BOOTSTRAP_SERVERS": "localhost:9092",
    "PATRON_DATABASE__DSN": "postgresql://localhost/patron",
    "PATRON_SECRETS__MASTER_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
}
AT = {"PATRON_TESTING__FAIL_AT": "engine.advanced:3:kill"}
ALLOWED = {"PATRON_TESTING__FAILPOINTS": "true"}


def test_every_point_of_the_list_stands_once_in_the_code_and_none_went_missing() -> None:
    texts = [path.read_text("utf-8") for path in Path(patron.__file__).parent.rglob("*.py")]
    found = [name for text in texts for name in re.findall(r'failpoints\.passed\("(.+?)"\)', text)]
    print(f"{len(found)} failpoints")
    assert sorted(found) == sorted(failpoints.POINTS)
    assert len(found) >= POINTS_MIN


def test_a_start_with_a_failpoint_is_refused_outside_tests() -> None:
    with pytest.raises(Misconfigured, match="PATRON_TESTING__FAILPOINTS=true"):
        load(NEEDED | AT)
    assert load(NEEDED | AT | ALLOWED).testing.fail_at == "engine.advanced:3:kill"
    assert load(NEEDED).testing.fail_at is None


@pytest.mark.parametrize(
    "text", ["engine.advancd:1:kill", "engine.advanced:0:kill", "any:1:explode", "any:1:block"]
)
def test_a_failpoint_that_could_never_fail_stops_the_start(text: str) -> None:
    with pytest.raises(Misconfigured, match="PATRON_TESTING__FAIL_AT"):
        load(NEEDED | ALLOWED | {"PATRON_TESTING__FAIL_AT": text})


def test_a_failure_comes_once_at_the_nth_time() -> None:
    with failpoints.armed(FailAt("engine.begun", 2, "raise")) as armed:
        failpoints.passed("engine.begun")
        with pytest.raises(OutcomeUnknown, match=r"engine\.begun"):
            failpoints.passed("engine.begun")
        failpoints.passed("engine.begun")
    assert armed.reached == {"engine.begun": 3}
    failpoints.passed("engine.begun")
    assert armed.reached == {"engine.begun": 3}


def test_any_point_counts_for_the_nth_of_any() -> None:
    with failpoints.armed(failpoints.parse("any:2:raise")):
        failpoints.passed("engine.begun")
        with pytest.raises(OutcomeUnknown, match=r"store\.committing"):
            failpoints.passed("store.committing")
