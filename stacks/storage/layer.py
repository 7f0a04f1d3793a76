"""The layer ``storage``: one bucket an allocation with its key, the bucket of their logs, and a scratch if wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from stacks import references
from stacks.documents import bucket_arn, bucket_name
from stacks.storage.allocation_bucket import AllocationBucket, Surroundings
from stacks.storage.allocation_key import allocation_key
from stacks.storage.log_bucket import LogBucket, access_log_statements
from stacks.storage.scratch import ScratchFileSystem, linked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.outputs import NetworkOutputs
    from stacks.storage.settings import StorageSettings

LOGS = "logs"
"""Purpose of the bucket of access logs and inventories, in its name."""


def build_storage(
    environment: Environment,
    settings: StorageSettings,
    allocations: Sequence[AllocationPlan],
    carriers: Sequence[str] = (),
) -> Mapping[str, object]:
    """All of the layer. The network is read only where PHI is to be kept inside it, or a scratch is to be put there.

    ``carriers`` are names of roles that DataSync takes.

    Raises:
        ConfigError: PHI without a customer key, or where none may come; allocations that cannot be on one scratch.
    """
    for one in allocations:
        _may_be_here(one, environment)
    phi = any(one.data_class == "phi" for one in allocations)
    on_scratch = () if settings.scratch is None else linked(settings.scratch, allocations)
    network = references.network(environment.env) if phi or settings.scratch else None
    around = replace(_surroundings(environment, settings, network), carriers=tuple(carriers))
    stored = {one.name: _store(one, around) for one in allocations}
    given: dict[str, object] = {"allocations": stored, "log_bucket": around.log_bucket}
    if settings.scratch is None or network is None:
        return {**given, "scratch_dns_name": "", "scratch_mount_name": ""}
    made = ScratchFileSystem(environment, settings.scratch, network, on_scratch)
    return {**given, "scratch_dns_name": made.dns_name, "scratch_mount_name": made.mount_name}


def _may_be_here(allocation: AllocationPlan, environment: Environment) -> None:
    if allocation.data_class != "phi":
        return
    if not environment.phi:
        raise ConfigError(f"{allocation.name} holds PHI, and this environment says phi: false", "mend one of the two")
    if not allocation.bucket.key_alias:
        raise ConfigError(f"{allocation.name} holds PHI, planned without a key", "plan again: ris-hybrid mirror plan")


def _surroundings(
    environment: Environment, settings: StorageSettings, network: pulumi.Output[NetworkOutputs] | None
) -> Surroundings:
    name = bucket_name(environment, LOGS)
    allowed = access_log_statements(environment, name)
    logs = LogBucket(name, environment, allowed, retention_days=settings.log_retention_days)
    return Surroundings(
        environment=environment,
        settings=settings,
        log_bucket=logs.ready,
        endpoints=() if network is None else network.apply(lambda it: it.endpoint_ids),
    )


def _store(allocation: AllocationPlan, around: Surroundings) -> Mapping[str, object]:
    environment = around.environment
    key_arn: pulumi.Input[str] = ""
    if allocation.bucket.key_alias:
        key_arn = allocation_key(environment, around.settings, allocation, around.carriers).arn
    made = AllocationBucket(allocation, around, key_arn)
    return {
        "bucket": made.bucket,
        "bucket_arn": bucket_arn(environment, allocation.bucket.name),
        "key_arn": key_arn,
    }
