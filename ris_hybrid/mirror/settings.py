"""What a site decides about its mirror, as mirror.yaml has it; ``ris_hybrid.config.mirror_file`` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ris_hybrid.mirror.values import DataClass

_STRICT = {"extra": "forbid"}  # read by pydantic when mirror.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One account and region, with the stacks named after it."""

    __pydantic_config__ = _STRICT

    name: str
    account: str
    region: str
    data_classes: tuple[DataClass, ...]
    """What may be placed here; the first environment that takes an allocation's class gets it."""
    partition: str = "aws"
    profile: str = ""
    """Of AWS's own configuration: what reads this account and runs its stacks; empty: AWS's own chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Dollars that make an allocation's budget."""

    __pydantic_config__ = _STRICT

    usd_per_tib_month: float = 23.55
    """S3 Standard, us-east-1, the first 50 TB: 0.023 $/GB x 1024."""
    archive_usd_per_tib_month: float = 1.01
    """S3 Glacier Deep Archive: 0.00099 $/GB x 1024."""
    expected_fill: float = 1.0
    """Share of the quota a lab is expected to hold in the cloud, 0 to 1."""
    compute_usd_per_month: float = 100.0
    """Of a lab that burst.yaml gives no budget of its own."""
    alerts_percent: tuple[int, ...] = (50, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffBoarding:
    """How long an allocation whose file is gone stays on each step of the ladder."""

    __pydantic_config__ = _STRICT

    read_only_after_days: int = 30
    archive_after_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """At most so much may begin to go at once, and become read-only, and be archived in one day.

    The lower of the two, but always at least one.
    """

    __pydantic_config__ = _STRICT

    allocations: int = 10
    share: float = 0.05
    listing_age_days: float = 2.0
    """What the site reported longer ago than this counts as not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSettings:
    """All of mirror.yaml."""

    __pydantic_config__ = _STRICT

    organization: str
    """Begins the names that are unique in the world: lower-case letters, digits, hyphens."""
    cluster: str
    environments: tuple[Environment, ...]
    phi_accounts: tuple[str, ...] = ()
    trusted_accounts: tuple[str, ...] = ()
    """Those that policies of buckets and keys may let in beside their own."""
    site_cidrs: tuple[str, ...] = ()
    """The networks of the site's hosts; the rules for security groups go by them."""
    data_class: DataClass = "internal"
    """Of an allocation that is not ``secure``."""
    data_classes: Mapping[str, DataClass] = field(default_factory=dict)
    """Of single allocations, by name; one that is ``secure`` is PHI whatever stands here.

    Only this lowers an allocation that is held as PHI: a file that is not ``secure`` any more does not.
    """
    archive_class: str = "DEEP_ARCHIVE"
    listing: str = "listing"
    """Folder of what the site reported, relative to mirror.yaml."""
    data: str = ""
    """data.yaml, relative to this file, whose ``gpfs`` is asked for filesets and quotas; groups stay the listing's.
    Empty: the listing has all."""
    record: str = "mirror.json"
    """What the stacks are given, relative to mirror.yaml; beside it ``<name>.applied`` is what was verified last."""
    money: Money = field(default_factory=Money)
    off_boarding: OffBoarding = field(default_factory=OffBoarding)
    brakes: Brakes = field(default_factory=Brakes)


KINDS = (MirrorSettings, Environment, Money, OffBoarding, Brakes)
"""Every part of mirror.yaml."""
