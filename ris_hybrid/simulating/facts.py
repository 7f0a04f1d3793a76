"""What a simulation was made from: record, pools, versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ris_hybrid.simulating.desk import span_s
from ris_hybrid.simulating.result import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from burst.replay.values import Workload
    from ris_hybrid.simulating.premises import Premises


def facts(workload: Workload, premises: Premises, paths: Sequence[Path]) -> Facts:
    """The head of a report."""
    return Facts(
        record=workload.name,
        jobs=workload.jobs,
        days=span_s(workload) / 86400,
        began=workload.began,
        capacity=premises.capacity,
        capacity_from=premises.capacity_from,
        scheduling=premises.scheduling,
        v=premises.v,
        pools=tuple(_pools(premises)),
        inputs=tuple(f"{path.name}, {path.stat().st_size:,} bytes" for path in paths),
        seed=premises.seed,
        versions=dict(_versions()),
    )


def _pools(premises: Premises) -> Iterator[str]:
    for pool in premises.settings.pools:
        who = "" if premises.names_ignored else _who("queues", pool.queues) + _who("labs", pool.labs)
        usd = premises.node_usd(pool)
        yield (
            f"{pool.name}: at most {pool.max_nodes} nodes of {pool.slots} slots at ${usd:.4g} an hour, "
            f"{pool.purchase}, {pool.boot_s:g} s to join{who}"
        )


def _who(what: str, names: Sequence[str]) -> str:
    return f"; {what} {', '.join(names)}" if names else ""


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for package in ("ris-hybrid", "numpy", "numba"):
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, "not installed"
