"""The text of ``mmgetacl -k nfs4`` ⇄ an access list, byte for byte where the text is as mmgetacl prints it.

::

    #NFSv4 ACL
    #owner:root
    #group:root
    special:owner@:rwxc:allow:FileInherit:DirInherit
     (X)READ/LIST (X)WRITE/CREATE (X)APPEND/MKDIR (X)SYNCHRONIZE (X)READ_ACL  (X)READ_ATTR  (X)READ_NAMED
     (-)DELETE    (X)DELETE_CHILD (X)CHOWN        (X)EXEC/SEARCH (X)WRITE_ACL (X)WRITE_ATTR (X)WRITE_NAMED

An empty line is between entries, and one at the end. The four letters repeat READ, WRITE, EXEC and WRITE_ACL of the two
lines below; where they do not, somebody has edited one half, and the text is refused. Older releases write ``MKDIR``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.data.scale import Acl, AclEntry
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LETTERS = "rwmxDdaAnNcCos"
"""Of permissions, in the order in which entries have them (REST's letters)."""
_FIRST = {
    "READ/LIST": "r",
    "WRITE/CREATE": "w",
    "APPEND/MKDIR": "m",
    "SYNCHRONIZE": "s",
    "READ_ACL": "c",
    "READ_ATTR": "a",
    "READ_NAMED": "n",
}
_SECOND = {
    "DELETE": "d",
    "DELETE_CHILD": "D",
    "CHOWN": "o",
    "EXEC/SEARCH": "x",
    "WRITE_ACL": "C",
    "WRITE_ATTR": "A",
    "WRITE_NAMED": "N",
}
_SUMMARY = "rwxC"  # printed rwxc
_FLAGS = {"FileInherit": "f", "DirInherit": "d", "InheritOnly": "i"}
_INHERITED = "Inherited"
_BIT = re.compile(r"\(([X-])\)([A-Z_/]+)")
_BITS = re.compile(r"\s*(?:\([X-]\)[A-Z_/]+\s*)+")
_ENTRY = re.compile(r"((?:special|user|group):.+):([r-][w-][x-][c-]):(allow|deny)((?::[A-Za-z]+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AclText:
    """What the text says, with what is of the text alone."""

    entries: tuple[AclEntry, ...]
    inherited: tuple[bool, ...]
    """Of each entry, whether GPFS calls it ``Inherited``."""
    remarks: tuple[str, ...] = ("#NFSv4 ACL", "#owner:root", "#group:root")
    """Every line that begins with ``#``, before the entries."""

    def acl(self, path: str = "") -> Acl:
        """The access list itself."""
        said = {name: value for name, _, value in (one.removeprefix("#").partition(":") for one in self.remarks)}
        return Acl(path=path, entries=self.entries, owner=said.get("owner", ""), group=said.get("group", ""))


def parse_acl_text(text: str) -> AclText:
    """Remarks and entries, in order.

    Raises:
        SiteUnavailable: the first line is not NFSv4's, or a line is not what is to come; the message has its number.
    """
    remarks: list[str] = []
    entries: list[AclEntry] = []
    inherited: list[bool] = []
    lines = ((number, line.rstrip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    for number, line in lines:
        if line.startswith("#"):
            remarks.append(line)
            continue
        if not remarks or remarks[0] != "#NFSv4 ACL":
            raise SiteUnavailable(f"line {number}: expected #NFSv4 ACL first: was it mmgetacl -k nfs4?")
        entry, came = _entry(number, line, lines)
        entries.append(entry)
        inherited.append(came)
    if not entries:
        raise SiteUnavailable("no entry: is it the output of mmgetacl -k nfs4?")
    return AclText(entries=tuple(entries), inherited=tuple(inherited), remarks=tuple(remarks))


def parse_acl(text: str, path: str = "") -> Acl:
    """The access list alone. Raises as ``parse_acl_text``."""
    return parse_acl_text(text).acl(path)


def render_acl_text(acl: AclText) -> str:
    """As mmgetacl prints it, and mmputacl takes it."""
    blocks = [_block(entry, came) for entry, came in zip(acl.entries, acl.inherited, strict=True)]
    return "\n".join((*acl.remarks, *blocks)) + "\n"


def render_acl(acl: Acl) -> str:
    """The text of an access list that was never one."""
    remarks = ("#NFSv4 ACL", f"#owner:{acl.owner or 'root'}", f"#group:{acl.group or 'root'}")
    return render_acl_text(AclText(entries=acl.entries, inherited=(False,) * len(acl.entries), remarks=remarks))


def ordered(permissions: str) -> str:
    """The letters in the order of ``LETTERS``, each once."""
    return "".join(letter for letter in LETTERS if letter in permissions)


def _entry(number: int, line: str, rest: Iterator[tuple[int, str]]) -> tuple[AclEntry, bool]:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise SiteUnavailable(f"line {number}: expected who:rwxc:allow, found {line[:60]!r}")
    who, letters, kind, words = match.groups()
    flags = words.split(":")[1:]
    unknown = [word for word in flags if word not in _FLAGS and word != _INHERITED]
    if unknown:
        raise SiteUnavailable(f"line {number}: a flag we do not know: {unknown[0]}")
    granted = _bits(number, _FIRST, rest) + _bits(number, _SECOND, rest)
    if letters != _summary(granted):
        raise SiteUnavailable(f"line {number}: says {letters}, and the two lines below it {_summary(granted)}")
    entry = AclEntry(
        kind="allow" if kind == "allow" else "deny",
        who=who,
        permissions=ordered(granted),
        flags="".join(letter for word, letter in _FLAGS.items() if word in flags),
    )
    return entry, _INHERITED in flags


def _bits(entry: int, names: dict[str, str], rest: Iterator[tuple[int, str]]) -> str:
    number, line = next(rest, (0, ""))
    if not number:
        raise SiteUnavailable(f"line {entry}: the text ends before its two lines of permissions")
    found = {("APPEND/MKDIR" if name == "MKDIR" else name): bit == "X" for bit, name in _BIT.findall(line)}
    if not _BITS.fullmatch(line) or set(found) != set(names):
        raise SiteUnavailable(f"line {number}: expected {', '.join(names)}, each with (X) or (-)")
    return "".join(names[name] for name, given in found.items() if given)


def _summary(permissions: str) -> str:
    return "".join(letter.lower() if letter in permissions else "-" for letter in _SUMMARY)


def _block(entry: AclEntry, inherited: bool) -> str:
    flags = [word for word, letter in _FLAGS.items() if letter in entry.flags] + [_INHERITED] * inherited
    head = ":".join((entry.who, _summary(entry.permissions), entry.kind, *flags))
    return f"{head}\n{_line(_FIRST, entry.permissions)}\n{_line(_SECOND, entry.permissions)}\n"


def _line(names: dict[str, str], permissions: str) -> str:
    cells: Sequence[str] = [f"({'X' if letter in permissions else '-'}){name}" for name, letter in names.items()]
    widths = (max(len(first), len(second)) + 3 for first, second in zip(_FIRST, _SECOND, strict=True))
    return " " + " ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
