"""What a site decides about its data plane, as data.yaml has it; ``ris_hybrid.config.data_file`` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ris_hybrid.images.settings import ImageSettings

_STRICT = {"extra": "forbid"}  # read by pydantic when data.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpfs:
    """How Spectrum Scale is asked: what was captured, then its REST, then its commands; whichever are given."""

    __pydantic_config__ = _STRICT

    file_system: str
    """The device that has the allocations: ``rdcw-fs1``."""
    listing: str = ""
    """Folder of captured text, relative to data.yaml."""
    guis: tuple[str, ...] = ()
    """``https://HOST[:PORT]`` of each GUI node, in order of preference."""
    user: str = ""
    password_file: str = ""
    """Readable by its owner alone."""
    ca_file: str = ""
    """Of the GUI's certificate; empty: the system's."""
    commands: bool = False
    """Whether mm* commands may be run on this host, read-only."""
    sudo: bool = False
    """Whether they are run by ``sudo -n``; `ris-hybrid gpfs allowed` prints what sudoers must have."""
    cache: str = ""
    """File system of the AFM caches that batch nodes write to; empty where there is none."""
    policy_lists: str = ""
    """Folder of lists that mmapplypolicy wrote (``<allocation>.list``); empty: the tree is walked."""
    tape: bool = True
    """Whether files may be on tape alone; then none is copied of which it is not known that its blocks are on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobusGateway:
    """The storage gateway and mapped collection over the buckets of the mirror."""

    __pydantic_config__ = _STRICT

    address: str
    """Of the Globus Connect Server's manager: ``abc.def.data.globus.org``."""
    s3_endpoint: str = "https://s3.us-east-1.amazonaws.com"
    domains: tuple[str, ...] = ()
    """Identity domains that may use it; empty: that of ``identity_domain``."""
    key_file: str = ""
    """AWS keys of the connector as ``ACCESS:SECRET``, readable by its owner alone; empty: registered by hand."""
    sign_in_minutes: int = 720
    """How long a sign-in counts for high-assurance collections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Globus:
    """Collections and identity of the service."""

    __pydantic_config__ = _STRICT

    client_id: str
    secret_file: str
    """Readable by its owner alone."""
    site_collection: str
    """UUID of the collection with the site's file system."""
    site_base: str = "/"
    """The site's path that is the collection's root."""
    cloud_collection: str
    """UUID of the collection on the S3 storage gateway."""
    high_assurance: bool = False
    """Both collections are; PHI moves by no others."""
    gbit_per_s: float = 5.0
    """What one task moves, as measured."""
    active_tasks: int = 3
    """Of one identity, Globus's limit."""
    pending_tasks: int = 100
    calls_per_s: float = 10.0
    people_client_id: str = ""
    """A native client by which people log in; empty: nobody can."""
    guest_collections: Mapping[str, str] = field(default_factory=dict)
    """Allocation to the UUID of the guest collection whose root is the allocation's directory."""
    identity_domain: str = ""
    """What follows the ``@`` of a person's Globus identity: ``wustl.edu``; empty: no permissions are planned."""
    gateway: GlobusGateway | None = None
    """The Globus Connect Server over S3, where its gateway and collections are planned from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Afm:
    """A landing fileset over the bucket, owned by the storage engineers."""

    __pydantic_config__ = _STRICT

    filesets: Mapping[str, str] = field(default_factory=dict)
    """Allocation to the AFM fileset over its bucket."""
    key_files: Mapping[str, str] = field(default_factory=dict)
    """Bucket to its key file."""
    gbit_per_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSync:
    """An agent that reads the site's NFS export."""

    __pydantic_config__ = _STRICT

    agent_arns: tuple[str, ...]
    nfs_host: str
    role_arn: str
    """What DataSync writes the bucket as."""
    gbit_per_s: float = 5.0
    usd_per_gib: float = 0.0125
    high_assurance: bool = False
    """The agent's host and export may see PHI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """The site's file system as nodes reach it over the VPN."""

    __pydantic_config__ = _STRICT

    paths: tuple[str, ...]
    """Paths of the site that nodes of every pool mount."""
    most_gib: float = 20.0
    """Datasets up to this size are read over the VPN rather than copied."""
    phi: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Dollars, us-east-1."""

    __pydantic_config__ = _STRICT

    egress_usd_per_gb: float = 0.09
    """To the internet; about 0.02 by Direct Connect."""
    put_usd_per_thousand: float = 0.005
    get_usd_per_thousand: float = 0.0004
    storage_usd_per_gb_month: float = 0.023
    kms_usd_per_ten_thousand: float = 0.03
    """Calls of KMS, for buckets with a customer key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may not be passed without saying so."""

    __pydantic_config__ = _STRICT

    staging_bytes: int = 50 * 1024**4
    """Of one staging."""
    staging_files: int = 20_000_000
    egress_gb_per_month: float = 5_000.0
    usd_per_month: float = 1_000.0
    """For transfers, requests and egress."""
    batch_files: int = 20_000
    batch_bytes: int = 4 * 1024**4
    deadline_hours: float = 72.0
    results_share: float = 0.1
    """Of what goes in, how much is expected to come back, where a job does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """How a job's paths are known."""

    __pydantic_config__ = _STRICT

    unknown: Literal["stay", "go"] = "stay"
    """What becomes of a job that names no path of the site."""
    roots: tuple[str, ...] = ("/storage1/fs1", "/cache1/fs1")
    """Where allocations are, each in a directory of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """All of data.yaml. Paths are relative to it."""

    __pydantic_config__ = _STRICT

    gpfs: Gpfs
    mirror: str = "mirror.yaml"
    burst: str = "burst.yaml"
    journal: str = "data/journal.db"
    root: str = "/"
    """Where the site's paths begin on this host; the sandbox has them in a folder."""
    globus: Globus | None = None
    afm: Afm | None = None
    datasync: DataSync | None = None
    mounted: Mounted | None = None
    prices: Prices = field(default_factory=Prices)
    bounds: Bounds = field(default_factory=Bounds)
    needs: Needs = field(default_factory=Needs)
    images: ImageSettings = field(default_factory=ImageSettings)


KINDS = (DataSettings, Gpfs, Globus, GlobusGateway, Afm, DataSync, Mounted, Prices, Bounds, Needs)
"""Every part of data.yaml but images'."""
