"""The house stays in order: names, sizes, links, statements, locks."""

import ast
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")])
PAGES = sorted(path for path in ROOT.rglob("*.md") if ".venv" not in path.parts)
STATEMENTS = sorted((ROOT / "services/patron/store/sql").rglob("*.sql"))
LINES_MAX = 400
NO_NAMES = {"utils", "util", "common", "helpers", "manager", "misc"}


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_module_says_what_it_promises_and_is_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") <= LINES_MAX
    assert path.stem not in NO_NAMES


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_a_page_links_to_what_is_there(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text("utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (path.parent / target).exists(), target


def test_every_room_has_a_page_at_its_door() -> None:
    rooms = [path.parent for path in (ROOT / "services/patron").glob("*/__init__.py")]
    assert [room.name for room in rooms if not (room / "README.md").exists()] == []


@pytest.mark.parametrize("path", STATEMENTS, ids=short)
def test_a_statement_is_explained_and_used(path: Path) -> None:
    assert path.read_text("utf-8").startswith("-- ")
    call = re.compile(rf'sql\(\s*"{path.parent.name}",\s*"{path.stem}"')
    rooms = (ROOT / "services/patron/store").glob("*.py")
    assert any(call.search(room.read_text("utf-8")) for room in rooms), "nobody runs it"


def test_the_stack_of_compose_is_whole() -> None:
    stack = YAML(typ="safe").load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
    assert {"kafka", "postgres", "setup", "patron"} == set(stack["services"])
    for name, service in stack["services"].items():
        assert service.get("image") or service.get("build"), name
        for other in service.get("depends_on", {}):
            assert other in stack["services"]
    assert (ROOT / "deploy/compose.yaml").read_text("utf-8").count("\n") < 80


def test_the_image_runs_as_a_number_and_brings_the_lock() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    assert re.search(r"^USER [0-9]+:[0-9]+$", text, re.MULTILINE)
    assert "--require-hashes -r deploy/requirements/runtime.txt" in text


@pytest.mark.parametrize("name", ["dev.txt", "runtime.txt"])
def test_a_lock_names_hashes_and_no_host(name: str) -> None:
    text = (ROOT / "deploy/requirements" / name).read_text("utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9-]+(?:\[[a-z,]+\])?==", text, re.MULTILINE)
    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)


def test_every_setting_of_the_deploy_page_is_one() -> None:
    from patron.runtime.settings import Settings, _known

    known = _known(Settings)
    for page in ("deploy/README.md", "deploy/compose.yaml", "README.md"):
        text = (ROOT / page).read_text("utf-8")
        for name in re.findall(r"PATRON_[A-Z]+__[A-Z_]+", text):
            assert name.removesuffix("_FILE") in known, name
