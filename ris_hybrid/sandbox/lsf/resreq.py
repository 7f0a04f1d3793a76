"""What a resource requirement selects hosts by, as far as the virtual LSF knows: Booleans (sandbox).

``select[...]`` of the job (``-R``) and of its queue (RES_REQ) hold together. A bare word is a Boolean that the host
must have, ``!word`` one that it must not; comparisons (``mem>1000``) are taken to be met. A host's exclusive resource
(``!name`` in its list of resources) takes only jobs that name it. Source: IBM Spectrum LSF 10.1, "Exclusive resources"
and "Selection string". What a requirement without sections says is a selection string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTION = re.compile(r"(?P<name>[a-z]\w*)\s*\[(?P<body>[^\]]*)\]")
_COMPARED = r"[A-Za-z_][\w.]*\s*(?:==|!=|>=|<=|=|>|<)\s*[\w.:*-]+"
_FUNCTION = r"[A-Za-z_]\w*\([^()]*\)"
_TOKEN = re.compile(rf"\s*(?:(?P<true>{_COMPARED}|{_FUNCTION})|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>&&|\|\||[!()]))")


class BadResreq(ConfigError):
    """A text that is no resource requirement; the message is LSF's."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The Booleans of a host, and those of them that are exclusive."""

    booleans: frozenset[str] = frozenset()
    exclusive: frozenset[str] = frozenset()


NO_RESOURCES = Resources()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a job's selection asks of a host."""

    text: str = ""
    """The selection strings together; empty for none."""

    @property
    def named(self) -> frozenset[str]:
        """The Booleans it asks for."""
        return _named(self.text)

    def fits(self, host: Resources) -> bool:
        """Whether a host with these resources may take the job."""
        return host.exclusive <= self.named and met(self.text, host.booleans)


ANY_HOST = Wish()


def wish_of(job: str, queue: str = "") -> Wish:
    """What the requirements of a job and of its queue select by, together; ``ConfigError`` for what is no selection."""
    parts = [part for text in (job, queue) for part in selections(text)]
    text = " && ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)
    met(text, frozenset())
    return Wish(text)


def selections(resreq: str) -> tuple[str, ...]:
    """The selection strings of one requirement; several ``-R`` of one job give several."""
    found = [match["body"].strip() for match in _SECTION.finditer(resreq) if match["name"] == "select"]
    bare = _SECTION.sub(" ", resreq).strip()
    return tuple(text for text in (bare, *found) if text)


@lru_cache(maxsize=4096)
def met(selection: str, booleans: frozenset[str]) -> bool:
    """Whether a selection string holds on a host with these Booleans; ``ConfigError`` in LSF's words if it is none."""
    tokens = _Tokens(selection)
    return not selection or tokens.whole(booleans)


@lru_cache(maxsize=4096)
def _named(selection: str) -> frozenset[str]:
    before, found = "", set()
    for kind, text in _tokens(selection):
        if kind == "word" and before != "!":
            found.add(text)
        before = text
    return frozenset(found)


def _tokens(selection: str) -> Iterator[tuple[str, str]]:
    at, text = 0, selection.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad(selection)
        yield str(match.lastgroup), match[str(match.lastgroup)]
        at = match.end()


def _bad(selection: str) -> BadResreq:
    return BadResreq("Bad resource requirement syntax", f"expected e.g. select[awshost && mem>1000], found {selection}")


class _Tokens:
    """Reads ``a && (!b || c)``: ``||`` binds less than ``&&``, ``!`` most."""

    def __init__(self, selection: str) -> None:
        self._selection = selection
        self._left = [*_tokens(selection)]

    def whole(self, booleans: frozenset[str]) -> bool:
        """All of it."""
        value = self._either(booleans)
        if self._left:
            raise _bad(self._selection)
        return value

    def _either(self, booleans: frozenset[str]) -> bool:
        value = self._both(booleans)
        while self._take("||"):
            value = self._both(booleans) or value
        return value

    def _both(self, booleans: frozenset[str]) -> bool:
        value = self._one(booleans)
        while self._take("&&"):
            value = self._one(booleans) and value
        return value

    def _one(self, booleans: frozenset[str]) -> bool:
        if self._take("!"):
            return not self._one(booleans)
        if self._take("("):
            value = self._either(booleans)
            if not self._take(")"):
                raise _bad(self._selection)
            return value
        kind, text = self._left.pop(0) if self._left else ("", "")
        if kind not in {"true", "word"}:
            raise _bad(self._selection)
        return kind == "true" or text in booleans

    def _take(self, sign: str) -> bool:
        if self._left[:1] != [("sign", sign)]:
            return False
        self._left.pop(0)
        return True
