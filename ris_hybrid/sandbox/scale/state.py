"""What the sandbox's Spectrum Scale holds, in memory and, if wished, in a JSON file. Secrets are never in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "5.1.9-4 (sandbox)"


@dataclass(slots=True, kw_only=True)
class Fileset:
    """One fileset, in the units of its answers: limits in KiB."""

    name: str
    path: str
    number: int
    comment: str = ""
    status: str = "Linked"
    inode_space: int = 0
    block_limit: int = 0
    block_usage: int = 0
    files_limit: int = 0
    files_usage: int = 0
    afm_mode: str = ""
    afm_target: str = ""
    cache_state: str = ""
    queued: int = 0
    drains: bool = False
    """Whether what is queued goes home by itself, a look at a time, as AFM does after its delay."""
    snapshots: list[str] = field(default_factory=list)
    has_quota: bool = False


@dataclass(slots=True, kw_only=True)
class FileSystem:
    """One file system with its filesets, in order of their ids."""

    name: str
    mount: str
    filesets: list[Fileset] = field(default_factory=list)
    acls: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """By path below the mount point, as the product would put them."""

    def fileset(self, name: str) -> Fileset | None:
        """By name."""
        return next((one for one in self.filesets if one.name == name), None)

    def add(self, name: str, path: str, **members: object) -> Fileset:
        """A new one, after all others."""
        made = Fileset(name=name, path=path, number=len(self.filesets))
        for member, value in members.items():
            setattr(made, member, value)
        self.filesets.append(made)
        return made


@dataclass(slots=True, kw_only=True)
class Job:
    """One job: ``polls`` looks until it ends, then what it does is done."""

    number: int
    method: str
    url: str
    data: dict[str, object]
    """As it is echoed: with keys, as the real one does. It is not kept in the file."""
    polls: int
    code: str = ""
    """EFSSG or EFSSP code that it fails with; empty for one that succeeds."""
    stderr: str = ""
    lost: bool = False
    """Its status becomes UNKNOWN, though what it does is done."""


@dataclass(slots=True, kw_only=True)
class Script:
    """What shall go wrong next, for tests."""

    polls: int = 1
    statuses: list[int] = field(default_factory=list)
    """HTTP statuses that the next calls are answered with, whatever they ask."""
    fail_jobs: list[tuple[str, str]] = field(default_factory=list)
    """Code and stderr of the next jobs."""
    lose_jobs: int = 0
    """So many of the next jobs are UNKNOWN in the end."""
    lose_after: int = -1
    """So many jobs on from now, one is UNKNOWN."""
    after: dict[int, int] = field(default_factory=dict)
    """Number of a call, from 0, to the HTTP status it is answered with."""
    drop: int = 0
    """So many of the next calls are cut off without an answer."""


@dataclass(slots=True, kw_only=True)
class Scale:
    """The cluster. ``users`` are GUI users with password and role."""

    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    file_systems: dict[str, FileSystem] = field(default_factory=dict)
    gateways: list[str] = field(default_factory=lambda: ["gateway1"])
    page: int = 1000
    paths: tuple[str, ...] | None = None
    """What ``info`` says that is offered; None for all that the sandbox has."""
    hide_states: bool = False
    """Whether AFM's states are not told, as before the GUI's first look at them."""
    created: str = "2021-03-02 08:15:00,000"
    buckets: dict[str, str] = field(default_factory=dict)
    """Bucket to its server; that it has keys is all that is kept of them."""
    mappings: dict[str, list[str]] = field(default_factory=dict)
    refreshed: list[str] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)
    script: Script = field(default_factory=Script)
    calls: list[str] = field(default_factory=list)
    """Method and path of every call so far."""

    def add_file_system(self, name: str, mount: str) -> FileSystem:
        """A new one, with its root fileset."""
        made = self.file_systems[name] = FileSystem(name=name, mount=mount)
        made.add("root", mount, comment="root fileset")
        return made

    def save(self, path: Path) -> None:
        """Into a file, without users and jobs: both have secrets."""
        kept = {
            "file_systems": {name: asdict(one) for name, one in self.file_systems.items()},
            "buckets": self.buckets,
            "mappings": self.mappings,
        }
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

    def load(self, path: Path) -> None:
        """From such a file."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        self.buckets, self.mappings = kept["buckets"], kept["mappings"]
        for name, one in kept["file_systems"].items():
            filesets = [Fileset(**each) for each in one["filesets"]]
            self.file_systems[name] = FileSystem(name=name, mount=one["mount"], filesets=filesets, acls=one["acls"])
