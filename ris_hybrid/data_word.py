"""What burst is told after each turn: which pending jobs find their data, what data has cost, whose results are out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.outlook import Word
from burst.outlook_file import write_outlook
from ris_hybrid import image_wiring, wiring
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import JobStatus
from ris_hybrid.staging.leasing import not_back
from ris_hybrid.staging.outlook import StagingOutlook, needs, uses_of
from ris_hybrid.staging.world import month

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.job_ask import JobAsk
    from ris_hybrid.model import Job
    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.leasing import Use
    from ris_hybrid.staging_wiring import DataPlane

_PENDING = frozenset({JobStatus.PEND, JobStatus.PSUSP, JobStatus.WAIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenJobs:
    """Every unfinished job and what each said it needs; the port ``JobAsks`` over what was read once."""

    jobs: tuple[Job, ...]
    told: tuple[JobAsk, ...]

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        """See the port."""
        wanted = set(job_ids)
        return tuple(one for one in self.told if not wanted or one.job_id in wanted)


def seen_jobs(plane: DataPlane) -> SeenJobs:
    """As the scheduler tells them now. Raises ``SiteUnavailable``."""
    jobs = wiring.scheduler().jobs()
    return SeenJobs(jobs=jobs, told=plane.asks().asks([job.job_id for job in jobs]) if jobs else ())


def uses(plane: DataPlane, seen: SeenJobs) -> tuple[Use, ...]:
    """Every unfinished job with its datasets.

    A job that runs at the site counts like one in the cloud: it is not told from here where a host is, and a lease too
    many keeps data where it is.
    """
    return uses_of(seen.jobs, needs(seen.told, plane.settings, plane.allocations), lambda _: True)


def tell_burst(
    plane: DataPlane, journal: SqliteJournal, seen: SeenJobs, now: float, tell: Callable[[str], None]
) -> str:
    """Write the file that burst.yaml names as its outlook; what was told, or nothing where it names none.

    Raises ``ConfigError`` when it cannot be written.
    """
    conf = plane.folder / plane.settings.burst
    settings = load_burst(conf) if conf.exists() else None
    if settings is None or not settings.outlook:
        return ""
    path = wiring.data_dir(settings, conf) / settings.outlook
    made = word(plane, journal, seen, now, (settings, tell))
    try:
        write_outlook(path, made, settings.outlook_minutes * 60)
    except OSError as error:
        message = f"{path}: burst's outlook cannot be written: {error.strerror}"
        raise ConfigError(message, f"see outlook in {conf}") from error
    return f"{sum(one.eligible for one in made.jobs.values())} of {len(made.jobs)} pending jobs may be sent"


def word(
    plane: DataPlane,
    journal: SqliteJournal,
    seen: SeenJobs,
    now: float,
    burst: tuple[BurstSettings, Callable[[str], None]],
) -> Word:
    """The data plane at this moment, as burst takes it."""
    settings, tell = burst
    outlook = StagingOutlook(
        asks=seen,
        journal=lambda: nullcontext(journal),
        settings=plane.settings,
        allocations=plane.allocations,
        boot_s=min((pool.boot_s for pool in settings.pools), default=0.0),
        images=image_wiring.image_words(plane.settings, plane.folder, tell),
    )
    stagings = journal.stagings()
    labs = {one.staging_id: _lab(plane, one.plan.dataset.allocation) for one in stagings}
    spent: dict[str, float] = {}
    for staging_id, usd in journal.spent(month(now)).by_staging.items():
        lab = labs.get(staging_id, "")
        spent[lab] = spent.get(lab, 0.0) + usd
    release = {labs[one.staging_id]: why for one in stagings if (why := not_back(one))}
    pending = [job for job in seen.jobs if job.status in _PENDING]
    return Word(at=now, jobs=outlook.outlook(pending, now), spent=spent, release=release)


def _lab(plane: DataPlane, name: str) -> str:
    """Whose an allocation is; its own name where the mirror has it no more."""
    allocation = plane.allocations.get(name)
    return allocation.lab if allocation else name
