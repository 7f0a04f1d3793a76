"""Names of what is ours in one account and region, without asking AWS for them (pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Statement = dict[str, Any]
"""One statement of a policy, in IAM's JSON."""


class Place(Protocol):
    """What a policy must know of its environment; ``stacks.environment.Environment`` is one."""

    @property
    def name(self) -> str:
        """Begins the name of everything in the environment."""
        ...

    @property
    def env(self) -> str:
        """Its own name; the value of the tag ``ris_env``."""
        ...

    @property
    def cluster(self) -> str:
        """Of LSF; the value of the tag ``ris_cluster``."""
        ...

    @property
    def provider(self) -> str:
        """LSF's name of the cloud; the value of the tag ``ris_provider``."""
        ...

    @property
    def account(self) -> str:
        """Twelve digits."""
        ...

    @property
    def region(self) -> str:
        """For example ``us-east-1``."""
        ...

    @property
    def partition(self) -> str:
        """``aws``, or ``aws-us-gov``."""
        ...

    @property
    def phi(self) -> bool:
        """Whether protected health information may come here."""
        ...


def arn(place: Place, service: str, resource: str) -> str:
    """The arn of something of this account and region."""
    return f"arn:{place.partition}:{service}:{place.region}:{place.account}:{resource}"


def iam_arn(place: Place, resource: str) -> str:
    """The arn of something of IAM, which has no region: ``role/NAME``, ``policy/NAME``."""
    return f"arn:{place.partition}:iam::{place.account}:{resource}"


def node_role(place: Place) -> str:
    """The role, and the instance profile, of pools that several labs share."""
    return f"{place.name}-node"


def controller_role(place: Place) -> str:
    """The role of the host on the site that launches, reads and checks."""
    return f"{place.name}-controller"


def data_role(place: Place) -> str:
    """The role of the host on the site that stages data and copies images."""
    return f"{place.name}-data"


def transfer_role(place: Place) -> str:
    """The role DataSync takes to reach the environment's buckets."""
    return f"{place.name}-transfer"


def template_role(place: Place) -> str:
    """The role ECR makes repositories with when a push asks for one."""
    return f"{place.name}-image-template"


def boundary_arn(place: Place) -> str:
    """The permissions boundary every role of ours has."""
    return iam_arn(place, f"policy/{place.name}-boundary")


def document(*statements: Mapping[str, Any]) -> str:
    """A policy in IAM's JSON; the same statements give the same bytes."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
