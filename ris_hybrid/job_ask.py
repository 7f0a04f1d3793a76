"""What a job says of the data and the image it needs, and of what it needs beside slots."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAsk:
    """What one job said it needs, as its submission has it; a field the scheduler did not print is None."""

    job_id: str
    user: str
    lab: str
    queue: str
    cwd: str | None = None
    """Where it was submitted from."""
    esub: str | None = None
    """Options of ``bsub -a``: ``docker(ubuntu:22.04)``."""
    command: str | None = None
    description: str | None = None
    """``bsub -Jd``; words ``data=PATH`` in it name what the job reads, ``results=PATH`` what it writes."""
    volumes: str | None = None
    """LSF_DOCKER_VOLUMES of its environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTraits:
    """What one pending job asks for beyond its slots, as its submission has it."""

    resreq: str | None = ""
    """Its own resource requirement (``-R``), as ``bmod -R`` would take it; empty for none, None where not known."""
    combined: str = ""
    """With what its queue and application add, as the system printed it; empty where it did not."""
    name: str = ""
    application: str = ""
    one_host: bool = False
    """``span[hosts=1]``."""
    memory_mib: int = 0
    """Of the whole job, from ``rusage[mem=...]``; 0 where it did not say. Over several hosts what one of them gives,
    unless it was asked for by task: how many hosts there will be nobody knows yet."""
    gpus: int = 0
    """Of the whole job; over several hosts as ``memory_mib``."""
    rerunnable: bool | None = None
    """None where only its queue tells."""
