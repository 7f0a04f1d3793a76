"""What pools are made of: what a node must have, what it mounts, the clouds beside EC2. Plain, as all settings are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_STRICT = {"extra": "forbid"}  # read by pydantic when burst.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a node must have, where a pool names no instance types (EC2's attribute-based selection)."""

    __pydantic_config__ = _STRICT

    vcpus: int
    """At least so many."""
    memory_mib: int
    """At least so much."""
    vcpus_max: int | None = None
    memory_mib_max: int | None = None
    gpus: int = 0
    """Exactly so many; 0 leaves types with GPUs out."""
    exclude: tuple[str, ...] = ()
    """Types never to take; ``*`` stands for any text (``t3.*``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMount:
    """One path as jobs know it, on every node of a pool, and what is mounted there.

    ``s3`` is Mountpoint for Amazon S3: no rename, no append, no write but from a file's beginning to its end, no links,
    no owners or modes of single files (awslabs/mountpoint-s3, SEMANTICS). Jobs that need those get ``lustre``.
    """

    __pydantic_config__ = _STRICT

    path: str
    """Absolute, as the site names it: ``/storage1/fs1/wucci/Active``."""
    kind: Literal["lustre", "s3", "nfs"]
    source: str
    """``lustre``: ``DNS-NAME@tcp:/MOUNT-NAME[/DIRECTORY]`` of FSx, or ``scratch[/DIRECTORY]``: the environment's own,
    whose address the compute stack fills in. ``s3``: the bucket. ``nfs``: ``HOST:/PATH``."""
    prefix: str = ""
    """``s3``: of the keys that are seen, with a slash at its end; empty: the whole bucket."""
    read_only: bool = False
    options: tuple[str, ...] = ()
    """More options of mount, beside those that are always given."""
    key_arn: str = ""
    """``s3``: arn of the bucket's customer key, by which what jobs write is encrypted; no alias."""
    owner_uid: int | None = None
    """``s3``: whose the files are seen to be, for S3 keeps no owner; None: root's."""
    owner_gid: int | None = None
    """``s3``: their group: ``storage-<lab>``, say."""
    cache: str = ""
    """``s3``: directory on the node that keeps what was read; empty: none."""
    exports: bool = True
    """``lustre``: what jobs write goes to the bucket by itself. Where not, an idle node waits for the results."""
    imports: bool = True
    """``lustre``: what is new in the bucket is seen there by itself. Where not, staging asks FSx to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondCloud:
    """A cloud beside EC2, reached through apache-libcloud. One project of one region."""

    __pydantic_config__ = _STRICT

    name: str
    """What its machines' ids and types begin with, as ``research/m1.large``: letters, digits and hyphens."""
    driver: Literal["openstack", "gce"]
    project: str
    """OpenStack's project by name, Google's by id."""
    auth_url: str = ""
    """OpenStack: of Keystone, ``https://keystone.example.org:5000``."""
    domain: str = "Default"
    """OpenStack: of the user and the project."""
    region: str = ""
    """OpenStack: of the service catalogue; empty where there is one."""
    credentials: str = ""
    """JSON file that only the LSF administrator can read; empty: the environment. See docs/clouds.md."""
    ca_file: str = ""
    """Certificates its API is checked by; empty: the system's."""
    endpoint_url: str = ""
    """Google: empty for its own API. The sandbox sets a loopback address."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Dollars per hour by size, for every size that a pool names: its own figures, for no catalogue has them."""
