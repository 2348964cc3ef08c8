"""What the models say of a document, in words for the person who wrote it.

Pydantic names a field and a type; a marketer needs the line, what is wrong there, and
what to write instead. Contradictions between parts of a program are not found here.
"""

import types
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from patron.wire.problems import SHOWN_MAX, Problem, nearest, shown
from patron.wire.yaml_tree import Path, Place, Tree
from patron_schemas import program as language


def place_of(tree: Tree, path: Path) -> Place:
    """The place of a value, or of the nearest block around it."""
    while path not in tree.places:
        path = path[:-1]
    return tree.places[path]


def at_key(tree: Tree, path: Path, what: str, mend: str) -> Problem:
    """A problem with a field's name, or with a block as a whole."""
    place = place_of(tree, path)
    return Problem(place.key_line, place.key_column, what, mend)


def at_value(tree: Tree, path: Path, what: str, mend: str) -> Problem:
    """A problem with what a field holds."""
    place = place_of(tree, path)
    return Problem(place.line, place.column, what, mend)


def where(tree: Tree, path: Path) -> str:
    """The element that a path lies in, as people call it: `rule "base"`, `asset "points"`."""
    data = tree.data
    if path and path[0] in _LISTED and len(path) > 1 and isinstance(path[1], int):
        section, kind = str(path[0]), _LISTED[str(path[0])]
        element = data[section][path[1]]
        name = element.get(kind) if isinstance(element, dict) else None
        return f"{kind} {shown(name)}" if isinstance(name, str) else f"{kind} {path[1] + 1}"
    if path and path[0] in _SINGULAR and len(path) > 1:
        return f"{_SINGULAR[str(path[0])]} {shown(path[1])}"
    return f"{shown(path[0])}" if path else "the program"


_LISTED: Final = {"rules": "rule", "prices": "price"}  # And the field that names each.
_SINGULAR: Final = {
    "assets": "asset",
    "meters": "meter",
    "rewards": "reward",
    "draws": "draw",
    "share_outs": "share-out",
    "segments": "segment",
    "entitlements": "entitlement",
    "drops": "drop",
}


def problems_of_fields(tree: Tree, errors: Iterable[ErrorDetails]) -> list[Problem]:
    """Each error of the models with its place and its mend."""
    listed = [(_path(error), error) for error in errors]
    return [
        _problem(tree, path, error)
        for path, error in listed
        if not any(path[: len(broken)] == broken for broken in tree.broken)
        # An item that failed makes its list "too short" as well.
        and not (
            error["type"] == "too_short"
            and any(len(other) > len(path) and other[: len(path)] == path for other, _ in listed)
        )
    ]


def _path(error: ErrorDetails) -> Path:
    # What stands in brackets is no part of the document: a key, or the form of a value.
    return tuple(part for part in error["loc"] if not str(part).startswith("["))


def _problem(tree: Tree, path: Path, error: ErrorDetails) -> Problem:
    kind = error["type"]
    if kind == "extra_forbidden":
        what = f"unknown field {shown(path[-1])} in {where(tree, path[:-1])}"
        return at_key(tree, path, what, nearest(str(path[-1]), _fields(path[:-1])))
    if kind == "missing":
        block = path[:-1]
        what = f"{where(tree, block)} lacks {shown('.'.join(map(str, _inside(path))))}"
        return at_key(tree, block, what, f"add it: {_described(path)}")
    place = place_of(tree, path)
    if error["loc"][-1:] == ("[key]",):
        what, mend = _form(error)
        return at_key(tree, path, f"{shown(path[-1])} is {what}", mend)
    subject = _subject(tree, path)
    if kind == "form":
        what, mend = _form(error)
        written = f"{shown(place.raw)} is " if place.raw else ""
        return at_value(tree, path, f"{subject}: {written}{what}", mend)
    if kind == "literal_error":
        choices = [str(choice) for choice in _choices(_annotation(path))]
        what = f"{subject}: {shown(place.raw)} is not one of its values"
        return at_value(tree, path, what, nearest(place.raw, choices))
    if kind == "string_type" and 0 < len(place.raw) <= SHOWN_MAX and not place.quoted:
        quoted = f'put it in quotes: "{place.raw}"'
        return at_value(tree, path, f"{subject}: {place.raw} without quotes is not text", quoted)
    what, mend = _OTHERS.get(kind, _as_said)(error)
    return at_value(tree, path, f"{subject}: {what}", mend)


