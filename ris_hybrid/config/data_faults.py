"""What is wrong with a data.yaml whose types are right: figures, addresses, ids, paths, and how they fit (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ris_hybrid.config.figures import below, not_above_zero
from ris_hybrid.config.image_faults import image_faults
from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.config.document import Loc
    from ris_hybrid.config.figures import Fault
    from ris_hybrid.data.settings import Afm, DataSettings, DataSync, Globus, Gpfs, Mounted

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_AGENT = re.compile(r"arn:aws(-[a-z]+)*:datasync:[a-z0-9-]+:[0-9]{12}:agent/agent-[0-9a-z]+")
_ROLE = re.compile(r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_ACTIVE, _MOST_PENDING, _MOST_CALLS = 3, 100, 20.0  # of one identity, Globus's limits


def faults(settings: DataSettings) -> Iterator[Fault]:
    """Every one."""
    for key in ("mirror", "burst", "journal", "root"):
        yield from _given((key,), getattr(settings, key))
    yield from _gpfs(settings.gpfs)
    if settings.globus:
        yield from _globus(settings.globus)
    if settings.afm:
        yield from _afm(settings.afm)
    if settings.datasync:
        yield from _datasync(settings.datasync)
    if settings.mounted:
        yield from _mounted(settings.mounted)
    for key in ("egress_usd_per_gb", "put_usd_per_thousand", "get_usd_per_thousand", "storage_usd_per_gb_month"):
        yield from below(("prices", key), getattr(settings.prices, key), 0)
    yield from below(("prices", "kms_usd_per_ten_thousand"), settings.prices.kms_usd_per_ten_thousand, 0)
    yield from _bounds(settings)
    yield from _absolute(("needs", "roots"), settings.needs.roots)
    yield from image_faults(settings.images)


def _gpfs(gpfs: Gpfs) -> Iterator[Fault]:
    here: Loc = ("gpfs",)
    yield from _shape((*here, "file_system"), gpfs.file_system, _DEVICE, "the name of a file system")
    if gpfs.cache:
        yield from _shape((*here, "cache"), gpfs.cache, _DEVICE, "the name of a file system")
    if not (gpfs.listing or gpfs.guis or gpfs.commands):
        yield here, "expected at least one of listing, guis and commands, found none: nobody could be asked"
    for index, gui in enumerate(gpfs.guis):
        if not _is_gui(gui):
            expected = "https://HOST[:PORT] of a GUI node (http:// only on this machine)"
            yield (*here, "guis", index), f"expected {expected}, found {found(gui)}"
    for key in ("user", "password_file"):
        if gpfs.guis and not getattr(gpfs, key).strip():
            yield (*here, key), "expected a value beside guis, found nothing"


def _globus(globus: Globus) -> Iterator[Fault]:
    for key in ("client_id", "site_collection", "cloud_collection"):
        yield from _shape(("globus", key), getattr(globus, key), _UUID, "a UUID")
    if globus.site_collection.lower() == globus.cloud_collection.lower():
        yield ("globus", "cloud_collection"), "expected another collection than site_collection"
    yield from _given(("globus", "secret_file"), globus.secret_file)
    yield from _absolute(("globus",), (globus.site_base,), "site_base")
    yield from not_above_zero(("globus", "gbit_per_s"), globus.gbit_per_s)
    for key, most in (("active_tasks", _MOST_ACTIVE), ("pending_tasks", _MOST_PENDING)):
        if not 1 <= getattr(globus, key) <= most:
            text = f"expected 1 to {most}, Globus's limit for one identity, found {found(getattr(globus, key))}"
            yield ("globus", key), text
    if not 0 < globus.calls_per_s <= _MOST_CALLS:
        yield ("globus", "calls_per_s"), f"expected above 0, at most {_MOST_CALLS:g}, found {found(globus.calls_per_s)}"


def _afm(afm: Afm) -> Iterator[Fault]:
    for allocation, fileset in afm.filesets.items():
        yield from _shape(("afm", "filesets", allocation), fileset, _DEVICE, "the name of a fileset")
    for bucket, path in afm.key_files.items():
        yield from _shape(("afm", "key_files", bucket), bucket, _BUCKET, "the name of a bucket as key")
        yield from _given(("afm", "key_files", bucket), path)
    yield from not_above_zero(("afm", "gbit_per_s"), afm.gbit_per_s)


def _datasync(datasync: DataSync) -> Iterator[Fault]:
    if not datasync.agent_arns:
        yield ("datasync", "agent_arns"), "expected at least one, found none"
    for index, arn in enumerate(datasync.agent_arns):
        yield from _shape(("datasync", "agent_arns", index), arn, _AGENT, "the ARN of a DataSync agent")
    yield from _shape(("datasync", "nfs_host"), datasync.nfs_host, _HOST, "the name of a host")
    yield from _shape(("datasync", "role_arn"), datasync.role_arn, _ROLE, "the ARN of a role")
    yield from not_above_zero(("datasync", "gbit_per_s"), datasync.gbit_per_s)
    yield from below(("datasync", "usd_per_gib"), datasync.usd_per_gib, 0)


def _mounted(mounted: Mounted) -> Iterator[Fault]:
    yield from _absolute(("mounted", "paths"), mounted.paths)
    yield from below(("mounted", "most_gib"), mounted.most_gib, 0)


def _bounds(settings: DataSettings) -> Iterator[Fault]:
    for key in ("staging_bytes", "staging_files", "batch_files", "batch_bytes"):
        yield from below(("bounds", key), getattr(settings.bounds, key), 1)
    for key in ("egress_gb_per_month", "usd_per_month", "results_share"):
        yield from below(("bounds", key), getattr(settings.bounds, key), 0)
    yield from not_above_zero(("bounds", "deadline_hours"), settings.bounds.deadline_hours)


def _absolute(loc: Loc, paths: Iterable[str], key: str = "") -> Iterator[Fault]:
    """Paths of the site: from its root, without detours; ``key`` is that of a single one."""
    paths = tuple(paths)
    if not paths:
        yield loc, "expected at least one path, found none"
    for index, path in enumerate(paths):
        parts = path.split("/")
        if parts[0] or not path or {".", ".."} & set(parts) or not path.isprintable():
            yield (*loc, key or index), f"expected a path from the root, without '.' and '..', found {found(path)}"


def _given(loc: Loc, path: str) -> Iterator[Fault]:
    if not path.strip() or not path.isprintable():
        yield loc, f"expected a path, found {found(path) if path.strip() else 'nothing'}"


def _is_gui(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # brackets that do not close, a port that is none
        return False
    plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username) and port != 0
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return plain and safe and bool(parts.hostname and _HOST.fullmatch(parts.hostname))


def _shape(loc: Loc, text: str, shape: re.Pattern[str], expected: str) -> Iterator[Fault]:
    if not shape.fullmatch(text):
        yield loc, f"expected {expected}, found {found(text)}"
