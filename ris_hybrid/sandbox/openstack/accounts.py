"""The one project, user and application credential of the sandbox's OpenStack, and what it offers from the start."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

PROJECT, DOMAIN, REGION = "ris-sandbox", "Default", "RegionOne"
DOMAIN_ID = "default"
USER, PASSWORD = "ris", "sandbox-openstack"
APPLICATION_ID, APPLICATION_SECRET = "5d1e0c0a6d6e4f5f8c3a2b1d9e7f6a50", "sandbox-application"
ZONES = ("nova-1", "nova-2")


def made_id(kind: str, name: object) -> str:
    """A UUID that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:openstack:{kind}:{name}"))


PROJECT_ID = made_id("project", PROJECT).replace("-", "")
USER_ID = made_id("user", USER).replace("-", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """What Nova calls a size of machine; memory in MiB, disk in GiB."""

    flavor_id: str
    name: str
    vcpus: int
    ram: int
    disk: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network; ``prefix`` is how its addresses begin."""

    network_id: str
    name: str
    prefix: str
    external: bool = False


FLAVORS = (
    Flavor(flavor_id="11", name="m1.large", vcpus=4, ram=8192),
    Flavor(flavor_id="12", name="m1.xlarge", vcpus=8, ram=16384),
    Flavor(flavor_id="13", name="m1.2xlarge", vcpus=16, ram=32768),
)
IMAGES = {made_id("image", name): name for name in ("lsf-node", "debian-12", "rocky-9", "ubuntu-24.04")}
"""Name by id, the newest first."""
NETWORKS = (
    Network(network_id=made_id("network", "hpc"), name="hpc", prefix="10.30"),
    Network(network_id=made_id("network", "public"), name="public", prefix="198.51", external=True),
)
