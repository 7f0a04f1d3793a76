"""JSON of Spectrum Scale's REST v2 → the values all surfaces share (pure).

A *document* is one page of an answer; a question has one or more. Block figures of quotas are KiB, 0 is no limit
(IBM Storage Scale, "REST API v2 endpoints"). A shape that is not as documented raises ``SiteUnavailable``: what was
not understood is unknown, never empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from onprem.gpfs.rows import NONE
from ris_hybrid.data.scale import Acl, AclEntry, CacheState, ScaleFileset, Snapshot, afm_health
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    from onprem.gpfs.rest_requests import Document

_KIB = 1024
_NO_AFM = frozenset({"off", "disable", "disabled", "none"})
PERMISSIONS = "rwmxDdaAnNcCos"
FLAGS = "fdig"


def filesets(documents: Iterable[Document], file_system: str = "") -> tuple[ScaleFileset, ...]:
    """Every fileset, root and deleted ones too, without quotas; ``file_system`` where an entry names none."""
    return tuple(_fileset(entry, file_system) for entry in _entries(documents, "filesets"))


def with_quotas(
    found: Iterable[ScaleFileset], documents: Iterable[Document], file_system: str = ""
) -> tuple[ScaleFileset, ...]:
    """The filesets with limits and use; one that the answer does not have has no limit."""
    by_name: dict[tuple[str, str], Mapping[str, object]] = {}
    for entry in _entries(documents, "quotas"):
        if str(entry.get("quotaType", "FILESET")).upper() == "FILESET":
            name = _text(entry, "objectName") or _text(entry, "filesetName")
            by_name[_text(entry, "filesystemName") or file_system, name] = entry
    return tuple(_limited(one, by_name.get((one.file_system, one.name))) for one in found)


def snapshots(documents: Iterable[Document], file_system: str, fileset: str = "") -> tuple[Snapshot, ...]:
    """Of the fileset asked about, or of the file system; an entry that names its own fileset is believed."""
    return tuple(
        Snapshot(
            file_system=_text(entry, "filesystemName") or file_system,
            name=_needed(entry, "snapshotName"),
            fileset=_text(entry, "filesetName") or fileset,
            status=_text(entry, "status"),
            created=_text(entry, "created"),
        )
        for entry in _entries(documents, "snapshots")
    )


def cache_states(documents: Iterable[Document], file_system: str) -> dict[str, CacheState]:
    """By fileset, of every one with an AFM relation.

    IBM's reference prints the entries' members under ``filesetAfmState`` and the list as ``filesetAfmStateList``; an
    entry that wraps its members and one that does not are both taken.
    """
    found: dict[str, CacheState] = {}
    for outer in _entries(documents, "filesetAfmStateList"):
        inner = outer.get("filesetAfmState")
        entry = inner if isinstance(inner, Mapping) else outer
        state = _cache_state(entry, file_system)
        found[state.fileset] = state
    return found


def acl(document: Document, path: str) -> Acl:
    """The access list of a path; raises ``SiteUnavailable`` where it is none of NFSv4."""
    listed = _object(document, "acl")
    kind = _text(listed, "type")
    if kind != "NFSv4":
        raise SiteUnavailable(f"its access list is of type {kind or 'unknown'}, expected NFSv4")
    entries = listed.get("entries")
    if not isinstance(entries, list):
        raise SiteUnavailable("REST's answer has no list 'entries'")
    return Acl(path=path, entries=tuple(_acl_entry(_mapping(each, "entries")) for each in entries))


def mount_point(document: Document) -> str:
    """Where the cluster mounts a file system; empty where it does not say."""
    (entry, *_) = [*_entries([document], "filesystems"), {}]
    mount = entry.get("mount")
    point = _text(mount, "mountPoint") if isinstance(mount, Mapping) else ""
    return point.rstrip("/") if point.startswith("/") else ""


def gateways(documents: Iterable[Document]) -> tuple[str, ...]:
    """Names of the nodes that are AFM gateways."""
    names = []
    for entry in _entries(documents, "nodes"):
        roles = entry.get("roles")
        if isinstance(roles, Mapping) and roles.get("gatewayNode") is True:
            names.append(_text(entry, "adminNodeName") or _text(entry, "name"))
    return tuple(name for name in names if name)


def mappings(documents: Iterable[Document]) -> dict[str, tuple[str, ...]]:
    """Name of a mapping to its ``server/gateway`` pairs; some releases give one as text."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in _entries(documents, "mappings"):
        pairs = entry.get("exportMap")
        found[_needed(entry, "mapName")] = tuple(map(str, pairs)) if isinstance(pairs, list) else (str(pairs or ""),)
    return found


