"""What ``ris-hybrid globus plan`` and ``apply`` work on: the mirror's allocations against what Globus has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid import clocks, data_wiring, wiring
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onprem.globus.collections_plan import Piece
    from onprem.globus.connect_server import ConnectServer
    from onprem.globus.sharing import Sharing, SharingPlan
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.mirroring.loading import MirrorSite


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobusPlan:
    """Collections and permissions, as they are to be against how they are."""

    server: tuple[Piece, Piece] | None
    """Storage gateway and mapped collection; None where data.yaml names no server of ours."""
    guests: tuple[Piece, ...]
    sharing: tuple[SharingPlan, ...]
    manager: ConnectServer | None
    permissions: Sharing
    key_file: Path | None

    @property
    def changes(self) -> int:
        """How many things an apply does; guest collections are made by people and are not among them."""
        return sum(piece.deed != "keep" for piece in self.server or ()) + sum(one.changes for one in self.sharing)

    def apply(self, tell: Callable[[str], None]) -> None:
        """Do it all. Raises ``CloudError`` where Globus says no; what was done stays, and is not done again."""
        if self.manager is not None and self.server is not None:
            self.manager.apply(self.server, self.key_file, tell)
        for one in self.sharing:
            self.permissions.apply(one, tell)


def planned(settings: DataSettings, folder: Path, name: str, *, many: bool) -> GlobusPlan:
    """Ask Globus for everything the plan touches.

    Raises:
        ConfigError: data.yaml lacks what is needed, or the allocation is not there.
        CloudError: Globus does not answer, or says no.
    """
    part = data_wiring.globus_settings(settings)
    site = _site(settings, folder)
    allocations = _allocations(site, name)
    shared = [one for one in allocations if one.name in part.guest_collections]
    if shared and not part.identity_domain:
        hint = "it is what follows the @ of people's Globus identities, such as wustl.edu"
        raise ConfigError("data.yaml: globus.identity_domain is missing, so nobody's identity is known", hint)
    identity = data_wiring.globus(settings, folder)
    from onprem.globus.collections_plan import wanted_guests

    permissions, manager = identity.sharing(), data_wiring.globus_server(identity)
    groups = site.sources.listing.groups
    key_file = folder / part.gateway.key_file if part.gateway and part.gateway.key_file else None
    return GlobusPlan(
        server=manager.plan({one.bucket.name for one in allocations}) if manager and not name else None,
        guests=tuple(wanted_guests(part, allocations)),
        sharing=tuple(permissions.plan(one, groups, many=many) for one in shared),
        manager=manager,
        permissions=permissions,
        key_file=key_file,
    )


def _site(settings: DataSettings, folder: Path) -> MirrorSite:
    from ris_hybrid.mirroring.loading import find_files, load

    mirror = folder / settings.mirror
    return load(find_files(mirror.parent, mirror, None), wiring.site_reports)


def _allocations(site: MirrorSite, name: str) -> tuple[AllocationPlan, ...]:
    """Those of GPFS that are where they belong; what moved away is its new place's."""
    from ris_hybrid.mirroring.loading import planned as mirrored

    plan = mirrored(site, {}, clocks.clock().now())
    found = tuple(one for one in plan.allocations if not one.moved_to and name in {"", one.name})
    if name and not found:
        raise ConfigError(f"no allocation is named {name!r}", "see `ris-hybrid mirror plan`")
    return found
