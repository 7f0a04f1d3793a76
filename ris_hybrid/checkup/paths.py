"""Paths of the pools against the site's allocations: whose jobs would find an empty directory, or another's PHI.

burst.yaml does not know which allocation holds PHI; the site's files do (``secure``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ris_hybrid.settings import BurstSettings, Pool

_ROOTS = ("/storage1/fs1", "/cache1/fs1")
"""Where batch jobs have allocations: both lead to the same files."""


class Whose(Protocol):
    """What is asked of an allocation."""

    @property
    def name(self) -> str:
        """Of its directory."""
        ...

    @property
    def lab(self) -> str:
        """Whose it is."""
        ...

    @property
    def secure(self) -> bool:
        """Whether it holds PHI."""
        ...


def look(settings: BurstSettings, allocations: Iterable[Whose]) -> Iterator[Finding]:
    """Two findings for each pool that is on: what its labs' jobs would miss, and what they must not see."""
    known = sorted(allocations, key=lambda one: one.name)
    general = [line.split()[1] for line in settings.node.mounts if len(line.split()) > 1]
    for pool in settings.pools:
        if pool.max_nodes:
            own = [mount.path for mount in pool.paths]
            yield _missing(pool, settings, known, (*general, *own))
            yield _strange(pool, known, own)


def _missing(pool: Pool, settings: BurstSettings, known: Sequence[Whose], mounted: Sequence[str]) -> Finding:
    served = [one for one in known if not pool.labs or one.lab in pool.labs]
    lost = [one.name for one in served if not any(_sees(path, one.name) for path in mounted)]
    some = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if lost[5:] else "")
    return Finding(
        name=f"paths of pool {pool.name}",
        ok=not lost,
        text=f"no path for {some}" if lost else f"{len(served)} allocations of its labs have a path",
        hint="name their paths in paths of the pool, or in node.mounts: without one a job finds nothing there",
        # With an outlook jobs are sent because their data is there: then it has to be.
        needed=bool(settings.outlook),
    )


def _strange(pool: Pool, known: Sequence[Whose], own: Sequence[str]) -> Finding:
    wrong = [
        f"{path} is {'PHI ' if one.secure else ''}of {one.lab}, the pool serves {', '.join(pool.labs) or 'every lab'}"
        for path in own
        for one in known
        if _inside(path, one.name)
        and (one.lab not in (pool.labs or (one.lab,)) or (one.secure and len(pool.labs) != 1))
    ]
    return Finding(
        name=f"whose paths pool {pool.name} has",
        ok=not wrong,
        text="; ".join(wrong) or "its own labs'",
        hint="give the lab a pool of its own: PHI is mounted where no other lab's jobs run",
    )


def _inside(path: str, name: str) -> bool:
    return any(f"{path}/".startswith(f"{root}/{name}/") for root in _ROOTS)


def _sees(path: str, name: str) -> bool:
    """Whether a mount shows the allocation, or a part of it."""
    return _inside(path, name) or any(f"{root}/{name}/".startswith(f"{path.rstrip('/')}/") for root in _ROOTS)
