"""What a burst is told: pools, gates, caps and budget. Plain dataclasses, so that the hook loads them without pydantic.

``ris_hybrid.config`` validates burst.yaml against these same classes; ``burst.rc.conf`` writes them as the
provider's JSON and reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ris_hybrid.planner_settings import PLANNER_KINDS, Planner
from ris_hybrid.pool_settings import PathMount, Requirements, SecondCloud

_STRICT = {"extra": "forbid"}  # read by pydantic when burst.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Interchangeable cloud nodes LSF knows as one template."""

    __pydantic_config__ = _STRICT

    name: str
    """Also LSF's templateId: letters, digits and hyphens, no underscore."""
    max_nodes: int
    """0 switches the pool off."""
    provider: Literal["ec2", "libcloud"] = "ec2"
    cloud: str = ""
    """libcloud: which of ``clouds``; may be left out where there is one. Empty for EC2."""
    instance_types: tuple[str, ...] = ()
    """In order of preference; each must have at least ``slots`` and ``memory_mib``."""
    requirements: Requirements | None = None
    """In place of ``instance_types``, which are then derived: the types that meet them, by price."""
    slots: int = 0
    """0 until derived from the types: what the smallest of them has under the cluster's definition of ncpus."""
    memory_mib: int = 0
    """0 until derived from the types: less than EC2's figure, by what the system takes."""
    gpus: int = 0
    """0 until derived from the types."""
    cores: int = 0
    """Physical ones; 0 until derived, and where the types are not known."""
    threads_per_core: int = 0
    """0 until derived, and where the types differ."""
    launch_template: str = ""
    """EC2: id or name; empty until the stacks' outputs are merged in."""
    subnets: tuple[str, ...] = ()
    """EC2: one for each zone, for it refuses two of one zone."""
    image: str = ""
    """libcloud: by name; GCE takes the newest of a family of that name too."""
    networks: tuple[str, ...] = ()
    """libcloud: by name, a node is in each of them; GCE: one subnetwork."""
    zones: tuple[str, ...] = ()
    """libcloud: in order of preference; empty: OpenStack chooses. GCE names at least one."""
    security_groups: tuple[str, ...] = ()
    """libcloud: OpenStack's by name, GCE's network tags."""
    queues: tuple[str, ...] = ()
    """Queues whose jobs may use it; empty means every queue LSF lets borrow."""
    labs: tuple[str, ...] = ()
    """Labs that may use it; empty means all."""
    purchase: Literal["on-demand", "spot", "mixed"] = "on-demand"
    on_demand_ratio: float = 0.0
    """Share of a mixed pool that is bought on demand, 0 to 1."""
    reservations: bool = False
    """Use the account's open On-Demand Capacity Reservations first."""
    all_or_none: bool = False
    """For jobs over several nodes: one type, one zone, and every node of a launch or none."""
    placement_group: str = ""
    """Name of a cluster placement group; empty for none."""
    efa: bool = False
    """Whether its nodes have an Elastic Fabric Adapter (built into the launch template by the stacks)."""
    priority: int = 10
    boot_s: float = 300.0
    """Expected seconds from launch to joined, until nodes of the pool have been measured."""
    paths: tuple[PathMount, ...] = ()
    """What its nodes mount beside ``node.mounts``; a node joins, and stays open, only while each of them answers."""

    @property
    def built(self) -> bool:
        """Whether it says all that a launch needs: EC2's pools do once the stacks have built them."""
        return self.provider != "ec2" or bool(self.launch_template)

    @property
    def places(self) -> tuple[str, ...]:
        """Where a launch may go, best first: EC2's subnets, other clouds' zones; ``("",)`` for the cloud's choice."""
        return self.subnets if self.provider == "ec2" else self.zones or ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One launch condition; it is met when every figure given is reached. Several gates are alternatives."""

    __pydantic_config__ = _STRICT

    pending_jobs: int | None = None
    """At least so many eligible jobs ..."""
    for_minutes: float = 0.0
    """... that have been pending at least this long."""
    pending_slots: int | None = None
    expected_wait_minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Once nodes are up the gate stays open until pressure is below both figures (hysteresis)."""

    __pydantic_config__ = _STRICT

    pending_jobs: int = 1
    pending_slots: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Upper bounds on nodes alive at once, and on how fast they may come."""

    __pydantic_config__ = _STRICT

    nodes: int
    per_lab: int | None = None
    labs: Mapping[str, int] = field(default_factory=dict)
    """Lab name to its own cap; overrides ``per_lab``."""
    step_nodes: int | None = None
    """At most so many new nodes per decision and pool."""
    cooldown_s: float = 0.0
    """Seconds between two launches of one pool for one lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Dollars per calendar month (UTC), committed cost included. At the stop nothing is launched or killed."""

    __pydantic_config__ = _STRICT

    usd_per_month: float
    labs: Mapping[str, float] = field(default_factory=dict)
    commit_hours: float = 1.0
    """How long a node is assumed to run on from now when committed cost is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How long what may last in the life of a node, and what is done about pools that do not work."""

    __pydantic_config__ = _STRICT

    join_minutes: float = 15.0
    """From launch to joined; a machine that has not joined by then is ended."""
    lifetime_hours: float | None = None
    """A node older than this takes no new jobs and is ended when it is empty; None for no bound."""
    idle_minutes: float = 10.0
    """A node without jobs for so long is returned. With a Resource Connector LSF itself does it."""
    unlisted_minutes: float = 10.0
    """A machine that LSF has not listed for so long is ended."""
    join_failures: int = 10
    """So many failures to join in a row switch the pool off until an admin clears it."""
    capacity_hold_minutes: float = 10.0
    """A pool the cloud had no machine for is left alone for so long."""
    results_hours: float = 24.0
    """An idle node that waits for its lab's results to be back on-prem is given back after so long all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What user data makes of a machine so that it becomes a host of the cluster."""

    __pydantic_config__ = _STRICT

    lsf_top: str = "/opt/lsf"
    """Where LSF is installed in the image (or mounted)."""
    masters: tuple[str, ...] = ()
    """Management candidates, the first one preferred; empty leaves those of the image's lsf.conf."""
    lsf_admin: str = "lsfadmin"
    """LSF's primary administrator, with the same uid here and there; closes the host on a spot notice."""
    resources: tuple[str, ...] = ("docker",)
    """Boolean resources of lsf.shared that every node has besides the host flag."""
    mounts: tuple[str, ...] = ()
    """Lines of fstab: the site's paths as jobs know them (``/storage1``, ``/cache1``, ``/scratch1``)."""
    docker_options: tuple[str, ...] = ()
    """Options every container of a job gets, e.g. ``--security-opt label=disable``."""
    registry: str = ""
    """ECR registry host whose images jobs use, by the instance role; empty for none."""
    namespace: str = ""
    """Of a lab's images in it, ``prod/{lab}``: the account's lab stands for ``{lab}``. Empty: names are not mapped."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Lab name to its namespace, where that is another."""
    map_images: bool = True
    """Whether LSF's daemons meet a ``docker`` that starts the mapped image; else only ``docker-image`` is there."""
    paths_there: bool = False
    """Put ``paths-there`` on nodes, for PRE_EXEC of queues: it sends jobs back to PEND whose ``data=`` is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSettings:
    """Everything the provider and the policy need."""

    __pydantic_config__ = _STRICT

    cluster: str
    provider: str
    region: str = ""
    """Of EC2; empty only where no pool is EC2's."""
    pools: tuple[Pool, ...]
    gates: tuple[Gate, ...]
    caps: Caps
    budget: Budget
    clouds: tuple[SecondCloud, ...] = ()
    """Beside EC2. One stays here until its last machine is gone, whether a pool names it or not."""
    mode: Literal["thresholds", "planned", "shadow"] = "thresholds"
    """``thresholds``: gates alone; any job of an open queue takes the nodes. ``planned``: of the jobs behind an open
    gate those go that are worth it, no others. ``shadow``: as thresholds; the plan is made and logged, no more."""
    planner: Planner = field(default_factory=Planner)
    release: Release = field(default_factory=Release)
    life: Life = field(default_factory=Life)
    node: Node = field(default_factory=Node)
    ncpus: Literal["cores", "threads"] = "cores"
    """What the cluster counts as a slot of a host (EGO_DEFINE_NCPUS)."""
    rerunnable_queues: tuple[str, ...] = ()
    """Queues whose jobs may be started again (RERUNNABLE in lsb.queues); spot nodes take no others."""
    notices: str = ""
    """URL of the SQS queue that gets EC2's spot notices by EventBridge; empty for none."""
    endpoint_url: str = ""
    """EC2 endpoint; empty for AWS's own. The sandbox sets a loopback address."""
    host_flag: str = "awshost"
    """The Boolean of LSB_RC_EXTERNAL_HOST_FLAG."""
    spot_flag: str = "risspot"
    """The Boolean of lsf.shared a job must name for spot nodes to be started for it; empty: any job counts."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Dollars per hour by instance type; a type missing here is priced from the shipped catalogue."""
    outlook: str = ""
    """What the data plane says of pending jobs (JSON, path relative to the provider's data directory, which
    ``ris-hybrid data`` writes): only jobs whose data and image are in the cloud are pressure. Empty: all are."""
    outlook_minutes: float = 15.0
    """Older than this it is no word: the jobs stay."""
    outputs: str = ""
    """The stacks' outputs (JSON, path relative to burst.yaml) that name launch templates and subnets."""

    @property
    def steers_by_queue(self) -> bool:
        """Whether chosen jobs are moved to burst queues."""
        return self.mode == "planned" and self.planner.steering.way == "queue"

    @property
    def steers_by_flag(self) -> bool:
        """Whether chosen jobs get the flag that the nodes carry."""
        return self.mode == "planned" and self.planner.steering.way == "flag"

    @property
    def on_ec2(self) -> bool:
        """Whether any pool is EC2's."""
        return any(pool.provider == "ec2" for pool in self.pools)

    def pool(self, name: str) -> Pool | None:
        """The pool of that name, or None."""
        return next((pool for pool in self.pools if pool.name == name), None)

    def cloud(self, name: str) -> SecondCloud | None:
        """The second cloud of that name, or None."""
        return next((cloud for cloud in self.clouds if cloud.name == name), None)


KINDS = (
    BurstSettings,
    SecondCloud,
    Pool,
    PathMount,
    Requirements,
    Gate,
    Release,
    Caps,
    Budget,
    Life,
    Node,
    *PLANNER_KINDS,
)
"""Every part of burst.yaml."""
