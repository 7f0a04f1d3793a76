"""What an environment decides about its layer ``storage``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.environment import Settings

_STEP_GIB, _SMALLEST_GIB = 2400, 1200
_REPOSITORIES_MAX = 8  # FSx: data repository associations of one file system


Nid = Annotated[str, Field(pattern=r"^([0-9\[\]-]+\.){3}[0-9\[\]-]+@tcp$")]
"""Lustre's name of a client or a range of them, as FSx takes it."""


class Scratch(Settings):
    """A file system of FSx for Lustre beside the buckets: fast, shared by all nodes, and not where data stays."""

    storage_gib: int = _SMALLEST_GIB
    """1200, or a multiple of 2400."""
    deployment: Literal["SCRATCH_2", "PERSISTENT_2"] = "PERSISTENT_2"
    """``SCRATCH_2`` keeps one copy and knows no customer key."""
    mbps_per_tib: Literal[125, 250, 500, 1000] = 125
    """Of ``PERSISTENT_2``; ``SCRATCH_2`` has 200."""
    root_clients: Annotated[tuple[Nid, ...], Field(max_length=64)] = ()
    """The only machines whose root is root on it: ``10.80.0.[10-12]@tcp``. None: root of every node is.

    A new file system is root's alone, and somebody must make the directories people write in.
    """
    allocations: Annotated[tuple[str, ...], Field(max_length=_REPOSITORIES_MAX)] = ()
    """Those whose ``Active/`` appears on it as ``/<allocation>``; what jobs write there goes back into the bucket."""

    @model_validator(mode="after")
    def _sizes(self) -> Scratch:
        if self.storage_gib != _SMALLEST_GIB and (self.storage_gib < _STEP_GIB or self.storage_gib % _STEP_GIB):
            raise ValueError(f"storage_gib: {_SMALLEST_GIB}, or a multiple of {_STEP_GIB}")
        if len(set(self.allocations)) != len(self.allocations):
            raise ValueError("allocations: one is written twice")
        return self


class StorageSettings(Settings):
    """Section ``storage`` of the environment's file."""

    log_retention_days: Annotated[int, Field(ge=1)] = 2190
    """How long access logs and inventories are kept; HIPAA's documents are kept six years (45 CFR 164.316(b)(2))."""
    inventory: bool = True
    """Whether each bucket lists its objects once a week."""
    abort_multipart_days: Annotated[int, Field(ge=1)] = 7
    """Parts of an upload that was never finished are thrown away after this; they are no data yet."""
    manifest_days: Annotated[int, Field(ge=1)] = 30
    """DataSync's manifests beside the data are deleted so long after they were written: longer than any transfer."""
    lock_days: Annotated[int, Field(ge=1)] = 30
    """Object lock of PHI: for so long a version cannot be deleted without the right to bypass governance."""
    organization_id: Annotated[str, Field(pattern=r"^(o-[a-z0-9]{10,32})?$")] = ""
    """The AWS organization whose accounts may come to the buckets; empty: this account alone."""
    break_glass_roles: tuple[str, ...] = ()
    """Roles, with their paths, that reach PHI from outside our network in an emergency."""
    deployer_roles: tuple[str, ...] = ()
    """Roles, with their paths, that run ``pulumi up``: only they tag the buckets, and PHI is closed to them."""
    scratch: Scratch | None = None
