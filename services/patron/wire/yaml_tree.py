"""YAML 1.2 text to plain data, with the place of every key and value.

Hostile text is refused, not survived: aliases (a page of them can stand for more values
than memory holds), tags, merge keys, deep nesting and large files. A key that comes
twice is a problem too, since one of the two would be silently dropped. Nothing here
knows what a program is.
"""

import re
import warnings
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from patron.wire.problems import Problem, shown

BYTES_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 20
DIGITS_MAX: Final = 18  # Of a whole number: what is longer does not fit in 64 bits.

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value stands, and the key (or the dash) that leads to it."""

    key_line: int
    key_column: int
    line: int
    column: int
    raw: str  # A scalar as it was written; empty for a block.
    quoted: bool
    exact: bool = False  # `raw` stands there letter for letter, on one line.


class Tree(NamedTuple):
    """A document as data. `broken` are the paths that a problem already speaks of."""

    data: Any
    places: dict[Path, Place]
    problems: tuple[Problem, ...]
    broken: frozenset[Path]


class NotYaml(Exception):
    """The text can't be read as one YAML document; it ends at the first such place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def read_tree(text: str) -> Tree:
    """The document's tree. Raises NotYaml where reading can't go on."""
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        limit = f"{BYTES_MAX // 1024} kB"
        raise NotYaml(Problem(1, 1, f"larger than {limit}", "split it into several programs"))
    builder = _Builder()
    for event in _events(text):
        builder.take(event)
    if not builder.began:
        raise NotYaml(Problem(1, 1, "empty document", "begin with: format: 1"))
    return Tree(builder.root, builder.places, tuple(builder.problems), frozenset(builder.broken))


