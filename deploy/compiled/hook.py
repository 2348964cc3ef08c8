"""The wheel with a compiled core: the same source through mypyc, twice as fast.

Off unless asked for, since it needs a C compiler and gives a wheel for one platform:

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true pip wheel --no-deps .

Only logic is compiled: the core, and what the engine does in memory for each event. The
values that it works on (facts, accounts, decisions) stay as they are, because the room that
encodes them reads their annotations, which mypyc drops.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VALUES = frozenset({"account.py", "decision.py", "facts.py"})
ENGINE = ("book.py", "lineage.py", "pooling.py", "rows.py", "writing.py")

# In a process of its own: setuptools takes over the working directory and the arguments.
COMPILE = """
import sys
from mypyc.build import mypycify
from setuptools import setup
# Drivers need not be here: what they say is checked as it comes.
options = ["--ignore-missing-imports", "--follow-imports=silent"]
modules = mypycify([*options, *sys.argv[1:]], opt_level="3", debug_level="0")
setup(name="patron-core", ext_modules=modules, script_args=["-q", "build_ext", "--inplace"])
"""


class CompiledCore(BuildHookInterface[Any]):
    """Adds the compiled modules beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile in a folder of its own, and tell the wheel what came out."""
        self._folder = Path(tempfile.mkdtemp(prefix="patron-core-"))
        patron, schemas = self._folder / "patron", self._folder / "patron_schemas"
        shutil.copytree(Path(self.root, "services", "patron"), patron)
        shutil.copytree(Path(self.root, "schemas", "patron_schemas"), schemas)
        core = [path for path in (patron / "core").rglob("*.py") if path.name not in VALUES]
        engine = [patron / "engine" / name for name in ENGINE]
        logic = sorted(str(path.relative_to(self._folder)) for path in (*core, *engine))
        subprocess.run([sys.executable, "-c", COMPILE, *logic], cwd=self._folder, check=True)
        for suffix in ("*.so", "*.pyd"):
            for built in self._folder.rglob(suffix):
                if "build" not in built.relative_to(self._folder).parts:
                    build_data["force_include"][str(built)] = str(built.relative_to(self._folder))
        build_data["infer_tag"] = True
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._folder)
