"""Where the images of each lab are: one repository for each environment it has allocations in (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.images.reference import Reference
    from ris_hybrid.mirror.values import AllocationPlan, DataClass, MirrorPlan


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Home:
    """A lab's repository of images in one environment."""

    lab: str
    environment: str
    account: str
    region: str
    partition: str
    namespace: str
    repository: str
    data_class: DataClass

    @property
    def host(self) -> str:
        """ECR's host of the account and region."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"{self.account}.dkr.ecr.{self.region}.{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImages:
    """Where nodes look for their lab's images: the keys of burst.yaml's section ``node``."""

    registry: str
    namespace: str
    """With ``{lab}`` for the name of the lab."""
    namespaces: Mapping[str, str]
    """Lab to namespace, where it is another."""


def node_images(homes: Iterable[Home], environment: str) -> NodeImages | None:
    """Of one environment's labs; None where it has none with images."""
    own = [one for one in homes if one.environment == environment]
    if not own:
        return None
    usual = f"{environment}/{{lab}}"
    named = {one.lab: one.namespace for one in own}
    others = {lab: name for lab, name in named.items() if name != usual.replace("{lab}", lab)}
    return NodeImages(registry=own[0].host, namespace=usual, namespaces=others)


def is_of_another_lab(reference: Reference, lab: str, homes: Sequence[Home]) -> bool:
    """Whether an image is in a registry of ours and not below the lab's own namespace.

    Whoever copies may read every lab's images, so that a name in a job would give one lab those of another.
    """
    ours = [home for home in homes if reference.registry.startswith(f"{home.account}.dkr")]  # by whatever name of ECR's
    mine = [home.namespace for home in ours if home.lab == lab]
    return bool(ours) and not any(reference.repository.startswith(f"{one}/") for one in mine)


def homes(plan: MirrorPlan) -> tuple[Home, ...]:
    """One for each lab and environment: of the allocation that is named as the lab, else of the first by name.

    An allocation that may be written no more takes no images.
    """
    places = {one.name: one for one in plan.environments}
    found: dict[tuple[str, str], AllocationPlan] = {}
    for one in sorted(plan.allocations, key=lambda one: (one.name != one.lab, one.name)):
        if one.bucket.writable and one.registry.repositories:
            found.setdefault((one.lab, one.environment), one)
    return tuple(
        Home(
            lab=lab,
            environment=environment,
            account=one.account,
            region=places[environment].region,
            partition=places[environment].partition,
            namespace=one.registry.namespace,
            repository=one.registry.repositories[0],
            data_class=one.data_class,
        )
        for (lab, environment), one in sorted(found.items())
        if environment in places
    )
