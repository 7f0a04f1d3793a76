"""What a replay consists of: a cluster, a trace, and the names its numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from ris_hybrid.config.document import UnusableFile, read
from ris_hybrid.config.load import load_allocations
from ris_hybrid.config.problems import problems
from ris_hybrid.sandbox.capacity import Step
from ris_hybrid.sandbox.lsf.clusterfile import load_cluster
from ris_hybrid.sandbox.lsf.swf import Names, read_swf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.config.schema import Allocation
    from ris_hybrid.sandbox.lsf.spec import ClusterSpec
    from ris_hybrid.sandbox.lsf.swf import Trace
    from ris_hybrid.settings import BurstSettings

_HINT = "see the shipped scenario.yaml"


class _Step(BaseModel):
    """One entry of its ``capacity``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_minute: NonNegativeFloat = 0.0
    machines: dict[str, NonNegativeInt]


class _File(BaseModel):
    """scenario.yaml as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allocations: str
    cluster: str
    trace: str
    starts: AwareDatetime
    queues: dict[int, str] = {}
    labs: tuple[str, ...] = ()
    lsf_conf: dict[str, str] = {}
    capacity: tuple[_Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Ready to replay. ``starts`` is the virtual time of the trace's second 0, epoch seconds."""

    name: str
    allocations: tuple[Allocation, ...]
    cluster: ClusterSpec
    trace: Trace
    starts: float
    lsf_conf: Mapping[str, str] = field(default_factory=dict)
    """What its lsf.conf says in place of the sandbox's own (``lsf_top.LSF_CONF``)."""
    capacity: tuple[Step, ...] = ()
    """How many machines the clouds have, and from when on."""

    @property
    def phi_labs(self) -> tuple[str, ...]:
        """Labs whose allocation holds protected health information."""
        return tuple(allocation.lab for allocation in self.allocations if allocation.secure)

    def cluster_for(self, settings: BurstSettings) -> ClusterSpec:
        """The cluster as its admin would have set it up for this burst.yaml.

        The file has it for a plan steered by queues: burst queues alone borrow. For all else there are no burst queues,
        and the ordinary ones have what theirs had: RC_HOSTS, RC_ACCOUNT and RC_DEMAND_POLICY.
        """
        if settings.steers_by_queue:
            return self.cluster
        named = {queue.name: queue for queue in self.cluster.queues}
        twins = {queue.bursts_for: queue for queue in self.cluster.queues if queue.bursts_for}
        borrowing = {
            name: replace(
                named[name],
                rc_hosts=twin.rc_hosts,
                rc_account=twin.rc_account,
                rc_demand_policy=twin.rc_demand_policy,
            )
            for name, twin in twins.items()
            if name in named
        }
        away = {twin.name for twin in twins.values()}
        kept = (queue for queue in self.cluster.queues if queue.name not in away)
        hosts = tuple(
            replace(host, queues=tuple(name for name in host.queues if name not in away)) for host in self.cluster.hosts
        )
        return replace(self.cluster, hosts=hosts, queues=tuple(borrowing.get(queue.name, queue) for queue in kept))

    def without_bursting(self) -> ClusterSpec:
        """The same cluster with every queue kept on its own hosts."""
        return replace(self.cluster, queues=tuple(replace(queue, rc_hosts="none") for queue in self.cluster.queues))


def example_site() -> Path:
    """The shipped example site."""
    return Path(str(files("ris_hybrid.sandbox").joinpath("site")))


def example_scenario() -> Path:
    """The scenario of the shipped example."""
    return example_site() / "lsf" / "scenario.yaml"


def example_demo() -> Path:
    """The folder of what the demo replays: scenario.yaml and burst.yaml."""
    return example_site() / "demo"


def load_scenario(path: Path) -> Scenario:
    """Read scenario.yaml and the files it names, relative to it; ``ConfigError`` with file, line and field."""
    document = read(path)
    try:
        wanted = _File.model_validate(document.data)
    except ValidationError as error:
        raise UnusableFile(problems(document, error), _HINT) from error
    folder = path.parent
    cluster = load_cluster(folder / wanted.cluster)
    known = {queue.name for queue in cluster.queues}
    strange = [
        document.remark(("queues", str(number)), f"expected a queue of {wanted.cluster}, found {name!r}")
        for number, name in wanted.queues.items()
        if name not in known
    ]
    if strange:
        raise UnusableFile(tuple(strange), _HINT)
    return Scenario(
        name=Path(wanted.trace).name,
        allocations=load_allocations(folder / wanted.allocations).allocations,
        cluster=cluster,
        trace=read_swf(folder / wanted.trace, Names(labs=wanted.labs, queues=wanted.queues)),
        starts=wanted.starts.timestamp(),
        lsf_conf=wanted.lsf_conf,
        capacity=tuple(Step(from_minute=one.from_minute, machines=one.machines) for one in wanted.capacity),
    )
