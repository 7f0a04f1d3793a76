"""What ``ris-hybrid doctor`` looks at of the data plane: data.yaml's files and services, and what AWS holds for it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.checkup.data_bounded import Question, answers
from ris_hybrid.checkup.finding import Finding
from ris_hybrid.cli.which_data import FILE_NAME
from ris_hybrid.errors import ConfigError, RisHybridError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onprem.gpfs.rest_requests import Asks
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
    from ris_hybrid.ports import Clock

_WITHIN_S = 3.0
_COMMAND_S = 8.0
"""mmgetstate asks every node of the cluster."""
_LUSTRE = re.compile(r"fs-[0-9a-f]{8,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was told, and the site that it found."""

    data: Path | None
    conf: Path | None
    burst: BurstSite | None
    """None where burst.yaml cannot be used; what depends on it is then not looked at."""
    clock: Clock
    space: bool
    """Ask Spectrum Scale for room, too."""


def look(asked: Asked) -> Iterator[Finding]:
    """All of the data plane; one finding where there is none here."""
    try:
        path = _file(asked)
        if path is None:
            yield _none(asked)
            return
        from ris_hybrid.config.data_file import load_data

        settings = load_data(path)
    except RisHybridError as error:
        yield Finding(name=FILE_NAME, ok=False, text=error.message, hint=error.hint)
        return
    yield Finding(name=FILE_NAME, ok=True, text=f"{path}: {_parts(settings)}")
    yield from answers(tuple(_questions(asked, settings, path.absolute().parent)))


def _none(asked: Asked) -> Finding:
    text, hint = "none is given and none is here", "give --data FILE (docs/data.md)"
    if asked.burst is not None and asked.burst.sandbox:
        text, hint = (
            "the sandbox's data services do not run",
            "run any of ris-hybrid data, gpfs or globus: it starts them",
        )
    text = f"{text}, so nothing of the data plane is checked"
    return Finding(name=FILE_NAME, ok=False, text=text, hint=hint, needed=False)


def _file(asked: Asked) -> Path | None:
    """The one it is told, the sandbox's, the one beside burst.yaml, or the one in this directory."""
    if asked.data is not None:
        return asked.data
    if asked.burst is not None and asked.burst.sandbox:
        return _sandbox()
    beside = (asked.conf.parent / FILE_NAME,) if asked.conf is not None else ()
    return next((path for path in (*beside, Path(FILE_NAME)) if os.path.exists(path)), None)  # noqa: PTH110 - Path's raises where a folder may not be entered


def _sandbox() -> Path | None:
    """That of the running sandbox, whose services are entered where they run; a look starts nothing."""
    from ris_hybrid.sandbox.data_room import opened
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None or not places.data_room_pid():
        return None
    places.enter(opened(places))
    return places.root / FILE_NAME


def _parts(settings: DataSettings) -> str:
    gpfs = settings.gpfs
    given = {
        "captured text": gpfs.listing,
        "REST": gpfs.guis,
        "commands": gpfs.commands,
        "Globus": settings.globus,
        "AFM": settings.afm,
        "DataSync": settings.datasync,
        "mounts": settings.mounted,
    }
    return ", ".join(name for name, part in given.items() if part)


def _questions(asked: Asked, settings: DataSettings, folder: Path) -> Iterator[Question]:
    from ris_hybrid.checkup import data_files, data_journal

    now = asked.clock.now()
    yield Question(name="data.yaml's files", ask=lambda: data_files.look(settings, folder, now))
    yield from _scale(asked, settings, folder)
    mirror, told = _mirror(asked, settings, folder)
    yield Question(name="the mirror", ask=lambda: [told])
    if settings.globus is not None:
        yield Question(name="Globus", ask=lambda: _globus(settings, folder, mirror))
    if mirror is not None:
        yield from _cloud(settings, folder, mirror)
    yield from _lustre(asked)
    yield Question(name="image programs", ask=lambda: _images(settings))
    journal = folder / settings.journal
    yield Question(name="staging journal", ask=lambda: data_journal.look(journal, settings.bounds, now))
    if asked.burst is not None:
        named, word = asked.burst.settings.outlook, asked.burst.provider.word()
        yield Question(name="outlook", ask=lambda: [data_journal.outlook(named, word)])


