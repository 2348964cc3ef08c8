"""The ready programs, wherever they lie: beside the package in a checkout, inside it installed."""

from pathlib import Path


def folder() -> Path:
    """Where the ready programs lie."""
    here = Path(__file__).parent
    inside = here / "programs"
    return inside if inside.is_dir() else here.parent / "programs"


def program_text(name: str) -> str:
    """The document of one ready program, such as "grocer"."""
    return (folder() / f"{name}.yaml").read_text("utf-8")


def ready_programs() -> dict[str, str]:
    """The ready programs by name, each with what its file says it is."""
    return {path.stem: _purpose(path) for path in sorted(folder().glob("*.yaml"))}


def example_events(name: str) -> bytes:
    """The events of a ready program's worked example, one CloudEvent a line; empty without."""
    path = folder() / f"{name}.example" / "events.jsonl"
    return path.read_bytes() if path.exists() else b""


def _purpose(path: Path) -> str:
    """The first sentence of the comment that a document opens with."""
    words: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        text = line.removeprefix("#").strip()
        if not line.startswith("#") or (words and not text):
            break
        if text and not text.startswith("yaml-language-server"):
            words.append(text)
    return " ".join(words).partition(". ")[0].rstrip(".")
