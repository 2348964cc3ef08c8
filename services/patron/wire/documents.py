"""Program documents: YAML text to an immutable Program, or every problem that it has.

The document is read (`yaml_tree`), its fields are checked (`mends`), its parts are
compared (`contradictions`), and only then is anything compiled. The version is a hash of
the document's meaning: comments, the order of keys and defaults written out change
nothing; the order of rules does.
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import ValidationError

from patron.core.program import Program
from patron.wire.compiling import compiled
from patron.wire.contradictions import contradictions
from patron.wire.mends import problems_of_fields
from patron.wire.problems import InvalidDocument, Problem
from patron.wire.references import unknown_names
from patron.wire.yaml_tree import NotYaml, Path, Tree, read_tree
from patron_schemas import program as language
from patron_schemas.money import MINOR_DIGITS

SECTIONS = ("assets", "meters", "rewards", "segments", "entitlements", "drops")


def compile_document(text: str, *, source: str) -> Program:
    """The program of a YAML document; `source` is its name in messages.

    Raises InvalidProgram (as InvalidDocument) with every problem that was found.
    """
    document = read_document(text, source=source)
    return compiled(document, version=version_of(document), digits=MINOR_DIGITS[document.currency])


def read_document(text: str, *, source: str) -> language.ProgramDocument:
    """The checked document, with defaults that hang on other fields filled in."""
    return read_with_places(text, source=source)[0]


def read_with_places(text: str, *, source: str) -> tuple[language.ProgramDocument, Tree]:
    """The checked document, and where all of it stands."""
    try:
        tree = read_tree(text)
    except NotYaml as error:
        raise InvalidDocument(source, [error.problem]) from None
    if not isinstance(tree.data, dict):
        problem = Problem(1, 1, "not a program", "begin with: format: 1")
        raise InvalidDocument(source, [*tree.problems, problem])
    problems = list(tree.problems)
    document, places = _read_fields(tree, problems)
    told = {(problem.line, problem.column) for problem in problems}
    more = unknown_names(tree) if document is None else contradictions(tree, document, places)
    # One problem a place: a value that is wrong by itself also fits nothing.
    problems.extend(each for each in more if (each.line, each.column) not in told)
    if problems or document is None:
        raise InvalidDocument(source, problems)
    return _with_held(document), tree


def version_of(document: language.ProgramDocument) -> str:
    """32 hex digits that name what the document means."""
    normal = document.model_dump(mode="json", by_alias=True)
    canonical = json.dumps(normal, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _read_fields(
    tree: Tree, problems: list[Problem]
) -> tuple[language.ProgramDocument | None, dict[int, int]]:
    """The document, or as much of it as is good, so that its parts can be compared.

    Returns with it where each of its rules stands in the tree.
    """
    try:
        document = language.ProgramDocument.model_validate(tree.data)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        problems.extend(problems_of_fields(tree, errors))
        bad = [tuple(each["loc"]) for each in errors]
        return _good_parts(tree, [*bad, *tree.broken])
    return document, {index: index for index in range(len(document.rules))}


def _good_parts(
    tree: Tree, bad: list[Path]
) -> tuple[language.ProgramDocument | None, dict[int, int]]:
    """Leave out every element that has an error: each asset, meter, rule and reward whole."""
    data: dict[str, Any] = dict(tree.data)
    bad_elements = {path[:2] for path in bad}
    for section in SECTIONS:
        if isinstance(data.get(section), dict):
            elements = data[section].items()
            data[section] = {k: v for k, v in elements if (section, k) not in bad_elements}
    places: dict[int, int] = {}
    if isinstance(data.get("rules"), list):
        kept = [i for i in range(len(data["rules"])) if ("rules", i) not in bad_elements]
        data["rules"] = [data["rules"][i] for i in kept]
        places = dict(enumerate(kept))
    for path in bad:
        whole = path[0] in ("tiers", "notices", "prices", "limits", "paying") or len(path) == 1
        if whole and path[0] in data:
            del data[path[0]]
    # What the document must have, where it has not: a stand-in without a problem.
    stand_ins = {"format": 1, "program": "unnamed", "zone": "UTC", "currency": "EUR"}
    try:
        return language.ProgramDocument.model_validate({**stand_ins, **data}), places
    except ValidationError:
        return None, {}


def _with_held(document: language.ProgramDocument) -> language.ProgramDocument:
    """How long tiers are held by default hangs on the window of their meter."""
    tiers = document.tiers
    if tiers is None or tiers.held is not None:
        return document
    held = language.Held(until=_held_by_default(document.meters[tiers.meter].window))
    return document.model_copy(update={"tiers": tiers.model_copy(update={"held": held})})


def _held_by_default(
    window: str | language.Stretch,
) -> Literal["forever", "rolling", "end_of_window", "end_of_next_window"]:
    if isinstance(window, language.Stretch):
        return "rolling" if window.rolling is not None else "end_of_window"

    return "forever" if window == "lifetime" else "end_of_next_window"
