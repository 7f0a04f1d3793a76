"""Which of LSF's daemons must read which changed file again, and by which command; and LSF's own check of its files.

Source: IBM Spectrum LSF 10.1, "Reconfiguring the cluster" and the administrator's commands badmin and lsadmin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.shell import Command
from ris_hybrid.errors import RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onprem.shell import Shell

CHECKS = (("lsadmin", "ckconfig", "-v"), ("badmin", "ckconfig", "-v"))
_FATAL = re.compile(r"fatal error", re.IGNORECASE)
_SLOW_S = 120.0  # a check of a large cluster, or a restart of its mbatchd
_MBD, _LIM, _QUEUES = "mbd", "lim", "queues"
_NEEDS = {
    "lsf.conf": (_LIM, _MBD),
    "lsf.shared": (_LIM, _MBD),
    "lsf.cluster": (_LIM, _MBD),
    "lsb.modules": (_MBD,),
    "hostProviders.json": (_MBD,),
    "policy_config.json": (_MBD,),
    "lsb.queues": (_QUEUES,),
}


class CheckFailed(RisHybridError):
    """LSF does not accept its files."""

    exit_code = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command that makes changes count, and why it is needed."""

    argv: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}  # {self.why}"


def steps(changed: Iterable[str], candidates: Sequence[str]) -> tuple[Step, ...]:
    """The commands for changed files (their names), in order. A restart of mbatchd reads the queues too."""
    files = sorted(set(changed))
    wanting = {need: [name for name in files if need in _needs(name)] for need in (_LIM, _MBD, _QUEUES)}
    found = []
    if wanting[_LIM]:
        argv = ("lsadmin", "limrestart", "-f", *candidates)
        found.append(Step(argv=argv, why=f"the LIMs of all master candidates read {_words(wanting[_LIM])}"))
    if wanting[_MBD]:
        found.append(
            Step(argv=("badmin", "mbdrestart", "-f"), why=f"mbatchd reads {_words(wanting[_MBD])} at its start")
        )
    elif wanting[_QUEUES]:
        found.append(Step(argv=("badmin", "reconfig", "-f"), why=f"mbatchd reads {_words(wanting[_QUEUES])}"))
    return tuple(found)


def counts(name: str) -> bool:
    """Whether a daemon must be told of a change of this file."""
    return bool(_needs(name))


def reachable(shell: Shell) -> None:
    """Raises ``SiteUnavailable`` when LSF's administrator commands cannot be run here."""
    for name in ("lsadmin", "badmin"):
        shell.run(Command(argv=(name, "-V")))


def check(shell: Shell) -> None:
    """LSF's own check. Raises ``CheckFailed`` with its words, ``SiteUnavailable`` when it gave no answer."""
    for argv in CHECKS:
        done = shell.run(Command(argv=argv, timeout_s=_SLOW_S))
        said = f"{done.stdout}\n{done.stderr}"
        if done.rc or _FATAL.search(said):
            raise CheckFailed(f"{' '.join(argv)}: {_last_words(said) or f'exit code {done.rc}'}", "")


def run(step: Step, shell: Shell) -> None:
    """Make changes count. Raises ``SiteUnavailable`` when the command failed."""
    done = shell.run(Command(argv=step.argv, timeout_s=_SLOW_S))
    if done.rc:
        said = _last_words(f"{done.stdout}\n{done.stderr}") or "no message"
        raise SiteUnavailable(f"{' '.join(step.argv)} failed (exit code {done.rc}): {said}", "run it by hand")


def _needs(name: str) -> tuple[str, ...]:
    return _NEEDS.get("lsf.cluster" if name.startswith("lsf.cluster.") else name, ())


def _words(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-6:])[:600]
