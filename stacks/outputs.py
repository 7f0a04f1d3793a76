"""What each layer gives out, by type: the layers after it read these through ``stacks.references``.

Plain values; a Pulumi program exports them under the same names (``dataclasses.asdict``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOutputs:
    """Of ``network-<environment>``."""

    vpc_id: str
    vpc_cidr: str
    subnet_ids: tuple[str, ...]
    """In the order of the zones."""
    route_table_id: str
    node_group_id: str
    """The security group of nodes."""
    endpoint_ids: tuple[str, ...]
    """VPC endpoints through which the buckets may be reached."""
    inbound_resolver_ips: tuple[str, ...]
    """Where the site's name servers forward the cloud's zone to; empty without resolver endpoints."""
    flow_log_group: str
    vpn_tunnel_addresses: tuple[str, ...] = ()
    """Where the site's VPN device connects to; empty without a VPN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAllocation:
    """One allocation's storage."""

    bucket: str
    bucket_arn: str
    key_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOutputs:
    """Of ``storage-<environment>``."""

    allocations: Mapping[str, StoredAllocation]
    """By allocation."""
    log_bucket: str
    scratch_dns_name: str = ""
    scratch_mount_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOutputs:
    """Of ``identity-<environment>``."""

    node_profile: str
    """Instance profile of pools that several labs share."""
    jobs_profiles: Mapping[str, str]
    """Allocation to the instance profile of pools that serve its lab alone."""
    controller_role_arn: str
    boundary_arn: str
    role_names: tuple[str, ...]
    """Roles of people and jobs, which a budget's action may stop."""
    data_role_arn: str = ""
    """Of the host that stages data; empty where there is none."""
    transfer_role_arn: str = ""
    """Of DataSync: ``datasync.role_arn`` of data.yaml; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOutputs:
    """Of ``registry-<environment>``."""

    repositories: Mapping[str, tuple[str, ...]]
    """Allocation to the URLs of its repositories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOutput:
    """One pool, as burst.yaml's outputs file has it."""

    launch_template: str
    subnets: tuple[str, ...]
    notices: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeOutputs:
    """Of ``compute-<environment>``."""

    pools: Mapping[str, PoolOutput]
    notices_queue_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailsOutputs:
    """Of ``guardrails-<environment>``."""

    trail_arn: str
    trail_bucket: str
    trail_log_group: str
