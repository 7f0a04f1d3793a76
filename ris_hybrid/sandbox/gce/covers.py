"""Every call the sandbox's Google answers, and what of each it leaves out. Anything else is answered with 501."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ris_hybrid.sandbox.gce import instances, lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.gce.state import Place
    from ris_hybrid.sandbox.gce.wire import Call, Json

_PART = re.compile(r"\\\{[a-z]+\\\}")
TOKEN = "POST /o/oauth2/token"  # noqa: S105 - a path
"""Beside those below: a service account's signed assertion (RS256, checked) for an access token of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One call: ``name`` is ``GET /zones/{zone}/instances/{name}``, as calls are counted and faults ordered."""

    name: str
    answer: Callable[[Place, Call], Json]
    leaves_out: str = ""

    def ids(self, method: str, path: str) -> tuple[str, ...] | None:
        """What the path names, where this is the call."""
        verb, _, pattern = self.name.partition(" ")
        found = re.fullmatch(_PART.sub("([^/]+)", re.escape(pattern)), path) if verb == method else None
        return None if found is None else tuple(map(unquote, found.groups()))


COVERS: tuple[Covered, ...] = (
    Covered(name="GET /", answer=lists.project, leaves_out="quotas"),
    Covered(
        name="POST /setCommonInstanceMetadata", answer=instances.set_common, leaves_out="the limit of 512 KB in all"
    ),
    Covered(name="GET /zones", answer=lists.zones, leaves_out="filters"),
    Covered(name="GET /zones/{zone}/machineTypes", answer=lists.machine_types, leaves_out="filters"),
    Covered(name="GET /aggregated/machineTypes", answer=lists.all_machine_types, leaves_out="filters"),
    Covered(name="GET /global/images", answer=lists.images, leaves_out="filters, other projects"),
    Covered(name="GET /global/images/{name}", answer=lists.image, leaves_out="other projects"),
    Covered(name="GET /global/images/family/{family}", answer=lists.newest, leaves_out="other projects"),
    Covered(name="GET /regions/{region}/subnetworks", answer=lists.subnetworks, leaves_out="filters, shared networks"),
    Covered(name="GET /aggregated/subnetworks", answer=lists.all_subnetworks, leaves_out="filters, shared networks"),
    Covered(
        name="POST /zones/{zone}/instances",
        answer=instances.insert,
        leaves_out="all but one disk and one interface; disks of their own, quotas of CPUs, which disk and which "
        "maintenance a machine type takes; where there is room is decided at once, and told after placing_s",
    ),
    Covered(name="GET /zones/{zone}/instances/{name}", answer=instances.show, leaves_out="numbers in place of names"),
    Covered(name="GET /aggregated/instances", answer=lists.all_instances, leaves_out="filters, returnPartialSuccess"),
    Covered(name="DELETE /zones/{zone}/instances/{name}", answer=instances.delete),
    Covered(
        name="POST /zones/{zone}/instances/{name}/setMetadata",
        answer=instances.set_metadata,
        leaves_out="the limit of 512 KB in all; items change at once, and the operation is over after writing_s",
    ),
    Covered(
        name="GET /zones/{zone}/operations",
        answer=lists.zone_operations,
        leaves_out='filters but targetLink="..." (501)',
    ),
    Covered(name="GET /zones/{zone}/operations/{name}", answer=lists.zone_operation, leaves_out="errorDetails"),
    Covered(name="GET /global/operations/{name}", answer=lists.global_operation, leaves_out="errorDetails"),
)


def covered(method: str, path: str) -> tuple[Covered, tuple[str, ...]] | None:
    """Which call it is, and what it names; None for one the sandbox does not answer."""
    for one in COVERS:
        ids = one.ids(method, path)
        if ids is not None:
            return one, ids
    return None


def table() -> str:
    """What it covers, for people: a table in Markdown."""
    rows = [(TOKEN, "service accounts of other projects, scopes but compute's, which are refused")]
    rows += [(one.name, one.leaves_out) for one in COVERS]
    return "\n".join(["| call | left out |", "|---|---|", *(f"| `{name}` | {out} |" for name, out in rows), ""])
