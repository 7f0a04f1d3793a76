"""Changes of the sandbox's Spectrum Scale: each is a job, which fails as the real one's command would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.scale.state import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.scale.answers import Json
    from ris_hybrid.sandbox.scale.state import FileSystem, Scale

    Fault = tuple[str, str]
    Change = Callable[["Scale", tuple[str, ...], Json], Fault | None]

_MODES = {
    "sw": "single-writer",
    "iw": "independent-writer",
    "ro": "read-only",
    "lu": "local-updates",
    "mu": "manual-updates",
}
_KIB = {"K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}


def begun(scale: Scale, method: str, path: str, body: Json, change: Change, parts: tuple[str, ...]) -> Job:
    """A new job. What it does is done at once; how it ended is told after so many looks."""
    fault = scale.script.fail_jobs.pop(0) if scale.script.fail_jobs else change(scale, parts, body)
    lost = scale.script.lose_jobs > 0 or scale.script.lose_after == 0
    scale.script.lose_jobs -= scale.script.lose_jobs > 0
    scale.script.lose_after -= 1
    number = 1_000_000_000 + len(scale.jobs)
    made = Job(number=number, method=method, url=f"/scalemgmt/v2/{path}", data=body, polls=scale.script.polls)
    made.code, made.stderr = fault or ("", "")
    made.lost = lost
    scale.jobs[number] = made
    return made


def _no_file_system(name: str) -> Fault:
    return "EFSSG0264C", f"The file system {name} does not exist."


def _create(scale: Scale, parts: tuple[str, ...], body: Json) -> Fault | None:
    found, name = scale.file_systems.get(parts[0]), str(body.get("filesetName", ""))
    if found is None:
        return _no_file_system(parts[0])
    if found.fileset(name):
        return "EFSSP1102C", f"The fileset {name} already exists in the file system {found.name}."
    made = found.add(name, str(body.get("path", "")), comment=str(body.get("comment", "")))
    made.inode_space = made.number
    return None


def _set_quota(scale: Scale, parts: tuple[str, ...], body: Json) -> Fault | None:
    found = scale.file_systems.get(parts[0])
    one = found.fileset(str(body.get("objectName", ""))) if found else None
    if one is None:
        return "EFSSG0072C", f"The fileset {body.get('objectName')} does not exist."
    limit = str(body.get("blockHardLimit", "0"))
    one.block_limit, one.has_quota = int(limit[:-1]) * _KIB[limit[-1]], True
    return None


def _put_acl(scale: Scale, parts: tuple[str, ...], body: Json) -> Fault | None:
    found, entries = scale.file_systems.get(parts[0]), body.get("entries")
    if found is None or not isinstance(entries, list):
        return _no_file_system(parts[0])
    found.acls[parts[1]] = entries
    return None


def _put_keys(scale: Scale, _parts: tuple[str, ...], body: Json) -> Fault | None:
    if not (body.get("accessKey") and body.get("secretKey")):
        return "EFSSG0019C", f"Access and secret key of bucket {body.get('bucket')} are needed."
    scale.buckets[str(body.get("bucket"))] = str(body.get("server", ""))
    return None


def _map(scale: Scale, _parts: tuple[str, ...], body: Json) -> Fault | None:
    name, exports = str(body.get("mapName", "")), body.get("exportMap")
    if name in scale.mappings:
        return "EFSSG0019C", f"The mapping {name} already exists."
    scale.mappings[name] = [str(each) for each in exports] if isinstance(exports, list) else []
    return None


def _relate(scale: Scale, parts: tuple[str, ...], body: Json) -> Fault | None:
    found, name, bucket = scale.file_systems.get(parts[0]), str(body.get("filesetName")), str(body.get("bucket"))
    if found is None:
        return _no_file_system(parts[0])
    if found.fileset(name):
        return "EFSSP1102C", f"The fileset {name} already exists in the file system {found.name}."
    if bucket not in scale.buckets:
        return "EFSSG0019C", f"No keys are set for bucket {bucket}."
    target, mode = f"{body.get('endpoint')}/{bucket}", _MODES[str(body.get("mode"))]
    _afm_fileset(found, name, mode, target)
    return None


def _afm_fileset(found: FileSystem, name: str, mode: str, target: str) -> None:
    made = found.add(name, f"{found.mount}/{name}", afm_mode=mode, afm_target=target)
    made.cache_state, made.inode_space, made.drains = "Active", made.number, True


_FS = "filesystems/([^/]+)"
CHANGES: tuple[tuple[str, str, Change], ...] = (
    ("POST", f"{_FS}/filesets", _create),
    ("POST", f"{_FS}/filesets/cos", _relate),
    ("POST", f"{_FS}/quotas", _set_quota),
    ("PUT", f"{_FS}/acl/(.+)", _put_acl),
    ("PUT", "bucket/keys", _put_keys),
    ("POST", "nodes/afm/mapping", _map),
)
