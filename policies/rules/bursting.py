"""Rules for a burst at this site: what its pools may buy, for whom, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr
from policies.rules.rule import none_of, not_known, phi, rule
from ris_hybrid.holdings.values import Holdings
from ris_hybrid.settings import BurstSettings

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict
    from ris_hybrid.settings import Pool


@rule(BurstSettings, SITE, fix="name the pool's labs without those that hold PHI, or buy on demand")
def no_spot_for_phi(burst: BurstSettings, context: Context) -> Verdict:
    """PHI work is not put where a node vanishes at two minutes' notice, scratch data and all."""
    wrong = [pool.name for pool in burst.pools if pool.purchase != "on-demand" and _phi_labs(pool, context)]
    return none_of(wrong, "spot pools open to labs with PHI")


@rule(BurstSettings, SITE, fix="take one of the catalogue, or give it a price in burst.yaml")
def types_known(burst: BurstSettings, context: Context) -> Verdict:
    """Every instance type of a pool is one whose cores, memory and price we know."""
    if not context.known_types:
        return not_known("the catalogue of instance types")
    known = context.known_types | set(burst.prices) | _sizes(burst)
    named = [(kind, pool.name) for pool in burst.pools for kind in pool.instance_types]
    return none_of([f"{kind} of pool {pool}" for kind, pool in named if kind not in known], "unknown instance types")


@rule(
    BurstSettings,
    *(SITE, cfr("164.308(b)(1)"), cfr("164.312(a)(1)")),
    fix="name the pool's labs without those that hold PHI",
)
def phi_stays_off_second_clouds(burst: BurstSettings, context: Context) -> Verdict:
    """PHI work stays off clouds beside AWS, where none of our networks, keys and records guard it."""
    second = [pool for pool in burst.pools if pool.provider != "ec2"]
    wrong = [
        f"{pool.name} ({', '.join(sorted(_phi_labs(pool, context))) if pool.labs else 'it names no labs'})"
        for pool in second
        if not pool.labs or _phi_labs(pool, context)
    ]
    return none_of(wrong, "pools of second clouds open to labs with PHI")


@rule(Holdings, SITE, fix="build the compute stack with every EC2 pool of burst.yaml")
def pools_planned(holdings: Holdings, context: Context) -> Verdict:
    """Every EC2 pool of burst.yaml has its launch template."""
    if context.burst is None or holdings.launch_templates is None:
        return not_known("the pools, or their launch templates")
    if any(one.tags is None for one in holdings.launch_templates):
        return not_known("whose the launch templates are")
    there = {one.tags.get("ris_pool") for one in holdings.launch_templates if one.tags}
    wrong = [pool.name for pool in _of_ec2(context.burst) if pool.name not in there]
    return none_of(wrong, "pools without their template")


@rule(
    Holdings,
    *(SITE, cfr("164.312(a)(1)")),
    fix="name the pool's labs without them, or build the pool in an environment for PHI",
)
def phi_stays_in_phi_network(holdings: Holdings, context: Context) -> Verdict:
    """Labs with PHI use pools of a network made for PHI, or none."""
    if context.burst is None or holdings.launch_templates is None:
        return not_known("the pools, or their launch templates")
    of_pool = {one.tags.get("ris_pool"): one for one in holdings.launch_templates if one.tags}
    open_to = [(pool, sorted(_phi_labs(pool, context))) for pool in _of_ec2(context.burst)]
    placed = [(pool, labs, of_pool[pool.name]) for pool, labs in open_to if labs and pool.name in of_pool]
    wrong = [f"{pool.name} ({', '.join(labs)})" for pool, labs, template in placed if not phi(template, context)]
    return none_of(wrong, "pools open to PHI")


def _of_ec2(burst: BurstSettings) -> list[Pool]:
    return [pool for pool in burst.pools if pool.provider == "ec2"]


def _sizes(burst: BurstSettings) -> set[str]:
    """Sizes of second clouds with a price: as burst.yaml has them, and as they are called in our books."""
    return {name for cloud in burst.clouds for size in cloud.prices for name in (size, f"{cloud.name}/{size}")}


def _phi_labs(pool: Pool, context: Context) -> frozenset[str]:
    """The labs with PHI that may use a pool; a pool that names no lab is open to all."""
    return context.phi_labs & frozenset(pool.labs) if pool.labs else context.phi_labs


RULES = (no_spot_for_phi, types_known, phi_stays_off_second_clouds, pools_planned, phi_stays_in_phi_network)
