"""Phases are told by functions of the services: these must be there, under these names."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.phases import PHASES, REST, Sampler, phase_of

SERVICES = Path(__file__).parents[2] / "services" / "patron"


@pytest.mark.parametrize("place", PHASES, ids="/".join)
def test_the_function_that_tells_a_phase_is_there(place: tuple[str, str]) -> None:
    module, function = place
    tree = ast.parse((SERVICES / module).read_text("utf-8"))
    assert function in {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_innermost_known_function_tells_the_phase() -> None:
    look = _function("engine/apply.py", "write", lambda: phase_of(sys._getframe()))
    assert look() == "write"
    assert _function("intake/reading.py", "parcel", look)() == "write"
    assert phase_of(sys._getframe()) == REST


def test_the_start_of_a_process_does_not_count() -> None:
    sampler = Sampler()
    sampler.look(0, sys._getframe())
    _function("intake/reading.py", "parcel", lambda: sampler.look(0, sys._getframe()))()
    sampler.look(0, sys._getframe())
    assert sampler.counts == {"decode": 1, REST: 1}


def _function(module: str, name: str, within: Callable[[], Any]) -> Callable[[], Any]:
    """A function of that name in a module of that path, which calls `within`."""
    code = compile(f"def {name}():\n    return within()\n", str(SERVICES / module), "exec")
    scope: dict[str, Any] = {"within": within}
    exec(code, scope)
    function: Callable[[], Any] = scope[name]
    return function
