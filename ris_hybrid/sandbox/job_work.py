"""What a job of the sandbox that is really run sees of the site's paths, on a host of the site and on a cloud node.

On a host of the site they are the site's own folder. On a cloud node they are what the node's pool mounts: a mount of
NFS is the site's folder; a mount of a bucket is emulated, for there is no FUSE here: what the job names (``data=PATH``,
``results=PATH`` in ``bsub -Jd``) is fetched before the command runs, and what it wrote there is put afterwards, as
Mountpoint would have as it was closed. A path that nothing mounts is not there. The command is given the folder's
paths in place of the site's, which a real node needs not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ris_hybrid.sandbox.lsf.working import EXECUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ris_hybrid.sandbox.apply.clients import SandboxClients
    from ris_hybrid.sandbox.lsf.spec import HostView
    from ris_hybrid.sandbox.lsf.working import Work
    from ris_hybrid.settings import BurstSettings

_SITE_PATH = re.compile(r"(?<![\w./-])/(?=(?:storage|cache|scratch)[0-9]+(?:/|\b))")
_NAMED = re.compile(r"(?:^|\s)(?:data|results)=(\S+)")
_NOT_STARTED = 127
_NOT_WRITTEN = 5
_LONGEST_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMount:
    """One path of a cloud node."""

    path: str
    kind: Literal["s3", "nfs"]
    bucket: str = ""
    prefix: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWorker:
    """Runs commands of jobs below folders that stand for hosts' root directories."""

    site: Path
    """The site's paths begin here."""
    nodes: Path
    """Folders of cloud nodes are made here."""
    mounts: Callable[[str], Sequence[NodeMount] | None]
    """Of a cloud node by its name; None for a host of the site."""
    objects: Callable[[], AbstractContextManager[SandboxClients]]
    """Clients of the sandbox's AWS, to list buckets."""
    carry: Callable[[str, str, Path, Sequence[str], str], dict[str, Any]]
    """Files between a folder and a bucket: ``SandboxAws.carry``."""

    def work(self, work: Work) -> int:
        """See ``Worker``. Its output is in ``<nodes>/<job>.out``."""
        mounts = self.mounts(work.hosts[0])
        if mounts is None:
            return self._run(work, self.site)
        root = self.nodes / work.hosts[0] / f"job-{work.job_id}"
        root.mkdir(parents=True, exist_ok=True)
        seen = dict(self._mounted(root, mounts, work))
        code = self._run(work, root)
        written = self._put_back(seen)
        shutil.rmtree(root)
        return code or (0 if written else _NOT_WRITTEN)

    def _run(self, work: Work, root: Path) -> int:
        self.nodes.mkdir(parents=True, exist_ok=True)
        command = _SITE_PATH.sub(lambda _: f"{root}/", work.command)
        environment = {key: value for key, value in os.environ.items() if key != EXECUTE}
        with (self.nodes / f"{work.job_id}.out").open("wb") as output:
            try:
                done = subprocess.run(
                    ["/bin/sh", "-c", command],
                    cwd=root,
                    env={**environment, "LSB_JOBID": work.job_id, "USER": work.user},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=_LONGEST_S,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                output.write(f"sandbox: {error}\n".encode())
                return _NOT_STARTED
        return done.returncode % 256

    def _mounted(
        self, root: Path, mounts: Sequence[NodeMount], work: Work
    ) -> Iterator[tuple[Path, tuple[NodeMount, dict[str, tuple[int, int]]]]]:
        """Make the mounts; for each directory of a bucket what was in it at the start."""
        for mount in mounts:
            here = root / mount.path.lstrip("/")
            here.parent.mkdir(parents=True, exist_ok=True)
            if mount.kind == "nfs":  # the sandbox cannot make it read-only
                here.symlink_to(self.site / mount.path.lstrip("/"), target_is_directory=True)
                continue
            here.mkdir(exist_ok=True)
            for named in _NAMED.findall(work.description):
                below = _below(named, mount.path)
                if below is not None:
                    self._fetch(mount, below, here)
            yield here, (mount, _state(here))

    def _fetch(self, mount: NodeMount, below: str, here: Path) -> None:
        prefix = "".join(f"{part}/" for part in (mount.prefix.strip("/"), below) if part)
        with self.objects() as clients:
            pages = clients.get("s3").get_paginator("list_objects_v2").paginate(Bucket=mount.bucket, Prefix=prefix)
            keys = [one["Key"][len(prefix) :] for page in pages for one in page.get("Contents", ())]
        (here / below).mkdir(parents=True, exist_ok=True)
        self.carry(mount.bucket, prefix, here / below, [key for key in keys if key and not key.endswith("/")], "out")

    def _put_back(self, seen: dict[Path, tuple[NodeMount, dict[str, tuple[int, int]]]]) -> bool:
        """Put what is new or changed; whether every mount that was written to took it."""
        taken = True
        for here, (mount, before) in seen.items():
            changed = [name for name, state in _state(here).items() if before.get(name) != state]
            if changed and mount.read_only:
                taken = False
            elif changed:
                prefix = f"{mount.prefix.strip('/')}/".lstrip("/")
                taken = not self.carry(mount.bucket, prefix, here, changed, "in")["failures"] and taken
        return taken


def mounts_of(host: HostView | None, settings: BurstSettings) -> tuple[NodeMount, ...] | None:
    """What the nodes of a host's pool mount; None for a host of the site.

    A file system of FSx stands over the lab's bucket, so it is emulated as that; burst.yaml does not tell which it is,
    and nodes of such a pool see nothing there.
    """
    if host is None or host.borrowed is None:
        return None
    pool = settings.pool(host.borrowed.template)
    return tuple(
        NodeMount(
            path=one.path,
            kind=one.kind,
            bucket=one.source if one.kind == "s3" else "",
            prefix=one.prefix,
            read_only=one.read_only,
        )
        for one in (pool.paths if pool else ())
        if one.kind != "lustre"
    )


def _below(path: str, mount: str) -> str | None:
    """What is left of a path below a mount, or None when it is elsewhere."""
    path, mount = path.rstrip("/"), mount.rstrip("/")
    return path[len(mount) :].strip("/") if f"{path}/".startswith(f"{mount}/") else None


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file, by its name below the folder."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            about = path.stat()
            found[path.relative_to(folder).as_posix()] = (about.st_size, about.st_mtime_ns)
    return found
