"""The compiled core and engine are the same: the same tests pass on them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiled.build import PROJECT, build, has_compiler


@pytest.mark.timeout(600)
@pytest.mark.skipif(not has_compiler(), reason="no C compiler here: nothing compiled to test")
def test_the_tests_of_core_programs_and_engine_pass_on_what_is_compiled(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(build(tmp_path))}

    for module in ("patron.core.decide", "patron.engine.book", "patron.engine.writing"):
        where = f"import {module} as module; print(module.__file__)"
        told = subprocess.check_output([sys.executable, "-c", where], env=environment, text=True)
        assert Path(told.strip()).is_relative_to(tmp_path)
        assert Path(told.strip()).suffix in (".so", ".pyd")

    said = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *("tests/core", "tests/programs"),
            *("tests/engine/test_book.py", "tests/engine/test_apply.py"),
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout[-4000:]
