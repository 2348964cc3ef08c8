"""Builds the wheel with the compiled core and unpacks it: put the folder on PYTHONPATH."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

PROJECT = Path(__file__).parents[2]


def has_compiler() -> bool:
    """Whether the C compiler that this Python was built with is here."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    return shutil.which(compiler) is not None


def build(folder: Path, project: Path = PROJECT) -> Path:
    """A folder with `patron` and its compiled core; a minute or two."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project)),
        ],
        env=os.environ | {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "true"},
        check=True,
    )
    (wheel,) = folder.glob("patron-*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"
