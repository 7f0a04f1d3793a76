"""What the running LSF says of the queues that burst.yaml names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onprem.shell import Command
from ris_hybrid.checkup.finding import Finding
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.shell import Shell
    from ris_hybrid.ports import Scheduler
    from ris_hybrid.settings import BurstSettings

_RERUNNABLE = re.compile(r"^\s*RERUNNABLE\s*:\s*yes\b", re.IGNORECASE | re.MULTILINE)

_NONE = re.compile(r"no\b", re.IGNORECASE)
_MOST_LINES = 5


def look(settings: BurstSettings, scheduler: Scheduler, shell: Shell) -> Iterator[Finding]:
    """Whether the queues are there, and those rerunnable that are said to be. Raises ``SiteUnavailable``."""
    there = {queue.name: queue for queue in scheduler.queues()}
    named = sorted({name for pool in settings.pools for name in pool.queues} | set(settings.rerunnable_queues))
    for name in named:
        queue = there.get(name)
        text = "no such queue" if queue is None else "open" if queue.is_open else "closed"
        yield Finding(name=f"queue {name}", ok=queue is not None, text=text, hint="mend the queue names of burst.yaml")
    for name in settings.rerunnable_queues:
        if name in there:
            yield _rerunnable(name, shell)


def _rerunnable(name: str, shell: Shell) -> Finding:
    done = shell.run(Command(argv=("bqueues", "-l", name)))
    if done.rc:
        raise SiteUnavailable(f"bqueues -l {name} failed (exit code {done.rc})", "see whether LSF is up with `lsid`")
    ok = _RERUNNABLE.search(done.stdout) is not None
    return Finding(
        name=f"queue {name} rerunnable",
        ok=ok,
        text="yes" if ok else "no: jobs that lose their spot node would not run again",
        hint="set RERUNNABLE = yes in lsb.queues, or take it out of rerunnable_queues",
    )


def complaints(shell: Shell) -> Iterator[Finding]:
    """What the Resource Connector last complained of (``badmin rc error``). Raises ``SiteUnavailable``."""
    done = shell.run(Command(argv=("badmin", "rc", "error")))
    said = [line.strip() for line in (done.stderr if done.rc else done.stdout).splitlines() if line.strip()]
    lines = said if done.rc else [line for line in said if not _NONE.match(line)]
    yield Finding(
        name="badmin rc error",
        ok=not (lines or done.rc),
        text=" / ".join(lines[:_MOST_LINES]) or (f"failed (exit code {done.rc})" if done.rc else "nothing"),
        hint="it needs the MQTT broker (LSF_MQ_BROKER_HOSTS)"
        if done.rc
        else "ebrokerd.log.<host> has the rest; `ris-hybrid burst events` has what we answered",
        needed=False,
    )
