"""Pending jobs → classes of equal jobs: few enough to choose nodes for, none smaller than its jobs (pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from burst.fleet import account_of
from burst.mix.values import JobClass
from ris_hybrid.job_ask import JobTraits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.model import Job

MOST_CLASSES = 40
"""More are merged, first by memory in eighths of a power of two, then in whole ones."""
_STEPS = (0, 8, 1)
_Key = tuple[str, int, int, int, Literal["one-host", "any"]]


def classes_of(jobs: Iterable[Job], traits: Mapping[str, JobTraits], *, by_lab: bool) -> list[JobClass]:
    """Equal jobs together, the most slots first. A job whose traits are missing asks for slots alone.

    A job that may lie on several hosts is put on one node where one holds it, else on whole nodes.
    """
    asked = Counter(_key(job, traits.get(job.job_id, JobTraits()), by_lab=by_lab) for job in jobs)
    tries = [_merged(asked, steps) for steps in _STEPS]
    merged = next((one for one in tries if len(one) <= MOST_CLASSES), tries[-1])
    rows = sorted(merged.items(), key=lambda row: (-row[0][1] * row[1], row[0]))
    return [_class(key, count) for key, count in rows]


def _merged(asked: Counter[_Key], steps: int) -> Counter[_Key]:
    merged: Counter[_Key] = Counter()
    for (lab, slots, memory_mib, gpus, span), count in asked.items():
        merged[lab, slots, rounded_up(memory_mib, steps), gpus, span] += count
    return merged


def rounded_up(memory_mib: int, steps: int) -> int:
    """The memory, or the next of so many steps between it and the power of two below; 0 steps leave it."""
    if not steps or memory_mib <= steps:
        return memory_mib
    step = max(1, (1 << memory_mib.bit_length() - 1) // steps)
    return -(-memory_mib // step) * step


def _key(job: Job, traits: JobTraits, *, by_lab: bool) -> _Key:
    lab = job.lab if by_lab else ""
    return lab, job.slots, traits.memory_mib, traits.gpus, "one-host" if traits.one_host else "any"


def _class(key: _Key, count: int) -> JobClass:
    lab, slots, memory_mib, gpus, span = key
    words = [f"{slots} slots"] + ([f"{memory_mib} MiB"] if memory_mib else []) + ([f"{gpus} GPUs"] if gpus else [])
    words += ["one host"] if span == "one-host" else []
    name = ", ".join(words)
    return JobClass(
        name=f"{account_of(lab)}: {name}" if lab else name,
        jobs=count,
        slots=slots,
        memory_mib=memory_mib,
        gpus=gpus,
        span=span,
        lab=lab,
    )
