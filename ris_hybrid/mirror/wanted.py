"""What an allocation file asks for, as plain values: the plan's deciders import no pydantic.

``ris_hybrid.config.wanted`` makes them of the allocations it has read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProject:
    """A project directory with its members: people, service accounts or groups."""

    name: str
    rw: tuple[str, ...] = ()
    ro: tuple[str, ...] = ()
    archive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One allocation file. Names compare without case, as the directory compares them."""

    name: str
    owner: str
    lab: str
    group: str
    path: str
    platform: str = "storage1"
    backend: str = "gpfs"
    quota_bytes: int | None = None
    """None when the file gives none."""
    archive: bool = False
    """Whether it has a tape tier."""
    secure: bool = False
    """Holds PHI."""
    projects: tuple[WantedProject, ...] = ()
    department: str = ""
    cost_center: str = ""
    ticket: str = ""
    renamed_from: str = ""
    """The name under which it was mirrored before."""

    @property
    def key(self) -> str:
        """By which names are compared."""
        return self.name.casefold()
