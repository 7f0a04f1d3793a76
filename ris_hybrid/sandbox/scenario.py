"""What a replay consists of: a cluster, a trace, and the names its numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from ris_hybrid.config.document import UnusableFile, read
from ris_hybrid.config.load import load_allocations
from ris_hybrid.config.problems import problems
from ris_hybrid.sandbox.lsf.clusterfile import load_cluster
from ris_hybrid.sandbox.lsf.swf import Names, read_swf

if TYPE_CHECKING:
    from ris_hybrid.config.schema import Allocation
    from ris_hybrid.sandbox.lsf.spec import ClusterSpec
    from ris_hybrid.sandbox.lsf.swf import Trace

_HINT = "see the shipped scenario.yaml"


class _File(BaseModel):
    """scenario.yaml as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allocations: str
    cluster: str
    trace: str
    starts: AwareDatetime
    queues: dict[int, str] = {}
    labs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Ready to replay. ``starts`` is the virtual time of the trace's second 0, epoch seconds."""

    name: str
    allocations: tuple[Allocation, ...]
    cluster: ClusterSpec
    trace: Trace
    starts: float

    @property
    def phi_labs(self) -> tuple[str, ...]:
        """Labs whose allocation holds protected health information."""
        return tuple(allocation.lab for allocation in self.allocations if allocation.secure)

    def without_bursting(self) -> ClusterSpec:
        """The same cluster with every queue kept on its own hosts."""
        return replace(self.cluster, queues=tuple(replace(queue, rc_hosts="none") for queue in self.cluster.queues))


def example_site() -> Path:
    """The shipped example site."""
    return Path(str(files("ris_hybrid.sandbox").joinpath("site")))


def example_scenario() -> Path:
    """The scenario of the shipped example."""
    return example_site() / "lsf" / "scenario.yaml"


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
    )
