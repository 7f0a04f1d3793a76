"""What an environment decides about its layer ``compute``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.environment import Settings

ImageId = Annotated[str, Field(pattern=r"^$|^ami-[0-9a-f]{8,17}$")]
Gib = Annotated[int, Field(ge=8, le=16384)]


class PoolSettings(Settings):
    """What differs for the nodes of one pool."""

    image_id: ImageId = ""
    root_gib: Gib | None = None


class Reservation(Settings):
    """Machines AWS keeps free for one pool, and bills whether they run or not."""

    pool: str
    zone: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")]
    count: Annotated[int, Field(ge=1)]
    instance_type: str = ""
    """Empty for the pool's first."""


class ComputeSettings(Settings):
    """Section ``compute`` of the environment's file."""

    pools: str = ""
    """The file ``ris-hybrid burst userdata --json`` wrote, relative to ``stacks/config``; empty: no pool is built."""
    image_id: ImageId = ""
    """Of every pool that ``by_pool`` names no other for."""
    root_device: Annotated[str, Field(pattern=r"^/dev/[a-z0-9]+$")] = "/dev/xvda"
    """As the image calls it."""
    root_gib: Gib = 100
    root_type: Literal["gp3", "gp2"] = "gp3"
    """Others want a number of IOPS beside them."""
    volume_key: Annotated[str, Field(pattern=r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$")] = ""
    """Customer key of nodes' volumes; empty: what the account encrypts volumes with by default.

    Its policy must let the account use it through EC2, as that of ``aws/ebs`` does: the controller's role has no right
    on any key.
    """
    by_pool: dict[str, PoolSettings] = Field(default_factory=dict)
    reservations: tuple[Reservation, ...] = ()
