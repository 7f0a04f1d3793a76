"""The composition root of container images: data.yaml's settings in, ports out; imports on demand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ris_hybrid import clocks
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ris_hybrid.data.ports import JobAsks
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.image_sync.collecting import Account, ImageSite
    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.readiness import ImagesKnown, ImageWord
    from ris_hybrid.images.settings import ImageSettings
    from ris_hybrid.job_ask import JobAsk
    from ris_hybrid.mirror.values import MirrorPlan

RECORD = "mirror.json"
"""The mirror's record where it lies beside data.yaml, as the sandbox's does; else mirror.yaml says where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """Where labs are in the cloud."""

    plan: MirrorPlan
    profiles: Mapping[str, str]
    """AWS's profile by environment; empty for AWS's own chain."""
    applied: bool
    """Whether the plan is what was built and read back, and not only what is wanted."""


def job_asks(timeout_s: float = 60.0) -> JobAsks:
    """What jobs say they need, by LSF's commands on PATH."""
    from onprem.lsf.asks import LsfJobAsks
    from onprem.shell import LocalShell

    return LsfJobAsks(LocalShell(), timeout_s=timeout_s)


def mirrored(settings: DataSettings, folder: Path) -> Mirrored:
    """What the mirror applied last; where nothing was, what it plans, without asking AWS. Raises ``ConfigError``."""
    from ris_hybrid.config.mirror_file import load_mirror
    from ris_hybrid.mirroring.loading import find_files, load, planned
    from ris_hybrid.mirroring.record import read_applied

    path = folder / settings.mirror
    mirror = load_mirror(path)
    profiles = {one.name: one.profile for one in mirror.environments}
    for record in (folder / RECORD, path.parent / mirror.record):
        found = read_applied(record)
        if found is not None:
            return Mirrored(plan=found, profiles=profiles, applied=True)
    from ris_hybrid import wiring

    burst = folder / settings.burst
    site = load(find_files(path.parent, path, burst if burst.is_file() else None), wiring.site_reports)
    return Mirrored(plan=planned(site, {}, clocks.clock().now()), profiles=profiles, applied=False)


def lab_homes(plan: MirrorPlan, *, lab: str = "", allocation: str = "") -> tuple[Home, ...]:
    """The repositories of all labs, of one, or of an allocation's. Raises ``ConfigError`` for one there is not."""
    from ris_hybrid.config.problems import nearest
    from ris_hybrid.images.homes import homes

    found = homes(plan)
    if allocation:
        labs = {one.name: one.lab for one in plan.allocations}
        if allocation not in labs:
            message = f"no allocation is named {allocation!r}{nearest(allocation, sorted(labs))}"
            raise ConfigError(message, "see `ris-hybrid mirror plan`")
        lab = labs[allocation]
    if not lab:
        return found
    known = sorted({home.lab for home in found})
    if lab not in known:
        raise ConfigError(f"no lab with images is named {lab!r}{nearest(lab, known)}", "see `ris-hybrid mirror plan`")
    return tuple(home for home in found if home.lab == lab)


def image_site(
    settings: ImageSettings, folder: Path, where: Mirrored, homes: tuple[Home, ...], tell: Callable[[str], None]
) -> ImageSite:
    """Registries to copy from and to; nothing is asked before it is needed."""
    from onprem.images.found import copier
    from onprem.shell import LocalShell
    from ris_hybrid.image_sync.collecting import ImageSite

    regions = {one.name: one.region for one in where.plan.environments}
    auth_file = folder / settings.auth_file if settings.auth_file else None
    return ImageSite(
        homes=homes,
        settings=settings,
        copier=lambda: copier(settings.copier, LocalShell(), auth_file),
        account=cache(lambda name: ecr_account(regions[name], where.profiles.get(name, ""))),
        tell=tell,
    )


def ecr_account(region: str, profile: str = "") -> Account:
    """ECR of one account and region. In the sandbox, whose endpoint the environment names, no profile is used."""
    from ris_hybrid import wiring
    from ris_hybrid.aws.registry import EcrImages, EcrLogin, EcrTags
    from ris_hybrid.holdings.clients import Clients
    from ris_hybrid.image_sync.collecting import Account

    client = Clients(region, profile="" if wiring.aws_endpoint() else profile).get("ecr")
    return Account(images=EcrImages(client), tags=EcrTags(client), logins=EcrLogin(client))


def images_known(
    settings: DataSettings, folder: Path, tell: Callable[[str], None], labs: frozenset[str] | None = None
) -> ImagesKnown:
    """Which names nodes of each lab would find now, for the outlook on jobs; what cannot be asked is unknown.

    With ``labs`` only theirs are asked for.
    """
    from ris_hybrid.image_sync.collecting import read_stored
    from ris_hybrid.images.readiness import known_images

    where = mirrored(settings, folder)
    found = tuple(home for home in lab_homes(where.plan) if labs is None or home.lab in labs)
    stored = read_stored(image_site(settings.images, folder, where, found, tell))
    return known_images(found, stored)


def image_words(
    settings: DataSettings, folder: Path, tell: Callable[[str], None]
) -> Callable[[Sequence[JobAsk]], dict[str, ImageWord]]:
    """For the outlook: what is said of each job's image, by its id. ECR is asked anew at each call."""
    from ris_hybrid.images.readiness import image_word

    def words(asks: Sequence[JobAsk]) -> dict[str, ImageWord]:
        known = images_known(settings, folder, tell, frozenset(ask.lab for ask in asks))
        return {ask.job_id: image_word(ask, known) for ask in asks}

    return words
