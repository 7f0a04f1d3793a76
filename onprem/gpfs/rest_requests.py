"""What is asked of Spectrum Scale's REST v2, as values; secrets of a body are never in what is shown (pure).

Paths are relative to ``/scalemgmt/v2/``; names in them are percent-encoded whole, slashes too (IBM Storage Scale,
"REST API v2 endpoints").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import quote, urlencode

from onprem.gpfs.rest_words import hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.scale import CosRelation, FilesetWanted

Document = Mapping[str, object]
Method = Literal["GET", "POST", "PUT"]
Role = Literal["Monitor", "Administrator or StorageAdmin"]

INFO = "info"
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. ``role`` is what GUI user's role it takes, for whoever is told that it was not enough."""

    method: Method = "GET"
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Document | None = field(default=None, repr=False)
    role: Role = "Monitor"

    @property
    def target(self) -> str:
        """Path and query as they are sent; GPFS's own ``:`` and ``=`` in values stay readable."""
        return f"{self.path}?{urlencode(self.query, safe=':=,')}" if self.query else self.path

    def shown(self) -> str:
        """For people, with every secret as ``***``."""
        line = f"{self.method} {self.target}"
        return line if self.body is None else f"{line}\n{json.dumps(hidden(self.body), indent=2)}"


class Asks(Protocol):
    """Sends requests. Raises ``SiteUnavailable`` when it did not answer, ``Refused`` when it says no."""

    def ask(self, request: Request) -> Document | None:
        """The answer; None where REST says that what the path names is not there."""
        ...

    def pages(self, request: Request) -> Iterator[Document]:
        """Every page of an answer; none where what the path names is not there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketKeys:
    """An access key pair of a bucket; its repr says nothing."""

    access: str = field(repr=False)
    secret: str = field(repr=False)


def encoded(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")


def reading(*segments: str, **query: str) -> Request:
    """A read of everything there is to say of something."""
    return Request(path="/".join(segments), query={"fields": ":all:", **query})


def filesets(file_system: str) -> Request:
    """Of one file system."""
    return reading("filesystems", encoded(file_system), "filesets")


def fileset(file_system: str, name: str) -> Request:
    """One of them."""
    return reading("filesystems", encoded(file_system), "filesets", encoded(name))


def quotas(file_system: str) -> Request:
    """Of the filesets of one file system."""
    return reading("filesystems", encoded(file_system), "quotas", filter="quotaType=FILESET")


def fileset_quotas(file_system: str, name: str) -> Request:
    """Of one fileset."""
    return reading("filesystems", encoded(file_system), "filesets", encoded(name), "quotas")


def snapshots(file_system: str, name: str = "") -> Request:
    """Of one fileset, or those of the whole file system."""
    of = ("filesets", encoded(name)) if name else ()
    return reading("filesystems", encoded(file_system), *of, "snapshots")


def afm_states(file_system: str) -> Request:
    """Of every AFM fileset of one file system."""
    return reading("filesystems", encoded(file_system), "afm", "state")


def acl(file_system: str, below_mount: str) -> Request:
    """Of a path relative to the mount point."""
    return Request(path=f"filesystems/{encoded(file_system)}/acl/{encoded(below_mount)}")


def job(job_id: int) -> Request:
    """How it goes."""
    return reading("jobs", str(job_id))


def refresh(task: str) -> Request:
    """Let the GUI look again at once; what it shows is otherwise minutes old."""
    return _change("POST", "refreshTask/enqueue", query={"taskId": task, "maxDelay": "0"})


def new_fileset(wanted: FilesetWanted) -> Request:
    """An independent fileset, created and linked by one job."""
    body = {
        "filesetName": wanted.name,
        "path": wanted.path,
        "owner": wanted.owner,
        "permissions": wanted.permissions,
        "inodeSpace": "new",
        "permissionChangeMode": "chmodAndSetAcl",  # the one of the modes that keep ACLs which every release has
        "comment": wanted.comment,
    }
    return _change("POST", f"filesystems/{encoded(wanted.file_system)}/filesets", body)


def quota(file_system: str, name: str, hard_bytes: int) -> Request:
    """Block limits, hard and soft alike, rounded up to whole KiB."""
    limit = f"{kib(hard_bytes)}K"
    body = {
        "operationType": "setQuota",
        "quotaType": "FILESET",
        "objectName": name,
        "blockSoftLimit": limit,
        "blockHardLimit": limit,
    }
    return _change("POST", f"filesystems/{encoded(file_system)}/quotas", body)


def kib(size: int) -> int:
    """Whole KiB that hold so many bytes."""
    return -(-size // _KIB)


def bucket_keys(bucket: str, server: str, keys: BucketKeys) -> Request:
    """The keys of a bucket, as the cluster keeps them."""
    body = {"bucket": bucket, "accessKey": keys.access, "secretKey": keys.secret, "server": server}
    return _change("PUT", "bucket/keys", body)


def mappings() -> Request:
    """Every mapping there is."""
    return reading("nodes", "afm", "mapping")


def mapping(name: str, server: str, gateways: tuple[str, ...]) -> Request:
    """Which gateway nodes serve a server of buckets."""
    body = {"mapName": name, "exportMap": [f"{server}/{node}" for node in gateways], "noServerResolution": True}
    return _change("POST", "nodes/afm/mapping", body)


def cos_fileset(relation: CosRelation, map_name: str, scheme: str, port: int) -> Request:
    """The AFM fileset over the bucket, reached by the mapping."""
    body = {
        "filesetName": relation.fileset,
        "mode": relation.mode,
        "endpoint": f"{scheme}://{map_name}:{port}",
        "useObjectFs": True,
        "bucket": relation.bucket,
        "useSslCertVerify": scheme == "https",
        "verifyKeys": True,
    }
    return _change("POST", f"filesystems/{encoded(relation.file_system)}/filesets/cos", body)


def _change(
    method: Literal["POST", "PUT"], path: str, body: Document | None = None, query: Mapping[str, str] | None = None
) -> Request:
    return Request(method=method, path=path, query=query or {}, body=body, role="Administrator or StorageAdmin")
