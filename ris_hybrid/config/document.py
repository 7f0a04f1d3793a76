"""YAML text → plain data that still knows on which line each key was written.

Read as the site's Ansible reads it (YAML 1.1, the last of two equal keys wins), with two differences that keep
what the person wrote: keys are always text (``no:`` is the key ``no``), and a number that would print differently
(``0123``, ``12:30``, ``1_000``, a date) stays text.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Loc = tuple[str | int, ...]
"""Keys and list positions from the top, as pydantic gives them."""

_YAML = "tag:yaml.org,2002:"
_PLAIN = {
    f"{_YAML}{kind}" for kind in ("null", "bool", "int", "float", "str", "timestamp", "map", "seq", "value", "merge")
}
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
"""A number as people write one. Where Python would write it in another way (``1.10``) it stays text here."""
_MAX_COPIES = 10_000
"""Values that aliases may add before a file is refused: ten nested aliases of ten make 10^10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say about one place of one file."""

    file: str
    line: int
    field: str
    """The key's path, such as ``allocation.quota`` or ``pools[0].name``; empty for the file as a whole."""
    message: str
    unused: bool = False
    """What is written there is not used: a typo here may take something away."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.field}: {self.message}" if self.field else f"{where}{self.message}"


class UnusableFile(ConfigError):
    """What people wrote cannot be used; ``problems`` are the message's lines."""

    def __init__(self, problems: tuple[Remark, ...], hint: str = "") -> None:
        super().__init__("\n".join(map(str, problems)), hint)
        self.problems = problems


class UnreadableFile(UnusableFile):
    """The file is not there or cannot be opened; ``reason`` is the system's."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__((Remark(file=file, line=1, field="", message=f"cannot be read: {reason}"),))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A key written twice in one mapping; the one on line ``again`` holds."""

    loc: Loc
    first: int
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The plain data of one file: None, bool, int, float, str, lists, and dicts with text keys."""

    file: str
    data: object
    lines: Mapping[Loc, int]
    repeats: tuple[Repeat, ...] = ()
    tagged: Mapping[Loc, str] = field(default_factory=dict)
    """Values with a tag of their own (``!vault``), which plain data cannot hold: their place and tag."""

    def line_of(self, loc: Loc) -> int:
        """The line of that place, or of the nearest one around it that was written."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def remark(self, loc: Loc, message: str) -> Remark:
        """A remark about that place of this file."""
        return Remark(file=self.file, line=self.line_of(loc), field=field_name(loc), message=message)


def field_name(loc: Loc) -> str:
    """``("pools", 0, "name")`` as ``pools[0].name``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def read(path: Path) -> Document:
    """Read and parse one file.

    Raises:
        UnreadableFile: it cannot be read.
        UnusableFile: it is not UTF-8, or is not YAML.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(str(path), error.strerror or str(error)) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unusable(str(path), line, f"expected UTF-8 text, found the byte 0x{raw[error.start]:02x}") from error
    return parse(text, str(path))


def parse(text: str, file: str) -> Document:
    """Parse one YAML document; an empty one has the data None.

    Raises:
        UnusableFile: not YAML, nested too deeply, or grown too large by its aliases.
    """
    walk = _Walk(file=file)
    try:
        top = _composed(text, file)
        data = walk.value(top, ()) if top is not None else None
    except RecursionError as error:
        raise _unusable(file, 1, "nested too deeply") from error
    return Document(file=file, data=data, lines=walk.lines, repeats=tuple(walk.repeats), tagged=walk.tagged)


def _composed(text: str, file: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unusable(file, line, f"expected YAML: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _unusable(file, line, f"expected YAML: {error.reason}") from error
    except (ValueError, OverflowError) as error:
        # PyYAML passes on what int() and chr() say about escapes and versions out of range.
        raise _unusable(file, 1, f"expected YAML: {error}") from error
    return node


def _unusable(file: str, line: int, message: str) -> UnusableFile:
    return UnusableFile((Remark(file=file, line=line, field="", message=message),))


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One pass over the nodes of a document."""

    file: str
    lines: dict[Loc, int] = field(default_factory=dict)
    repeats: list[Repeat] = field(default_factory=list)
    tagged: dict[Loc, str] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    around: set[int] = field(default_factory=set)
    copies: int = 0

    def value(self, node: yaml.Node, loc: Loc) -> object:
        self.lines.setdefault(loc, _line(node))
        if node.tag not in _PLAIN:
            self.tagged[loc] = node.tag
        with self.inside(node):
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, loc)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
            return _scalar(self.text(node), node.tag)

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        found: dict[str, object] = {}
        own, merged = self.pairs(node)
        for key, value in own:
            name = self.text(key)
            here = (*loc, name)
            if name in found:
                self.repeats.append(Repeat(loc=here, first=self.lines[here], again=_line(key)))
            self.lines[here] = _line(key)
            found[name] = self.value(value, here)
        for key, value in merged:
            name = self.text(key)
            if name not in found:
                found[name] = self.value(value, (*loc, name))
        return found

    def pairs(self, node: yaml.MappingNode) -> tuple[list[_Pair], list[_Pair]]:
        """The mapping's own keys and values, and those its merge keys (``<<``) bring, nearest first."""
        own = [pair for pair in node.value if pair[0].tag != f"{_YAML}merge"]
        merged: list[_Pair] = []
        for source in _merge_sources(node):
            with self.inside(source):
                for part in self.pairs(source):
                    merged.extend(part)
        return own, merged

    @contextmanager
    def inside(self, node: yaml.Node) -> Iterator[None]:
        """Refuse a value that contains itself, and count what aliases repeat."""
        self.copies += id(node) in self.seen
        self.seen.add(id(node))
        if id(node) in self.around or self.copies > _MAX_COPIES:
            raise _unusable(self.file, _line(node), "expected plain values, found an alias that never ends")
        self.around.add(id(node))
        yield
        self.around.discard(id(node))

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _unusable(self.file, _line(node), "expected a word as key, found a list or a mapping")
        text: str = node.value
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise _unusable(self.file, _line(node), "expected text, found half of a surrogate pair")
        return text


_Pair = tuple[yaml.Node, yaml.Node]


def _merge_sources(node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
    for key, value in node.value:
        if key.tag == f"{_YAML}merge":
            given = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (source for source in given if isinstance(source, yaml.MappingNode))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _scalar(text: str, tag: str) -> object:
    kind = tag.removeprefix(_YAML)
    if kind == "null":
        return None
    if kind == "bool":
        return _TRUTH.get(text.lower(), text)
    if kind == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "float" and DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text
