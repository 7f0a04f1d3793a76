"""What the data plane finds in AWS: buckets with versions, repositories for images, agents, file systems of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ris_hybrid.checkup.finding import Finding, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan

_MOST = 5
_APPLY = "ris-hybrid mirror apply makes them"


class Region(Protocol):
    """What is asked of one account and region. Raises ``CloudError``."""

    def buckets(self, names: Collection[str]) -> Mapping[str, str]:
        """S3's word on versions of each of these buckets that is there: ``Enabled``, ``Suspended``, or nothing."""
        ...

    def repositories(self) -> Collection[str]:
        """Names of ECR's repositories."""
        ...

    def status(self, kind: str, ids: Sequence[str]) -> Mapping[str, str]:
        """AWS's word on each DataSync agent (``agent``) or FSx file system (``file system``) that is there."""
        ...


def look(mirror: MirrorPlan, region: Callable[[EnvironmentPlan], Region], images: Collection[str]) -> Iterator[Finding]:
    """Each environment that the applied mirror has something in. ``images``: repositories that labs' images go to."""
    for environment in mirror.environments:
        mine = [one for one in mirror.allocations if one.environment == environment.name and not one.moved_to]
        if not mine:
            continue
        names = sorted(one.bucket.name for one in mine)
        wanted = sorted({name for one in mine for name in one.registry.repositories} & set(images))
        of = environment.name
        yield from asked(f"buckets of {of}", lambda: [_buckets(of, names, region(environment))])  # noqa: B023 - it is asked here and now
        yield from asked(f"repositories of {of}", lambda: [_repositories(of, wanted, region(environment))])  # noqa: B023 - likewise


def _buckets(environment: str, names: Sequence[str], region: Region) -> Finding:
    found = region.buckets(names)
    gone = [name for name in names if name not in found]
    plain = [name for name in names if found.get(name, "Enabled") != "Enabled"]
    told = [f"not there: {_some(gone)}"] if gone else []
    told += [f"without versions: {_some(plain)}"] if plain else []
    return Finding(
        name=f"buckets of {environment}",
        ok=not told,
        text="; ".join(told) or f"{len(names)}, all keep versions",
        hint=f"{_APPLY}; without versions nothing is evicted, and a result may be written over",
    )


def _repositories(environment: str, names: Sequence[str], region: Region) -> Finding:
    there = set(region.repositories())
    gone = [name for name in names if name not in there]
    text = f"not there: {_some(gone)}" if gone else f"{len(names)} for images of labs"
    return Finding(name=f"repositories of {environment}", ok=not gone, text=text, hint=_APPLY)


def agents(arns: Sequence[str], region: Region) -> Iterator[Finding]:
    """DataSync's agents by what AWS last heard of each; a transfer needs all that its location names."""
    found = region.status("agent", arns)
    for arn in arns:
        name, status = arn.rpartition("/")[2], found.get(arn, "not known to DataSync")
        hint = "start the agent's machine and let it reach DataSync's endpoint; or mend datasync.agent_arns"
        yield Finding(name=f"DataSync {name}", ok=status == "ONLINE", text=status, hint=hint)


def file_systems(ids: Sequence[str], region: Region) -> Iterator[Finding]:
    """FSx file systems that nodes mount."""
    found = region.status("file system", ids)
    for one in ids:
        status = found.get(one, "not known to FSx")
        hint = "nodes of its pools do not open before it is there: see FSx, or paths in burst.yaml"
        yield Finding(name=f"FSx {one}", ok=status in {"AVAILABLE", "UPDATING"}, text=status, hint=hint)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if names[_MOST:] else "")
