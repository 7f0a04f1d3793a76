"""What jobs need, from memory: the shipped fake of ``JobAsks``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.job_ask import JobAsk


@dataclass(slots=True)
class FakeJobAsks:
    """Pending jobs, and others that are known by their id alone."""

    pending: tuple[JobAsk, ...] = ()
    others: tuple[JobAsk, ...] = field(default=(), kw_only=True)
    down: bool = field(default=False, kw_only=True)

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        """See ``ris_hybrid.data.ports.JobAsks``."""
        if self.down:
            raise SiteUnavailable("LSF is down. Please wait ...", "start it, or try again")
        if not job_ids:
            return self.pending
        known = {ask.job_id: ask for ask in (*self.pending, *self.others)}
        return tuple(known[job_id] for job_id in dict.fromkeys(job_ids) if job_id in known)
