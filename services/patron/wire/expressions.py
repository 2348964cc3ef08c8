"""Expressions in CEL (`when`): checked as a document is read, and made to hold or not.

They are checked against what an order or an event can tell, so that a field that nobody
sends or a comparison of text with a number is found before anybody buys. They run over
plain values, and all expressions that ask about one order share the conversion of them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Final

from cel_expr_python import cel
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from patron.core.program import Facts
from patron.wire.mends import at_key, place_of, where
from patron.wire.problems import Problem, nearest, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language
from patron_schemas.program_expressions import (
    EVENT,
    LINE,
    MEMBER,
    ORDER,
    Kind,
    fields_of_events,
)

Names = Mapping[str, Kind]
NUMBER: Final = cel.Type.INT
TEXTS: Final = cel.Type.Map(cel.Type.STRING, cel.Type.STRING)
LINE_MESSAGE: Final = "patron.Line"


class Compiled:
    """An expression that can be asked."""

    def __init__(self, text: str, program: Any) -> None:
        self.text = text
        self._program = program

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of these facts. What can't be worked out is not."""
        if facts.prepared is None:
            facts.prepared = _running().Activation(facts.values)
        try:
            return self._program.eval(facts.prepared).value() is True
        except RuntimeError:  # It takes more steps than the library allows.
            return False


@lru_cache(maxsize=4096)
def expression(text: str) -> Compiled:
    """An expression that `problems_of_expression` found nothing wrong with."""
    return Compiled(text, _running().compile(text))


# What may be read, and its types. --------------------------------------------------


@cache
def _running() -> Any:
    """What expressions run in: every name there is, with lines as plain mappings."""
    names = {**ORDER, **MEMBER, **EVENT, **fields_of_events()}
    line = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return cel.NewEnv(variables={name: _type(kind, line) for name, kind in names.items()})


@lru_cache(maxsize=256)
def _checking(names: tuple[tuple[str, Kind], ...]) -> Any:
    """What expressions are checked in: these names, with lines that know their fields."""
    line = cel.Type(LINE_MESSAGE)
    return cel.NewEnv(_messages(), variables={name: _type(kind, line) for name, kind in names})


def _type(kind: Kind, line: Any) -> Any:
    return {
        "number": NUMBER,
        "text": cel.Type.STRING,
        "texts": TEXTS,
        "values": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
        "lines": cel.Type.List(line),
    }[kind]


@cache
def _messages() -> DescriptorPool:
    """A line as a message: only of messages the library knows which fields they have."""
    field = FieldDescriptorProto
    numbers = {"number": field.TYPE_INT64, "text": field.TYPE_STRING, "texts": field.TYPE_MESSAGE}
    file = FileDescriptorProto(name="line.proto", package="patron", syntax="proto3")
    line = file.message_type.add(name="Line")
    for number, (name, kind) in enumerate(LINE.items(), 1):
        told = line.field.add(name=name, number=number, type=numbers[kind])
        told.label = field.LABEL_OPTIONAL
        if kind == "texts":
            told.label = field.LABEL_REPEATED
            # A map is a list of entries, whose message is named for its field.
            entry = line.nested_type.add(name=f"{name.title()}Entry")
            entry.options.map_entry = True
            for place, part in enumerate(("key", "value"), 1):
                entry.field.add(name=part, number=place, type=field.TYPE_STRING)
            told.type_name = f".{LINE_MESSAGE}.{entry.name}"
    pool = DescriptorPool()
    pool.Add(file)
    return pool


# What is wrong with one. -----------------------------------------------------------


def problems_of_expression(
    tree: Tree, path: Path, element: language.Rule | language.Meter
) -> Iterator[Problem]:
    """Everything that is wrong with the `when` of a rule or meter."""
    if element.when is None:
        return

    at = (*path, "when")
    names = _names_for(element)
    if not names:
        what = f'{where(tree, path)}: "when" means nothing here'
        yield at_key(tree, at, what, "remove it, or write it on what it should hold for")
        return
    for column, said in _errors(element.when, names):
        # Of what stands after a dot, the library names the dot's place.
        column += element.when[column - 1 : column] == "."
        what, mend = _explained(said, names)
        yield _within(tree, at, column, f"{where(tree, path)}, when: {what}", mend)


def _names_for(element: language.Rule | language.Meter) -> Names:
    """What the `when` of an element may read: empty where it has no meaning."""
    if isinstance(element, language.Meter):
        if element.counts in ("events", "level"):
            actions = frozenset((*(element.actions or ()), *(element.ended_by or ())))
            return {**EVENT, **fields_of_events(actions)}
        return {} if element.counts == "points" else ORDER

    event = element.per_event or element.streak
    if event is not None:
        return {**EVENT, **fields_of_events(frozenset({event.action})), **MEMBER}
    if element.yearly is not None:
        return MEMBER
    if element.every is not None:
        return {}
    # A multiplier holds for orders and for events, so it may read what either tells.
    events = {**EVENT, **fields_of_events()} if element.multiply is not None else {}
    return {**ORDER, **events, **MEMBER}


_ERROR: Final = re.compile(r"\bERROR: <input>:\d+:(\d+): (.*)")


def _errors(text: str, names: Names) -> list[tuple[int, str]]:
    """The column and what is said of each error, as the library finds them."""
    try:
        gives = _checking(tuple(names.items())).compile(text).return_type()
        _running().compile(text)
    except RuntimeError as error:
        found = [(int(column), said) for column, said in _ERROR.findall(str(error))]
        return found or [(1, "")]

    return [] if gives == cel.Type.BOOL else [(1, f"gives {str(gives).lower()}")]


_UNKNOWN: Final = re.compile(r"undeclared reference to '([^']*)'")
_NO_FIELD: Final = re.compile(r"undefined field '([^']*)'")
_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '\(?(.*?)\)?'")


def _explained(said: str, names: Names) -> tuple[str, str]:
    """What is wrong and what to write, in words for who wrote it."""
    if found := _UNKNOWN.search(said):
        subject, _, field = found[1].rpartition(".")
        fields = [name.removeprefix(f"{subject}.") for name in names if name.startswith(subject)]
        if subject and fields:
            return f"{shown(subject)} has no {shown(field)}", nearest(field, fields)
        return f"there is no {shown(found[1])}", f"write one of: {', '.join(sorted(names))}"
    if found := _NO_FIELD.search(said):
        return f"a line has no {shown(found[1])}", nearest(found[1], LINE)
    if found := _OVERLOAD.search(said):
        operator = found[1].strip("_@")
        types = found[2].replace("int", "number").replace("string", "text")
        mend = "compare numbers with numbers, and text in quotes with text"
        return f"{shown(operator)} does not fit {types}", mend
    if said.startswith("gives "):
        kind = {"int": "a number", "string": "text"}.get(said[6:], "neither true nor false")
        return f"it is {kind}, no condition", 'compare it: "order.total_minor > 10000"'
    return (
        "can't be read from here on as an expression",
        "write one as in \"order.total_minor > 10000 && member.tier == 'gold'\"",
    )


def _within(tree: Tree, path: Path, column: int, what: str, mend: str) -> Problem:
    """A problem at a place within text: exact where the text stands on one line as it is."""
    place = place_of(tree, path)
    column = place.column + place.quoted + column - 1 if place.exact else place.column
    return Problem(place.line, column, what, mend)
