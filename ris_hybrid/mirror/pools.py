"""Which EC2 pools of burst.yaml an allocation's jobs may use: those beside its data, whose cost its AWS budget sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.values import DataClass
    from ris_hybrid.settings import BurstSettings, Pool


def pools_of(lab: str, data_class: DataClass, environment: Environment, burst: BurstSettings | None) -> tuple[str, ...]:
    """Their names in the order of burst.yaml; none where the site does not burst, or bursts to another region."""
    if burst is None or burst.region != environment.region:
        return ()
    return tuple(pool.name for pool in burst.pools if pool.provider == "ec2" and _may_use(pool, lab, data_class))


def why_none(lab: str, data_class: DataClass, environment: Environment, burst: BurstSettings) -> str:
    """In words, for an allocation that ``pools_of`` gives none."""
    if not burst.on_ec2:
        return "no pool of burst.yaml is EC2's"
    if burst.region != environment.region:
        return f"burst.yaml's pools are in {burst.region}, its data is in {environment.region}"
    if data_class == "phi":
        return f"no on-demand pool of burst.yaml names lab {lab}, and jobs with PHI use no other"
    return f"no pool of burst.yaml takes lab {lab}"


def _may_use(pool: Pool, lab: str, data_class: DataClass) -> bool:
    """PHI only where the site has named the lab, and where no node vanishes at two minutes' notice."""
    if data_class == "phi":
        return lab in pool.labs and pool.purchase == "on-demand"
    return not pool.labs or lab in pool.labs
