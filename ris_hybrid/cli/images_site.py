"""What an ``images`` command works on: the images that jobs or scripts name, and the registries of their labs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks, image_wiring, wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.which_data import chosen_data
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.image_sync.collecting import ImageSite
    from ris_hybrid.images.asked import Named

AllocationOption = Annotated[
    str, typer.Option("--allocation", metavar="NAME", help="Only images of this allocation's lab.")
]
LabOption = Annotated[str, typer.Option("--lab", metavar="NAME", help="Only images of this lab.")]
JobOption = Annotated[list[str] | None, typer.Option("--job", metavar="ID", help="Only what this job names.")]
ScriptOption = Annotated[
    list[Path] | None, typer.Option("--script", metavar="FILE", help="What a job script names, instead of LSF's jobs.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose images, as the options say."""

    allocation: str = ""
    lab: str = ""
    jobs: tuple[str, ...] = ()
    scripts: tuple[Path, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every job counts: then names nobody's jobs write may be judged too."""
        return not self.jobs and not self.scripts


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedImages:
    """The images and where they belong."""

    named: tuple[Named, ...]
    site: ImageSite
    now: float
    whole: bool
    """Whether ``named`` is of every job that waits or runs, of the labs in question."""
    all_said: bool
    """Whether LSF said of each of these jobs which image it has."""
    sandbox: bool

    @property
    def today(self) -> str:
        """ISO date, UTC."""
        return datetime.fromtimestamp(self.now, UTC).date().isoformat()


def open_images(conf: Path | None, scope: Scope) -> OpenedImages:
    """Read data.yaml and the mirror, and ask LSF what jobs name. Raises ``ConfigError`` and ``SiteUnavailable``."""
    if scope.jobs and scope.scripts:
        raise ConfigError("--job and --script are two different questions", "give one of them")
    settings, folder = chosen_data(conf)
    where = image_wiring.mirrored(settings, folder)
    if not where.applied:
        show.note("the mirror was never applied: repositories are those of its plan")
    homes = image_wiring.lab_homes(where.plan, lab=scope.lab, allocation=scope.allocation)
    named, all_said = _named(scope, sorted({home.lab for home in homes}))
    if scope.lab or scope.allocation:
        labs = {home.lab for home in homes}
        named = tuple(one for one in named if one.lab in labs)
    return OpenedImages(
        named=named,
        site=image_wiring.image_site(settings.images, folder, where, homes, show.note),
        now=clocks.clock().now(),
        whole=scope.whole,
        all_said=all_said,
        sandbox=bool(wiring.aws_endpoint()),
    )


def _named(scope: Scope, labs: Sequence[str]) -> tuple[tuple[Named, ...], bool]:
    """What jobs name, and whether it is known of every job."""
    from ris_hybrid.images.asked import from_asks, from_scripts, is_unclear

    if scope.scripts:
        return from_scripts({str(path): _text(path) for path in scope.scripts}, labs[0] if len(labs) == 1 else ""), True
    asks = image_wiring.job_asks()
    if scope.jobs:
        found = asks.asks(scope.jobs)
        for missing in sorted(set(scope.jobs) - {one.job_id for one in found}):
            show.warn(f"job {missing}: LSF does not know it, or did not say what it needs")
        return from_asks(found), True
    found = asks.asks()
    pending = {one.job_id for one in found}
    # Asked for after those that wait, so that one which starts meanwhile is not lost; held and lost ones too.
    others = [job.job_id for job in wiring.scheduler().jobs() if job.job_id not in pending]
    found += asks.asks(others) if others else ()
    unsaid = sum(is_unclear(one.esub) for one in found)
    if unsaid:
        show.warn(f"bjobs does not say which image {unsaid} job(s) were submitted with")
    return from_asks(found), not unsaid


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "name a job script") from error