def server_version(document: Document) -> str:
    """Of the GUI, as ``info`` says."""
    return _text(_object(document, "info"), "serverVersion")


def paths(document: Document) -> tuple[str, ...]:
    """What the GUI's release offers, as ``info`` says; empty where it does not."""
    offered = _object(document, "info").get("paths")
    return tuple(sorted(map(str, offered))) if isinstance(offered, Mapping | list) else ()


def _fileset(entry: Mapping[str, object], file_system: str) -> ScaleFileset:
    config, afm = _object(entry, "config"), entry.get("afm")
    relation = afm if isinstance(afm, Mapping) else {}
    name = _text(entry, "filesetName") or _text(config, "filesetName")
    if not name:
        raise SiteUnavailable("a fileset without filesetName: is it REST's answer to filesets with fields=:all:?")
    return ScaleFileset(
        file_system=_text(config, "filesystemName") or _text(entry, "filesystemName") or file_system,
        name=name,
        path=_text(config, "path"),
        status=_text(config, "status"),
        afm_mode="" if _text(relation, "afmMode").casefold() in _NO_AFM else _text(relation, "afmMode"),
        afm_target=_text(relation, "afmTarget"),
        comment=_text(config, "comment"),
        inode_space=_number(config, "inodeSpace"),
    )


def _cache_state(entry: Mapping[str, object], file_system: str) -> CacheState:
    """One that is active without the length of its queue is not taken for clean."""
    word, queued = _needed(entry, "cacheState"), _number(entry, "queueLength")
    health, reason = afm_health(word, queued)
    if health == "clean" and queued is None:
        health, reason = "unknown", f"{word}: REST does not say how much is queued"
    return CacheState(
        file_system=file_system,
        fileset=_needed(entry, "filesetName"),
        health=health,
        state=word,
        queued=queued,
        gateway=_text(entry, "gatewayNodeName"),
        reason=reason,
    )


def _limited(fileset: ScaleFileset, entry: Mapping[str, object] | None) -> ScaleFileset:
    if entry is None:
        return fileset
    return replace(
        fileset,
        quota_bytes=_kib(entry, "blockLimit") or None,
        used_bytes=_kib(entry, "blockUsage"),
        in_doubt_bytes=_kib(entry, "blockInDoubt"),
        files_limit=_number(entry, "filesLimit") or None,
        files_used=_number(entry, "filesUsage"),
    )


def _acl_entry(entry: Mapping[str, object]) -> AclEntry:
    return AclEntry(
        kind=_kind(_needed(entry, "type")),
        who=_needed(entry, "who"),
        permissions=_letters(entry, "permissions", PERMISSIONS),
        flags=_letters(entry, "flags", FLAGS),
    )


def _kind(word: str) -> Literal["allow", "deny"]:
    if word == "allow":
        return "allow"
    if word == "deny":
        return "deny"
    raise SiteUnavailable(f"an access list's entry is neither allow nor deny: {word[:60]!r}")


def _letters(entry: Mapping[str, object], key: str, known: str) -> str:
    """The letters in our order; an unknown one would be lost, so it is refused."""
    given = _text(entry, key)
    if set(given) - set(known):
        raise SiteUnavailable(f"{key} of an access list: expected letters of {known}, found {given[:60]!r}")
    return "".join(letter for letter in known if letter in given)


def _entries(documents: Iterable[Document], key: str) -> Iterator[Mapping[str, object]]:
    for document in documents:
        listed = document.get(key)
        if not isinstance(listed, list):
            raise SiteUnavailable(f"REST's answer has no list {key!r}")
        for entry in listed:
            yield _mapping(entry, key)


def _object(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    return _mapping(document.get(key), key)


def _mapping(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise SiteUnavailable(f"REST's answer: {key!r} is not an object")
    return value


def _text(entry: Mapping[str, object], key: str) -> str:
    """Of a member; empty where it says that there is none."""
    value = entry.get(key)
    text = "" if value is None else str(value)
    return "" if text in NONE else text


def _needed(entry: Mapping[str, object], key: str) -> str:
    text = _text(entry, key)
    if not text:
        raise SiteUnavailable(f"REST's answer: an entry has no {key}")
    return text


def _kib(entry: Mapping[str, object], key: str) -> int | None:
    number = _number(entry, key)
    return None if number is None else number * _KIB


def _number(entry: Mapping[str, object], key: str) -> int | None:
    """A whole number, which some releases write as text; None where there is none."""
    value = entry.get(key)
    text = str(value)
    if value is None or isinstance(value, bool) or text in NONE:
        return None
    if not (text.isascii() and text.isdigit()):
        raise SiteUnavailable(f"REST's answer: {key}: expected a whole number, found {text[:60]!r}")
    return int(text)
