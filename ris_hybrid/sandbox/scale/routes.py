"""Which call of REST v2 is which question or change of the sandbox's Spectrum Scale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.scale import answers
from ris_hybrid.sandbox.scale.changes import CHANGES, begun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.scale.answers import Json
    from ris_hybrid.sandbox.scale.state import Fileset, FileSystem, Job, Scale

READERS = frozenset({"Monitor", "Administrator", "StorageAdmin", "DataAccess"})
WRITERS = frozenset({"Administrator", "StorageAdmin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as the routes see it."""

    scale: Scale
    parts: tuple[str, ...]
    query: Mapping[str, str]
    path: str

    def page(self, key: str, entries: list[Json]) -> tuple[int, Json]:
        """One page of a list."""
        last = self.query.get("lastId", "0")
        return 200, answers.paged(key, entries, int(last) if last.isdigit() else 0, self.scale.page, self.path)


class NotThere(Exception):
    """A name that is none, in REST's own words."""

    def __init__(self, member: str) -> None:
        super().__init__(f"Invalid value in '{member}'")


def answered(scale: Scale, method: str, path: str, query: Mapping[str, str], body: Json) -> tuple[int, Json]:
    """Status and document."""
    try:
        for verb, pattern, route in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return route(Call(scale=scale, parts=found.groups(), query=query, path=path))
        for verb, pattern, change in CHANGES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return 202, {
                    "jobs": [answers.job(begun(scale, method, path, body, change, found.groups()))],
                    **_ACCEPTED,
                }
    except NotThere as error:
        return 400, answers.status(400, str(error))
    return 404, answers.status(404, "The requested resource is not available.")


_ACCEPTED = answers.status(202, "The request was accepted for processing.")


def _info(call: Call) -> tuple[int, Json]:
    return 200, {**answers.info(call.scale.paths), **answers.status(200)}


def _nodes(call: Call) -> tuple[int, Json]:
    return call.page("nodes", answers.nodes(call.scale))


def _mappings(call: Call) -> tuple[int, Json]:
    shown: list[Json] = [{"mapName": name, "exportMap": pairs} for name, pairs in call.scale.mappings.items()]
    return call.page("mappings", shown)


def _file_systems(call: Call) -> tuple[int, Json]:
    return call.page("filesystems", [answers.file_system(one) for one in call.scale.file_systems.values()])


def _file_system(call: Call) -> tuple[int, Json]:
    return call.page("filesystems", [answers.file_system(_fs(call))])


def _filesets(call: Call) -> tuple[int, Json]:
    of = _fs(call)
    return call.page("filesets", [answers.fileset(of.name, one, call.scale.created) for one in of.filesets])


def _fileset(call: Call) -> tuple[int, Json]:
    return call.page("filesets", [answers.fileset(_fs(call).name, _one(call), call.scale.created)])


def _quotas(call: Call) -> tuple[int, Json]:
    of = _fs(call)
    return call.page("quotas", [answers.quota(of.name, one) for one in of.filesets if one.has_quota])


def _fileset_quotas(call: Call) -> tuple[int, Json]:
    of, one = _fs(call), _one(call)
    return call.page("quotas", [answers.quota(of.name, one)] if one.has_quota else [])


def _no_snapshots(call: Call) -> tuple[int, Json]:
    _fs(call)
    return call.page("snapshots", [])


def _snapshots(call: Call) -> tuple[int, Json]:
    return call.page("snapshots", answers.snapshots(_fs(call).name, _one(call), call.scale.created))


def _afm(call: Call) -> tuple[int, Json]:
    of = _fs(call)
    gateway = (call.scale.gateways or [""])[0]
    caches = [] if call.scale.hide_states else [one for one in of.filesets if one.afm_mode]
    shown = [answers.afm_state(of.name, one, gateway) for one in caches]
    for one in caches:
        _drain(one)
    return call.page("filesetAfmStateList", shown)


def _drain(one: Fileset) -> None:
    """What waits goes home after it was looked at, where the cache is one that reaches its home."""
    if one.drains and one.cache_state in {"Dirty", "FlushOnly"}:
        one.queued = 0
        one.cache_state = "Active"


def _acl(call: Call) -> tuple[int, Json]:
    entries = _fs(call).acls.get(call.parts[1])
    if entries is None:
        return 400, answers.status(400, f"Invalid value in 'path': {call.parts[1]}")
    return 200, {"acl": {"type": "NFSv4", "entries": entries}, **answers.status(200)}


def _job(call: Call) -> tuple[int, Json]:
    found: Job | None = call.scale.jobs.get(int(call.parts[0]))
    if found is None:
        raise NotThere("jobId")
    found.polls -= 1
    return 200, {"jobs": [answers.job(found)], **answers.status(200)}


def _refresh(call: Call) -> tuple[int, Json]:
    call.scale.refreshed.append(call.query.get("taskId", ""))
    return 202, _ACCEPTED


def _fs(call: Call) -> FileSystem:
    found = call.scale.file_systems.get(call.parts[0])
    if found is None:
        raise NotThere("filesystemName")
    return found


def _one(call: Call) -> Fileset:
    found = _fs(call).fileset(call.parts[1])
    if found is None:
        raise NotThere("filesetName")
    return found


_FS = "filesystems/([^/]+)"
_ROUTES: tuple[tuple[str, str, Callable[[Call], tuple[int, Json]]], ...] = (
    ("GET", "info", _info),
    ("GET", "nodes", _nodes),
    ("GET", "nodes/afm/mapping", _mappings),
    ("GET", "filesystems", _file_systems),
    ("GET", _FS, _file_system),
    ("GET", f"{_FS}/filesets", _filesets),
    ("GET", f"{_FS}/filesets/([^/]+)", _fileset),
    ("GET", f"{_FS}/quotas", _quotas),
    ("GET", f"{_FS}/filesets/([^/]+)/quotas", _fileset_quotas),
    ("GET", f"{_FS}/snapshots", _no_snapshots),
    ("GET", f"{_FS}/filesets/([^/]+)/snapshots", _snapshots),
    ("GET", f"{_FS}/afm/state", _afm),
    ("GET", f"{_FS}/acl/(.+)", _acl),
    ("GET", "jobs/([0-9]+)", _job),
    ("POST", "refreshTask/enqueue", _refresh),
)
