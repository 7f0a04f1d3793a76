"""Values of the sandbox's Spectrum Scale → the JSON of REST v2, member for member as IBM's reference has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.scale.state import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.scale.state import Fileset, FileSystem, Job, Scale

Json = dict[str, object]

PATHS = (
    "/bucket/keys",
    "/filesystems",
    "/filesystems/{filesystemName}",
    "/filesystems/{filesystemName}/acl/{path}",
    "/filesystems/{filesystemName}/afm/state",
    "/filesystems/{filesystemName}/filesets",
    "/filesystems/{filesystemName}/filesets/cos",
    "/filesystems/{filesystemName}/filesets/{filesetName}",
    "/filesystems/{filesystemName}/filesets/{filesetName}/quotas",
    "/filesystems/{filesystemName}/filesets/{filesetName}/snapshots",
    "/filesystems/{filesystemName}/quotas",
    "/filesystems/{filesystemName}/snapshots",
    "/info",
    "/jobs/{jobId}",
    "/nodes",
    "/nodes/afm/mapping",
    "/refreshTask/enqueue",
)


def status(code: int, message: str = "The request finished successfully.") -> Json:
    """The envelope's own part."""
    return {"status": {"code": code, "message": message}}


def info(paths: Sequence[str] | None) -> Json:
    """The release and what it offers; named by the sandbox, as it is none of IBM's."""
    offered = {path: ["GET"] for path in (PATHS if paths is None else paths)}
    return {"info": {"name": "sandbox", "restApiVersion": "2.3.0", "serverVersion": VERSION, "paths": offered}}


def file_system(one: FileSystem) -> Json:
    """With what the product reads of it."""
    return {
        "name": one.name,
        "type": "local",
        "mount": {"mountPoint": one.mount, "status": "mounted"},
        "quota": {"quotasEnforced": "user;group;fileset", "perfilesetQuotas": False, "filesetdfEnabled": False},
        "settings": {"ACLSemantics": "nfs4"},
    }


def fileset(of: str, one: Fileset, created: str) -> Json:
    """All fields."""
    shown: Json = {
        "filesetName": one.name,
        "filesystemName": of,
        "config": {
            "filesetName": one.name,
            "filesystemName": of,
            "path": one.path or "--",
            "id": one.number,
            "parentId": 0,
            "inodeSpace": one.inode_space,
            "isInodeSpaceOwner": True,
            "status": one.status,
            "created": created,
            "comment": one.comment,
            "permissionChangeMode": "chmodAndSetAcl",
        },
    }
    if one.afm_mode:
        shown["afm"] = {"afmMode": one.afm_mode, "afmTarget": one.afm_target, "afmAsyncDelay": "15"}
        shown["state"] = {"afmState": "enabled"}
    return shown


def quota(of: str, one: Fileset) -> Json:
    """Of a fileset; blocks are KiB."""
    return {
        "quotaType": "FILESET",
        "filesystemName": of,
        "filesetName": "root",
        "objectName": one.name,
        "objectId": one.number,
        "blockUsage": one.block_usage,
        "blockQuota": one.block_limit,
        "blockLimit": one.block_limit,
        "blockInDoubt": 0,
        "blockGrace": "none",
        "filesUsage": one.files_usage,
        "filesQuota": one.files_limit,
        "filesLimit": one.files_limit,
        "filesInDoubt": 0,
        "filesGrace": "none",
        "defaultQuota": False,
    }


def snapshots(of: str, one: Fileset, created: str) -> list[Json]:
    """Of a fileset."""
    return [
        {
            "snapshotName": name,
            "filesystemName": of,
            "filesetName": one.name,
            "snapID": number,
            "status": "Valid",
            "created": created,
        }
        for number, name in enumerate(one.snapshots, start=1)
    ]


def afm_state(of: str, one: Fileset, gateway: str) -> Json:
    """Of an AFM fileset."""
    return {
        "filesystemName": of,
        "filesetName": one.name,
        "filesetId": one.number,
        "filesetTarget": one.afm_target,
        "cacheState": one.cache_state or "Inactive",
        "gatewayNodeName": gateway,
        "queueLength": one.queued,
    }


def nodes(scale: Scale) -> list[Json]:
    """One without roles beside the gateways."""
    roles = {"storage1-nsd1": False, **dict.fromkeys(scale.gateways, True)}
    return [{"adminNodeName": name, "roles": {"gatewayNode": gateway}} for name, gateway in roles.items()]


def job(one: Job) -> Json:
    """With what was asked echoed, keys and all, as the real one does."""
    running = one.polls > 0
    word = "RUNNING" if running else "UNKNOWN" if one.lost else "FAILED" if one.code else "COMPLETED"
    failed = bool(one.code) and not running
    return {
        "jobId": one.number,
        "status": word,
        "submitted": "2026-11-03 09:00:00,000",
        "completed": "N/A" if running else "2026-11-03 09:00:03,000",
        "runtime": 3000,
        "request": {"type": one.method, "url": one.url, "data": one.data},
        "result": {
            "commands": [f"mm{one.url.rpartition('/')[2]} {' '.join(map(str, one.data.values()))}"],
            "progress": [],
            "exitCode": 0 if running else int(failed),
            "stderr": [f"{one.code} {one.stderr}"] if failed else [],
            "stdout": [],
        },
    }


def paged(key: str, entries: Sequence[Json], last: int, page: int, path: str) -> Json:
    """One page of a list: those after ``last``, which counts entries, and how to go on if there are more."""
    shown = list(entries[last : last + page])
    answer: Json = {key: shown, **status(200)}
    end = last + len(shown)
    if end < len(entries):
        answer["paging"] = {
            "baseUrl": f"/scalemgmt/v2/{path}",
            "lastId": end,
            "next": f"https://localhost:443/scalemgmt/v2/{path}?lastId={end}",
        }
    return answer
