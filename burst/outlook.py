"""What the data plane said of pending jobs, and of results that are still on their way, at one moment (pure).

The word is written every few minutes by whoever runs the data plane, and read by whoever decides: LSF's hook, the
broker, the commands. Old word is no word: a job nobody has looked at since stays on the site.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.data.readiness import JobData

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.model import Machine
    from ris_hybrid.settings import BurstSettings, Pool

NOT_LOOKED_AT = JobData(verdict="unknown", reason="the data plane has not looked at this job yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One snapshot of the data plane."""

    at: float
    """When it was made."""
    jobs: Mapping[str, JobData] = field(default_factory=dict)
    """By job id, or by that of its array."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """Dollars of transfers and egress this month, by lab: spent, or due for what is on its way."""
    release: Mapping[str, str] = field(default_factory=dict)
    """Lab to what of its results is not back on-prem yet, in words; a lab that is missing waits for nothing."""
    problem: str = ""
    """Why nothing of it counts: it is missing, old, or cannot be read. Then the rest is empty."""


def job_data(job_id: str, data: Mapping[str, JobData]) -> JobData:
    """What is said of one job, or of the array it is an element of."""
    known = data.get(job_id)
    if known is None:
        known = data.get(job_id.partition("[")[0])
    return NOT_LOOKED_AT if known is None else known


def told(data: JobData) -> str:
    """The word and the dollars of one job, for a person."""
    dollars = f", ${data.usd:.2f} of data" if data.usd else ""
    return f"data: {data.verdict}{dollars}: {data.reason}"


def keeps_results(pool: Pool) -> bool:
    """Whether what jobs write on its nodes' paths stays on a file system that nothing takes away by itself."""
    return any(one.kind == "lustre" and not one.read_only and not one.exports for one in pool.paths)


def waiting_for_results(machines: Iterable[Machine], settings: BurstSettings, word: Word | None) -> Mapping[str, str]:
    """Machine id to why it is not to be given back yet. Without a word nothing is known, and it waits as well."""
    pools = {pool.name for pool in settings.pools if keeps_results(pool)}
    if not pools:
        return {}
    if word is None or word.problem:
        why = word.problem if word else "burst.yaml names no outlook"
        return {
            m.machine_id: f"whether its lab's results are back is unknown: {why}" for m in machines if m.pool in pools
        }
    return {m.machine_id: word.release[m.lab] for m in machines if m.pool in pools and m.lab in word.release}