def _scale(asked: Asked, settings: DataSettings, folder: Path) -> Iterator[Question]:
    gpfs = settings.gpfs
    if gpfs.guis:
        yield Question(name="Spectrum Scale's REST", ask=lambda: _rest(settings, folder))
    if gpfs.commands:
        yield from _commands(settings, space=asked.space)


def _rest(settings: DataSettings, folder: Path) -> Iterable[Finding]:
    from ris_hybrid import data_wiring
    from ris_hybrid.checkup import data_scale

    def http(gui: str) -> Asks:
        of_one = replace(settings, gpfs=replace(settings.gpfs, guis=(gui,)))
        return data_wiring.scale_http(of_one, folder, _WITHIN_S)

    return data_scale.look(settings, http)


def _commands(settings: DataSettings, *, space: bool) -> Iterable[Question]:
    from onprem.gpfs.asking import Asking
    from onprem.gpfs.state import GpfsState
    from onprem.shell import LocalShell
    from ris_hybrid.checkup import data_commands

    state = GpfsState(Asking(shell=LocalShell(), sudo=settings.gpfs.sudo, timeout_s=_COMMAND_S))
    return data_commands.questions(settings, state, caches_too=not settings.gpfs.guis, space=space)


def _globus(settings: DataSettings, folder: Path, mirror: MirrorPlan | None) -> Iterable[Finding]:
    from ris_hybrid import data_wiring
    from ris_hybrid.checkup import data_globus

    allocations = mirror.allocations if mirror is not None else ()
    phi = [one.name for one in allocations if one.data_class == "phi" and not one.moved_to]
    return data_globus.look(data_wiring.globus(settings, folder), phi)


def _mirror(asked: Asked, settings: DataSettings, folder: Path) -> tuple[MirrorPlan | None, Finding]:
    """What was applied last, and a word on it."""
    from ris_hybrid.staging_wiring import data_plane

    # A sandbox is of use without: much of it is about bursting alone.
    needed = asked.burst is None or not asked.burst.sandbox
    try:
        found = data_plane(settings, folder).mirror
    except ConfigError as error:
        return None, Finding(name="mirror", ok=False, text=error.message, hint=error.hint, needed=needed)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}"
        return None, Finding(name="mirror", ok=False, text=text, hint="see who may read it", needed=needed)
    text = f"{len(found.allocations)} allocations in {len(found.environments)} environments, as applied last"
    return found, Finding(name="mirror", ok=True, text=text)


def _cloud(settings: DataSettings, folder: Path, mirror: MirrorPlan) -> Iterator[Question]:
    from ris_hybrid import image_wiring, wiring
    from ris_hybrid.aws.standing import AwsStanding
    from ris_hybrid.checkup import data_cloud
    from ris_hybrid.config.mirror_file import load_mirror
    from ris_hybrid.holdings.clients import Clients

    def region(environment: EnvironmentPlan) -> AwsStanding:
        places = (
            {}
            if wiring.aws_endpoint()
            else {one.name: one for one in load_mirror(folder / settings.mirror).environments}
        )
        profile = places[environment.name].profile if environment.name in places else ""
        return AwsStanding(Clients(environment.region, profile=profile, hasty=True))

    images = {home.repository for home in image_wiring.lab_homes(mirror)}
    yield Question(name="AWS of the data plane", ask=lambda: data_cloud.look(mirror, region, images))
    if settings.datasync is not None:
        arns = settings.datasync.agent_arns
        yield Question(name="DataSync", ask=lambda: data_cloud.agents(arns, region(mirror.environments[0])))


def _lustre(asked: Asked) -> Iterator[Question]:
    """File systems that nodes of burst.yaml's pools mount."""
    if asked.burst is None:
        return
    from ris_hybrid.aws.standing import AwsStanding
    from ris_hybrid.checkup import data_cloud
    from ris_hybrid.holdings.clients import Clients

    burst = asked.burst.settings
    sources = [one.source for pool in burst.pools for one in pool.paths if one.kind == "lustre"]
    ids = sorted({found[0] for source in sources if (found := _LUSTRE.search(source))})
    if ids:
        clients = Clients(burst.region, burst.endpoint_url, hasty=True)
        yield Question(name="FSx", ask=lambda: data_cloud.file_systems(ids, AwsStanding(clients)))


def _images(settings: DataSettings) -> Iterable[Finding]:
    from onprem.shell import LocalShell
    from ris_hybrid.checkup import data_images

    return data_images.look(settings.images.copier, LocalShell())
