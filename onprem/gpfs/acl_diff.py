"""Two access lists, the wanted and the found → what differs, and what each difference lets people do or not.

Order counts only where a deny entry is: entries that allow add up. The flag ``g`` repeats that an entry is of a group
and is not compared. Directories' and files' grants are told apart by their flags.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ris_hybrid.data.scale import Acl, AclEntry

Kind = Literal["missing", "extra", "less", "more", "order"]
_WRITING = frozenset("wmDdANCo")


@dataclass(frozen=True, slots=True, kw_only=True)
class AclDifference:
    """One way in which the found list is not the wanted one."""

    kind: Kind
    who: str
    reason: str


def differences(wanted: Acl, found: Acl) -> tuple[AclDifference, ...]:
    """In the order of the wanted list, then what is found beyond it; empty when both grant the same."""
    asked, there = _granted(wanted), _granted(found)
    told = [_missing(key, asked[key]) for key in asked if key not in there]
    told += [one for key in asked if key in there for one in _compared(key, asked[key], there[key])]
    told += [_extra(key, there[key]) for key in there if key not in asked]
    if not told and _has_deny(wanted) and _order(wanted) != _order(found):
        told.append(AclDifference(kind="order", who="", reason="the entries are in another order, and some deny"))
    return tuple(told)


_Key = tuple[str, str, str]  # kind, who, flags


def _granted(acl: Acl) -> dict[_Key, str]:
    """What each may by all its entries of one kind and inheritance together."""
    together: dict[_Key, Counter[str]] = {}
    for one in acl.entries:
        together.setdefault(_key(one), Counter()).update(one.permissions)
    return {key: "".join(letters) for key, letters in together.items()}


def _key(entry: AclEntry) -> _Key:
    return entry.kind, entry.who, "".join(letter for letter in "fdi" if letter in entry.flags)


def _missing(key: _Key, permissions: str) -> AclDifference:
    return AclDifference(kind="missing", who=key[1], reason=f"no {_named(key)} with {permissions}")


def _extra(key: _Key, permissions: str) -> AclDifference:
    may = " and may change data" if key[0] == "allow" and _WRITING & set(permissions) else ""
    return AclDifference(kind="extra", who=key[1], reason=f"{_named(key)} with {permissions} was not asked for{may}")


def _compared(key: _Key, asked: str, there: str) -> list[AclDifference]:
    less = "".join(letter for letter in asked if letter not in there)
    more = "".join(letter for letter in there if letter not in asked)
    told = []
    if less:
        told.append(AclDifference(kind="less", who=key[1], reason=f"{_named(key)} lacks {less}"))
    if more:
        told.append(AclDifference(kind="more", who=key[1], reason=f"{_named(key)} has {more} beyond what was asked"))
    return told


def _named(key: _Key) -> str:
    kind, who, flags = key
    inherits = {"f": "files", "d": "directories", "fd": "files and directories"}.get(flags.replace("i", ""), "")
    only = "only " if "i" in flags else ""
    return f"{kind} entry of {who}{f' that {only}{inherits} inherit' if inherits else ''}"


def _has_deny(acl: Acl) -> bool:
    return any(one.kind == "deny" for one in acl.entries)


def _order(acl: Acl) -> list[_Key]:
    return [_key(one) for one in acl.entries]
