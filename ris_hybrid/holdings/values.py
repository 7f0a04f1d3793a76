"""What AWS holds, as plain values: one class a kind of resource, the same from wherever it is read.

Three readers make them: ``ris_hybrid.holdings`` from AWS itself, ``policies`` from the mirror plan and from the
resources a Pulumi program registers. ``None`` is always *not known*, never *absent*: a bucket without encryption has
``encryption=""``, one whose encryption could not be read has ``None``. Statements are those of a policy document in
IAM's JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One rule of a bucket's lifecycle that moves objects; days count from creation, or from replacement."""

    prefix: str
    storage_class: str
    after_days: int
    noncurrent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of S3 and everything that is set on it."""

    name: str
    account: str
    tags: Mapping[str, str] | None
    encryption: str | None = None
    """``AES256``, ``aws:kms``, ``aws:kms:dsse``; empty for none."""
    key: str | None = None
    """The customer key: its alias where it has one, else its arn or id; empty for AWS's own."""
    bucket_key: bool | None = None
    """Whether KMS is asked once for many objects, not once for each."""
    versioned: bool | None = None
    public_blocked: bool | None = None
    """Whether all four settings of the bucket's public access block are on."""
    owner_enforced: bool | None = None
    policy: tuple[Mapping[str, Any], ...] | None = None
    logs_to: str | None = None
    """The bucket that gets its access log; empty for none."""
    transitions: tuple[Transition, ...] | None = None
    has_lifecycle: bool | None = None
    expires: bool | None = None
    """Whether a rule of its lifecycle deletes objects or versions."""
    object_lock: bool | None = None
    inventory: bool | None = None
    purpose: str = ""
    """The tag ``ris_purpose``: ``logs`` for a bucket that only takes logs; empty for data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A customer key of KMS."""

    name: str
    """Its alias where it has one, else its id."""
    key_id: str
    account: str
    tags: Mapping[str, str] | None
    rotates: bool | None = None
    enabled: bool | None = None
    """False when it is disabled or waits for its deletion."""
    policy: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of ECR."""

    name: str
    account: str
    tags: Mapping[str, str] | None
    immutable: bool | None = None
    scan_on_push: bool | None = None
    encryption: str | None = None
    """``AES256`` or ``KMS``."""
    has_lifecycle: bool | None = None
    policy: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of IAM with the statements of all its policies, those attached included."""

    name: str
    account: str
    tags: Mapping[str, str] | None
    trust: tuple[Mapping[str, Any], ...] | None = None
    statements: tuple[Mapping[str, Any], ...] | None = None
    boundary: str | None = None
    """Name or arn of its permissions boundary; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRule:
    """One rule of a security group; ``source`` is a CIDR, a group's id, ``self`` or a prefix list."""

    protocol: str
    """``-1`` for every protocol."""
    from_port: int
    to_port: int
    """From 0 to 65535 where the rule names no ports."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group."""

    name: str
    tags: Mapping[str, str] | None
    default: bool = False
    """The one every VPC has."""
    ingress: tuple[PortRule, ...] | None = None
    egress: tuple[PortRule, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A VPC."""

    name: str
    tags: Mapping[str, str] | None
    phi: bool | None = None
    """Whether its tag ``ris_data_class`` says that PHI may come here."""
    internet_gateway: bool | None = None
    flow_logs: bool | None = None
    endpoints: tuple[str, ...] | None = None
    """Short names of the services it has endpoints for: ``s3``, ``ecr.api``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet."""

    name: str
    tags: Mapping[str, str] | None
    public_ip: bool | None = None
    """Whether machines in it get a public address by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTemplate:
    """The default version of a launch template."""

    name: str
    tags: Mapping[str, str] | None
    http_tokens: str | None = None
    """``required`` is IMDSv2; empty where the template leaves it open."""
    hop_limit: int | None = None
    """0 where the template leaves it open."""
    public_ip: bool | None = None
    volumes_encrypted: bool | None = None
    user_data: str | None = None
    """Decoded."""
    instance_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A machine that has not ended."""

    name: str
    tags: Mapping[str, str] | None
    public_address: bool | None = None
    http_tokens: str | None = None
    volumes_encrypted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of SQS or a topic of SNS."""

    name: str
    kind: str
    """``queue`` or ``topic``."""
    tags: Mapping[str, str] | None
    encrypted: bool | None = None
    policy: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A log group of CloudWatch."""

    name: str
    tags: Mapping[str, str] | None
    retention_days: int | None = None
    """0 for ever."""
    encrypted: bool | None = None
    """With a customer key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system of FSx."""

    name: str
    tags: Mapping[str, str] | None
    customer_key: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A trail of CloudTrail."""

    name: str
    multi_region: bool | None = None
    validated: bool | None = None
    """Whether its log files can be proven unchanged."""
    customer_key: bool | None = None
    logging: bool | None = None
    data_events: bool | None = None
    """Whether it records reads and writes of S3's objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A budget."""

    name: str
    usd_per_month: float | None = None
    has_action: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is set for an account in one region."""

    account: str
    region: str
    public_blocked: bool | None = None
    volumes_encrypted: bool | None = None
    imds_v2: bool | None = None
    recorder: bool | None = None
    """Whether AWS Config records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that could not be read: its state is unknown."""

    what: str
    """``bucket NAME: encryption``."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """One account and region. A kind that is None could not be listed at all."""

    account: str
    region: str
    buckets: tuple[Bucket, ...] | None = ()
    keys: tuple[Key, ...] | None = ()
    repositories: tuple[Repository, ...] | None = ()
    roles: tuple[Role, ...] | None = ()
    security_groups: tuple[SecurityGroup, ...] | None = ()
    networks: tuple[Network, ...] | None = ()
    subnets: tuple[Subnet, ...] | None = ()
    launch_templates: tuple[LaunchTemplate, ...] | None = ()
    instances: tuple[Instance, ...] | None = ()
    queues: tuple[Queue, ...] | None = ()
    log_groups: tuple[LogGroup, ...] | None = ()
    file_systems: tuple[FileSystem, ...] | None = ()
    trails: tuple[Trail, ...] | None = ()
    budgets: tuple[Budget, ...] | None = ()
    accounts: tuple[Account, ...] | None = ()
    unread: tuple[Unread, ...] = ()
