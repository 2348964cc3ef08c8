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