def _events(text: str) -> Iterator[Any]:
    """The parser's events; whatever it raises on malformed text becomes NotYaml."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The parser warns of what is refused here.
        events = YAML(typ="rt", pure=True).parse(text)
        while True:
            try:
                event = next(events, None)
            except MarkedYAMLError as error:
                raise NotYaml(_syntax(error)) from None
            except ReaderError as error:
                raise NotYaml(_unreadable(text, error)) from None
            except (YAMLError, ValueError, LookupError, AssertionError, AttributeError, TypeError):
                # Faults of the parser itself, seen on malformed directives and tags.
                mend = "look for a stray directive or tag (%, !)"
                raise NotYaml(Problem(1, 1, "not readable as YAML", mend)) from None
            if event is None:
                return
            yield event


class _Level:
    """A mapping or sequence that is being read."""

    def __init__(self, path: Path, container: dict[str, Any] | list[Any]) -> None:
        self.path = path
        self.container = container
        self.key: tuple[str, int, int] | None = None
        self.skip_value = False


class _Builder:
    """Takes parse events in order; a loop with a stack, so depth can't exhaust Python's."""

    def __init__(self) -> None:
        self.root: Any = None
        self.began = False
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.broken: set[Path] = set()
        self._stack: list[_Level] = []
        self._skipping = 0  # Depth inside the value of a key that came twice.

    def take(self, event: Any) -> None:
        """One event of the parser."""
        kind = type(event).__name__
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if kind == "DocumentStartEvent":
            self._start(event, line, column)
        elif kind == "AliasEvent":
            raise NotYaml(
                Problem(
                    line, column, f"alias {shown('*' + event.anchor)}", "write the value out again"
                )
            )
        elif kind in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent"):
            if event.tag is not None and not _harmless(event):
                raise NotYaml(
                    Problem(line, column, f"tag {shown(event.tag)}", "leave it out; quote text")
                )
            self._value(event, kind, line, column)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            if self._skipping:
                self._skipping -= 1
            else:
                self._stack.pop()

    def _start(self, event: Any, line: int, column: int) -> None:
        if self.began:
            raise NotYaml(Problem(line, column, "a second document", "one file holds one program"))
        if event.version is not None and tuple(event.version) != (1, 2):
            raise NotYaml(Problem(1, 1, "not YAML 1.2", "remove the %YAML line"))
        self.began = True

    def _value(self, event: Any, kind: str, line: int, column: int) -> None:
        if self._skipping:
            self._skipping += kind != "ScalarEvent"
            return
        level = self._stack[-1] if self._stack else None
        if level is not None and isinstance(level.container, dict) and level.key is None:
            self._key(level, event, kind, line, column)
            return
        path, key_line, key_column = self._path(level, line, column)
        if level is not None and level.skip_value:
            level.skip_value, level.key = False, None
            self._skipping += kind != "ScalarEvent"
            return
        if len(self._stack) >= DEPTH_MAX:
            raise NotYaml(Problem(line, column, "nested too deep", "a program needs 6 levels"))
        # The parser marks with a bell where a folded block (">") had its line breaks.
        raw = event.value.replace("\a", "") if kind == "ScalarEvent" else ""
        quoted = kind == "ScalarEvent" and event.style is not None
        start, end = event.start_mark, event.end_mark
        exact = (end.line, end.column) == (start.line, start.column + len(raw) + 2 * quoted)
        self.places[path] = Place(key_line, key_column, line, column, raw, quoted, exact)
        if kind == "ScalarEvent":
            value = self._scalar(path, raw, quoted=quoted)
            if path not in self.broken:
                self._put(level, value)
            elif level is not None:
                level.key = None
                if isinstance(level.container, list):
                    level.container.append(None)  # Keeps the places of those that follow.
            return
        container: dict[str, Any] | list[Any] = {} if kind == "MappingStartEvent" else []
        self._put(level, container)
        self._stack.append(_Level(path, container))

    def _key(self, level: _Level, event: Any, kind: str, line: int, column: int) -> None:
        if kind != "ScalarEvent":
            raise NotYaml(Problem(line, column, "a key that is a block", "write a plain name"))
        key = event.value
        assert isinstance(level.container, dict)
        level.key = (key, line, column)
        if (*level.path, key) in self.places:
            first = self.places[(*level.path, key)].key_line
            self.problems.append(
                Problem(
                    line,
                    column,
                    f"{shown(key)} comes twice (first on line {first})",
                    "keep one of them",
                )
            )
            level.skip_value = True
        elif key == "<<" and event.style is None:
            self.problems.append(Problem(line, column, "a merge key", "write the fields out again"))
            level.skip_value = True

    def _path(self, level: _Level | None, line: int, column: int) -> tuple[Path, int, int]:
        if level is None:
            return (), line, column
        if isinstance(level.container, list):
            return (*level.path, len(level.container)), line, column
        assert level.key is not None
        key, key_line, key_column = level.key
        return (*level.path, key), key_line, key_column

    def _put(self, level: _Level | None, value: Any) -> None:
        if level is None:
            self.root = value
        elif isinstance(level.container, list):
            level.container.append(value)
        else:
            assert level.key is not None
            level.container[level.key[0]] = value
            level.key = None

    def _scalar(self, path: Path, raw: str, *, quoted: bool) -> str | int | float | bool | None:
        place = self.places[path]
        if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in raw):
            self._break(path, place.line, place.column, "a character that is none", "remove it")
            return None
        if quoted:
            return raw
        value = _plain(raw)
        if value is None:
            self._break(
                path,
                place.key_line,
                place.key_column,
                _no_value(path),
                "write one, or remove the line" if path else "begin with: format: 1",
            )
        elif isinstance(value, int) and len(raw) > DIGITS_MAX:
            self._break(path, place.line, place.column, "a number too large", "use fewer digits")
        return value

    def _break(self, path: Path, line: int, column: int, what: str, mend: str) -> None:
        self.problems.append(Problem(line, column, what, mend))
        self.broken.add(path)


def _no_value(path: Path) -> str:
    if not path:
        return "empty document"
    return f"{shown(path[-1])} has no value" if isinstance(path[-1], str) else "an empty item"


_WHOLE = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def _plain(raw: str) -> str | int | float | bool | None:
    """A scalar without quotes, by the core schema of YAML 1.2: NO is text there."""
    if raw in ("", "~", "null", "Null", "NULL"):
        return None
    if raw in ("true", "True", "TRUE"):
        return True
    if raw in ("false", "False", "FALSE"):
        return False
    if _WHOLE.fullmatch(raw):
        return int(raw) if len(raw) <= DIGITS_MAX else 0
    if _FLOAT.fullmatch(raw) or _NO_NUMBER.fullmatch(raw):
        return 0.5  # No field takes a float: what was written stands in the place's `raw`.
    return raw


def _harmless(event: Any) -> bool:
    """A lone "!" only says that text is text."""
    return bool(event.tag == "!")


_MENDS: Final = (
    ("\\t", "indent with spaces, not tabs"),
    ("expected <block end>", "align this line with the ones of its block above"),
    ("mapping values are not allowed", 'put text that holds ": " in quotes, or fix the indent'),
    ("could not find expected ':'", 'write "name: value", with a space after the colon'),
    ("unexpected end of stream", "close the quote or bracket"),
    ("found unknown escape", "use single quotes, where a backslash is only a backslash"),
    ("cannot start any token", "put the text in quotes"),
)


def _syntax(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    what = " ".join(str(error.problem or error.context or "not YAML").split())
    mend = next((mend for sign, mend in _MENDS if sign in what), "compare it with a ready program")
    if what.startswith("expected ',' or") and error.context_mark is not None:
        opened = error.context_mark.line + 1
        mend = f"close the bracket of line {opened}, or put a comma between its values"
    return Problem(line, column, what, mend)


def _unreadable(text: str, error: ReaderError) -> Problem:
    position = error.position if isinstance(error.position, int) else 0
    before = text[:position]
    line = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    return Problem(line, column, "a character that YAML does not allow", "remove it")
