"""The composition root of the data plane: data.yaml's settings in, ports out; imports on demand."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid import clocks
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from globus_sdk import GlobusApp

    from onprem.globus.connect_server import ConnectServer
    from onprem.globus.identity import Identity
    from onprem.gpfs.commands import GpfsCommands
    from onprem.gpfs.rest_http import RestHttp
    from onprem.gpfs.rest_writes import GpfsRestWrites
    from onprem.gpfs.trust import ByTrust
    from ris_hybrid.data.ports import CacheFlush, Mover, RepositoryTasks, Scale
    from ris_hybrid.data.scale import Surface
    from ris_hybrid.data.settings import DataSettings, Globus
    from ris_hybrid.ports import SiteReports


def scale(settings: DataSettings, folder: Path) -> ByTrust:
    """Spectrum Scale by every surface that data.yaml, which is in ``folder``, gives; in the order of trust."""
    from onprem.gpfs.trust import ByTrust

    now = clocks.clock().now
    gpfs = settings.gpfs
    file_systems = tuple(dict.fromkeys(filter(None, (gpfs.file_system, gpfs.cache))))
    surfaces: list[tuple[Surface, Scale]] = []
    if gpfs.listing:
        from onprem.gpfs.captured_scale import CapturedScale

        surfaces.append(("captured", CapturedScale(folder / gpfs.listing, now=now)))
    if gpfs.guis:
        from onprem.gpfs.rest import GpfsRest

        surfaces.append(("rest", GpfsRest(scale_http(settings, folder), file_systems, now=now)))
    if gpfs.commands:
        surfaces.append(("command", gpfs_commands(settings)))
    return ByTrust(surfaces, now=now)


def gpfs_commands(settings: DataSettings) -> GpfsCommands:
    """Spectrum Scale by its commands, read-only."""
    from onprem.gpfs.commands import GpfsCommands
    from onprem.shell import LocalShell

    gpfs = settings.gpfs
    return GpfsCommands(LocalShell(), (gpfs.file_system, gpfs.cache), now=clocks.clock().now, sudo=gpfs.sudo)


def scale_http(settings: DataSettings, folder: Path, timeout_s: float = 60.0) -> RestHttp:
    """REST of the GUI nodes; make one and keep it, as it remembers a refused password."""
    from onprem.gpfs.rest_http import RestHttp
    from onprem.gpfs.rest_login import login

    gpfs = settings.gpfs
    if not gpfs.guis:
        raise ConfigError("data.yaml: gpfs.guis names no GUI node, and only REST changes Spectrum Scale")
    password = folder / gpfs.password_file
    ca_file = str(folder / gpfs.ca_file) if gpfs.ca_file else ""
    return RestHttp(gpfs.guis, lambda: login(gpfs.user, password), ca_file=ca_file, timeout_s=timeout_s)


def scale_writes(
    settings: DataSettings,
    folder: Path,
    *,
    rehearsed: Callable[[str], None] | None = None,
    waiting: Callable[[float], None] = lambda _seconds: None,
) -> GpfsRestWrites:
    """Changes of Spectrum Scale; with ``rehearsed`` nothing is sent, and it is told what would be.

    ``waiting`` is told each time that a job is waited for, and how many seconds. Raises ``ConfigError`` where
    data.yaml names no GUI node.
    """
    from onprem.gpfs.rest_dry_run import DryRun
    from onprem.gpfs.rest_writes import GpfsRestWrites

    never = threading.Event()  # nobody sets it: a wait that Ctrl-C ends

    def wait(seconds: float) -> None:
        waiting(seconds)
        never.wait(seconds)

    http = scale_http(settings, folder)
    return GpfsRestWrites(http if rehearsed is None else DryRun(http, rehearsed), wait=wait)


def cache_flush(settings: DataSettings, folder: Path) -> CacheFlush:
    """What is done about a cache with work in it, whichever surface tells of it."""
    from onprem.gpfs.flush import FlushByHand

    return FlushByHand(scale(settings, folder))


def scale_reports(settings: DataSettings, folder: Path, listing: Path) -> SiteReports:
    """For the mirror: filesets and quotas as Spectrum Scale says, groups from the mirror's own captured listing."""
    from onprem.captured import CapturedReports
    from onprem.gpfs.trust import ScaleReports

    without_caches = replace(settings, gpfs=replace(settings.gpfs, cache=""))
    return ScaleReports(scale(without_caches, folder), CapturedReports(listing), settings.gpfs.file_system)


def globus(settings: DataSettings, folder: Path) -> Identity:
    """The service's identity at Globus, with its mover and the switch for transfers.

    Raises ``ConfigError`` where data.yaml has no part ``globus``, or its secret file cannot be used.
    """
    from onprem.globus.app import service_app

    part = globus_settings(settings)
    return _identity(service_app(part, folder), settings, folder)


def globus_person(settings: DataSettings, folder: Path, tokens: Path, ask: Callable[[str], str]) -> Identity:
    """A person's identity at Globus, whose tokens are kept in that file; a login asks for the code of an address."""
    from onprem.globus.app import person_app, token_file

    return _identity(person_app(globus_settings(settings), token_file(tokens), ask), settings, folder)


def globus_server(identity: Identity) -> ConnectServer | None:
    """The Globus Connect Server over S3, in that identity's name; None where data.yaml names none."""
    from onprem.globus.app import retrying
    from onprem.globus.connect_server import ConnectServer

    part = identity.settings
    if part.gateway is None:
        return None
    return ConnectServer(identity.service, part, part.gateway, identity.app, retrying())


def globus_settings(settings: DataSettings) -> Globus:
    """The part ``globus`` of data.yaml; raises ``ConfigError`` where there is none."""
    if settings.globus is None:
        raise ConfigError("data.yaml has no part globus", "see docs/data.md for what it needs")
    return settings.globus


HOLD_FILE = "globus-hold.json"
"""Beside the journal: which transfers are held."""


def _identity(app: GlobusApp, settings: DataSettings, folder: Path) -> Identity:
    from onprem.globus.hold import Holds
    from onprem.globus.identity import Identity
    from onprem.globus.pace import Pace

    part = globus_settings(settings)
    # Calls are paced by real time, in the sandbox too: its clock may stand still.
    pace = Pace(part.calls_per_s, clocks.SystemClock().now, clocks.wait)
    holds = Holds((folder / settings.journal).with_name(HOLD_FILE))
    return Identity(app=app, settings=part, pace=pace, holds=holds)


def afm_mover(settings: DataSettings, folder: Path) -> Mover:
    """What AFM writes to buckets by itself. Raises ``ConfigError`` where data.yaml has no part ``afm``."""
    from onprem.gpfs.afm_mover import AfmMover

    if settings.afm is None:
        raise ConfigError("data.yaml has no part afm", "see docs/data.md for what it needs")
    return AfmMover(scale(settings, folder), settings.afm, settings.gpfs.file_system)


def repository_tasks(region: str, profile: str = "") -> RepositoryTasks:
    """Exports from FSx for Lustre in a region, by AWS's own chain of credentials or a profile."""
    from ris_hybrid.aws.lustre import FsxTasks
    from ris_hybrid.holdings.clients import Clients

    return FsxTasks(Clients(region, profile=profile))
