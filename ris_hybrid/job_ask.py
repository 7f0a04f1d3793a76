"""What a job says of the data and the image it needs."""

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
