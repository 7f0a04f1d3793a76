"""The site that ``burst simulate`` replays: burst.yaml's, or one pool from options; and what the options mean."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.simulating.recommendation import Target

EXAMPLE_TYPE = "c7a.4xlarge"
EXAMPLE_NODES = 100
EXAMPLE_BOOT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePool:
    """Of a site without burst.yaml; None where the option was not given."""

    instance_type: str | None
    max_nodes: int | None
    boot_s: float | None


def written_settings(conf: Path | None, pool: OnePool) -> BurstSettings:
    """burst.yaml as it is written, or one that has the pool of the options.

    Raises:
        ConfigError: what is written cannot be used, or options of a pool beside a burst.yaml.
    """
    if conf is None:
        from ris_hybrid.simulating.premises import example_settings

        return example_settings(
            pool.instance_type or EXAMPLE_TYPE,
            EXAMPLE_NODES if pool.max_nodes is None else pool.max_nodes,
            EXAMPLE_BOOT_S if pool.boot_s is None else pool.boot_s,
        )
    given = [name for name in ("instance_type", "max_nodes", "boot_s") if getattr(pool, name) is not None]
    if given:
        option = f"--{given[0].removesuffix('_s').replace('_', '-')}"
        raise ConfigError(
            f"{option} and --conf: expected one of them", f"--what-if changes a pool of {conf.name} for one replay"
        )
    from ris_hybrid.config.burst_file import load_burst

    return load_burst(conf)


def need(extra: str, packages: tuple[str, ...]) -> None:
    """Raise ``ConfigError`` when the packages of an extra are not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        text = f"burst simulate needs {', '.join(missing)}"
        raise ConfigError(text, f"install the extra: pip install 'ris-hybrid[{extra}]'")


def values(text: str) -> tuple[float, ...]:
    """``0.01,0.03`` as numbers. Raises ``ConfigError``."""
    found = []
    for word in text.split(","):
        try:
            value = float(word)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise ConfigError(f"--v: expected numbers of 0 or more with commas between them, found {word.strip()!r}")
        found.append(value)
    return tuple(found)


def target(budget: float | None, wait_minutes: float | None, by: str) -> Target | None:
    """What is to be recommended for; None for nothing. Raises ``ConfigError``."""
    from ris_hybrid.simulating.recommendation import Target

    if budget is not None and wait_minutes is not None:
        raise ConfigError("--budget and --wait: expected one of them", "the other one is what it comes to")
    if budget is not None:
        if not 0 < budget < float("inf"):
            raise ConfigError(f"--budget: expected dollars a month above 0, found {budget:g}")
        return Target(kind="budget", figure=budget)
    if wait_minutes is None:
        return None
    if not 0 <= wait_minutes < float("inf"):
        raise ConfigError(f"--wait: expected minutes of 0 or more, found {wait_minutes:g}")
    return Target(kind="wait", figure=wait_minutes * 60, by="p95" if by == "p95" else "mean")


def keys_of_what_if(incomplete: str) -> list[str]:
    """For the shell: what may be written before the equals sign."""
    return [key for key in _keys() if key.startswith(incomplete)]


def _keys() -> Iterator[str]:
    from ris_hybrid.planner_settings import Planner
    from ris_hybrid.settings import Budget, Caps, Gate, Life, Pool, Release

    yield from ("price=", "slots=", "scheduling=", "pools.*.price=")
    parts = {"pools.*": Pool, "gates[0]": Gate, "release": Release, "caps": Caps, "budget": Budget, "life": Life}
    for place, kind in (parts | {"planner": Planner}).items():
        yield from (f"{place}.{field.name}=" for field in fields(kind))
