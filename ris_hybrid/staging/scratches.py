"""File systems of FSx for Lustre over a bucket that take or give only when they are told to, and how that stands."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ris_hybrid.data.ports import RepositoryTasks
    from ris_hybrid.data.values import MoveSeen, RepositoryTask
    from ris_hybrid.errors import Refused
    from ris_hybrid.staging.values import Staging

_TOKEN_LENGTH = 40  # FSx takes 63 characters
_SOURCE = re.compile(r"(fs-[0-9a-f]+)\.fsx\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?@tcp:/[^/]+(?P<below>/.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A file system of FSx that gives to its bucket, or takes from it, only when it is told to."""

    path: str
    """Where nodes mount it, as the site names it."""
    file_system_id: str
    below: str
    """The directory of the file system that is mounted there, without slashes at its ends; empty: its root."""
    tasks: RepositoryTasks
    exports: bool = False
    """Whether what jobs write goes to the bucket by itself."""
    imports: bool = True
    """Whether what is new in the bucket is seen by itself."""


def scratch_at(path: str, source: str, tasks: Callable[[str], RepositoryTasks]) -> Scratch | None:
    """Of a mounted path; None where its source is not named as FSx names its file systems. ``tasks`` is by region."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return None
    below = (found["below"] or "").strip("/")
    return Scratch(path=path.rstrip("/"), file_system_id=found[1], below=below, tasks=tasks(found[2]))


class Stands(NamedTuple):
    """How tasks of file systems stand; both empty: all is done."""

    waits: str = ""
    """What is still under way."""
    lacks: str = ""
    """What ended without doing all: a person must put it right."""


def together(every: Iterable[Stands]) -> Stands:
    """Those of several file systems as one."""
    found = tuple(every)
    return Stands(
        "; ".join(filter(None, (one.waits for one in found))), "; ".join(filter(None, (one.lacks for one in found)))
    )


def place_on(scratch: Scratch, directory: str) -> str | None:
    """A directory of the site as the file system names it; all that is mounted where that lies below the directory."""
    if f"{directory}/".startswith(f"{scratch.path}/"):
        return f"{scratch.below}{directory[len(scratch.path) :]}".strip("/")
    return scratch.below if f"{scratch.path}/".startswith(f"{directory}/") else None


def started(tasks: RepositoryTasks, task: RepositoryTask, asker: str) -> MoveSeen:
    """How a task goes that is started where it is not yet: the same asker and task are one. Raises what FSx raised."""
    token = hashlib.sha256(f"{asker} {task}".encode()).hexdigest()[:_TOKEN_LENGTH]
    return tasks.look(tasks.start(task, token))


def why_refused(staging: Staging, refusal: Refused) -> str:
    """In FSx's words, which may have the name of a directory: of PHI its code alone."""
    if staging.plan.data_class == "phi":
        return refusal.code or "it was refused"
    return f"{refusal.message}; {refusal.hint}" if refusal.hint else refusal.message