def _form(error: ErrorDetails) -> tuple[str, str]:
    said = error.get("ctx", {})
    return str(said.get("what", error["msg"])), str(said.get("mend", "see the field's description"))


def _as_said(error: ErrorDetails) -> tuple[str, str]:
    return error["msg"][:1].lower() + error["msg"][1:], "see the field's description in the schema"


def _limit(error: ErrorDetails) -> int:
    limits = error.get("ctx", {})
    return next(
        int(limits[name]) for name in ("ge", "le", "min_length", "max_length") if name in limits
    )


_OTHERS: Final[dict[str, Callable[[ErrorDetails], tuple[str, str]]]] = {
    "int_type": lambda _: ("not a whole number", "write digits only, without quotes"),
    "bool_type": lambda _: ("neither true nor false", "write true or false, without quotes"),
    "string_type": lambda _: ("a block where text belongs", "write one value on the same line"),
    "dict_type": lambda _: ("not a block of names", 'write "name: value" lines below it'),
    "model_type": lambda _: ("not a block of fields", 'write "field: value" lines below it'),
    "tuple_type": lambda _: ("not a list", "write [a, b], or one line with a dash for each"),
    "too_short": lambda error: (
        "nothing in it",
        f"write at least {_limit(error)}, or leave it out",
    ),
    "too_long": lambda error: ("too many", f"write at most {_limit(error)}"),
    "string_too_short": lambda _: ("empty text", "write some text, or leave it out"),
    "string_too_long": lambda error: ("too long", f"use at most {_limit(error)} characters"),
    "greater_than_equal": lambda error: ("too small", f"write {_limit(error)} or more"),
    "less_than_equal": lambda error: ("too large", f"write {_limit(error)} or less"),
}


def _inside(path: Path) -> Path:
    """A path without the element that `where` names."""
    named = 2 if path[0] in _LISTED or path[0] in _SINGULAR else min(1, len(path) - 1)
    return path[named:]


def _subject(tree: Tree, path: Path) -> str:
    inside = ".".join(str(part) if isinstance(part, str) else str(part + 1) for part in path)
    if len(path) < 2:
        return inside or "the document"
    rest = ".".join(part if isinstance(part, str) else f"item {part + 1}" for part in _inside(path))
    return f"{where(tree, path)}, {rest}" if rest else where(tree, path)


# The models, walked along a path. --------------------------------------------------


def _annotation(path: Path) -> Any:
    """The type that the models give to what stands at a path."""
    kind: Any = language.ProgramDocument
    for part in path:
        kind = _bare(kind, block=True)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = next(
                (
                    field.annotation
                    for name, field in kind.model_fields.items()
                    if (field.alias or name) == part
                ),
                None,
            )
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        else:
            return None
    return _bare(kind)


def _bare(kind: Any, *, block: bool = False) -> Any:
    """A type without Annotated and without None; of a word or a block, that which is asked for."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, types.UnionType):
            choices = [each for each in get_args(kind) if each is not type(None)]
            kind = choices[-1 if block else 0]
        else:
            return kind


def _fields(path: Path) -> list[str]:
    kind = _annotation(path)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return []


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _described(path: Path) -> str:
    """A missing field as an example would write it, else what it is."""
    parent = _annotation(path[:-1])
    for name, field in parent.model_fields.items():
        if (field.alias or name) == path[-1]:
            if field.examples:
                return f"{path[-1]}: {field.examples[0]}"
            return f"{path[-1]}: … ({field.description})"
    return str(path[-1])
