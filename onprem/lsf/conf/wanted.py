"""What LSF's files must say for the settings of burst.yaml. Pure.

Keys: IBM Spectrum LSF 10.1, "Configuring the resource connector".
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from onprem.lsf.conf.edits import Want, anything, includes, lends_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings

MODULE = "schmod_demand"
STRINGS: Mapping[str, str] = {
    "rc_account": "account the host was borrowed for",
    "instanceID": "EC2 instance id of a borrowed host",
    "templateID": "template of a borrowed host",
    "clusterName": "cluster that borrowed the host",
    "providerName": "provider of a borrowed host",
    "vm_type": "EC2 instance type of a borrowed host",
}


def lsf_conf(settings: BurstSettings) -> tuple[Want, ...]:
    """lsf.conf; the query intervals are left to the site."""
    life = settings.life
    wants = [
        Want(key="LSB_RC_EXTERNAL_HOST_FLAG", value=settings.host_flag, enough=includes),
        Want(key="LSF_DYNAMIC_HOST_WAIT_TIME", value="60", enough=anything),
        Want(key="LSF_DYNAMIC_HOST_TIMEOUT", value="10m", enough=anything),
        Want(key="LSB_RC_EXTERNAL_HOST_IDLE_TIME", value=_minutes(life.idle_minutes)),
    ]
    if life.lifetime_hours is not None:
        wants.append(Want(key="LSB_RC_EXTERNAL_HOST_MAX_TTL", value=_minutes(life.lifetime_hours * 60)))
    return tuple(wants)


def resources(settings: BurstSettings) -> dict[str, tuple[str, str]]:
    """lsf.shared: name to type and description."""
    booleans = {
        settings.host_flag: "host borrowed from the cloud",
        settings.spot_flag: "spot machine, may be taken away",
    }
    if settings.steers_by_flag:
        booleans[settings.planner.steering.flag] = "cloud host for jobs the planner chose"
    return {
        **{name: ("Boolean", said) for name, said in booleans.items()},
        **{name: ("String", said) for name, said in STRINGS.items()},
    }


def queues(settings: BurstSettings) -> dict[str, tuple[Want, ...]]:
    """lsb.queues: what the queues that pools name must say.

    RC_ACCOUNT is set where all pools of a queue serve one lab only: then every host borrowed for it is that lab's.
    Where chosen jobs are moved to burst queues, those borrow and the ordinary ones do not.
    """
    if settings.steers_by_queue:
        ordinary = Want(key="RC_HOSTS", value="none", enough=lends_nothing, add=False)
        twins = settings.planner.steering.queues
        return {**dict.fromkeys(twins, (ordinary,)), **{burst: _queue(own, settings) for own, burst in twins.items()}}
    names = sorted({queue for pool in settings.pools for queue in pool.queues})
    return {name: _queue(name, settings) for name in names}


def copies(settings: BurstSettings) -> dict[str, str]:
    """Burst queue to the ordinary one it is made like, where lsb.queues has none of that name."""
    return {burst: own for own, burst in settings.planner.steering.queues.items()} if settings.steers_by_queue else {}


def _queue(name: str, settings: BurstSettings) -> tuple[Want, ...]:
    hosts = Want(key="RC_HOSTS", value=settings.host_flag, enough=includes)
    serving = [pool.labs for pool in settings.pools if not pool.queues or name in pool.queues]
    labs = {lab for some in serving for lab in some}
    if len(labs) == 1 and all(serving):
        return hosts, Want(key="RC_ACCOUNT", value=labs.pop())
    return (hosts,)


def _minutes(minutes: float) -> str:
    """Whole minutes, at least one: LSF takes 0 for never."""
    return str(max(1, ceil(minutes)))
