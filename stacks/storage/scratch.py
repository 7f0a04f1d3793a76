"""A file system of FSx for Lustre in front of some buckets, as one Pulumi component.

Source of what a link to a bucket does: FSx for Lustre user guide, "Linking your file system to an Amazon S3 bucket".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import fsx

from ris_hybrid.errors import ConfigError
from stacks.customer_key import CustomerKey
from stacks.key_statements import care, resources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.outputs import NetworkOutputs
    from stacks.storage.settings import Scratch

_IN = ("NEW", "CHANGED", "DELETED")
_OUT = ("NEW", "CHANGED")
"""What goes back into the bucket by itself: a file deleted on the scratch is not deleted there."""
_LUSTRE = "2.15"
"""FSx's default for ``SCRATCH_2`` is 2.10, which cannot be linked to a bucket."""
_NOBODY = "65534:65534"
_ACTIVE = "Active/"


def linked(settings: Scratch, allocations: Sequence[AllocationPlan]) -> tuple[AllocationPlan, ...]:
    """The allocations of the settings, as planned.

    Raises:
        ConfigError: for one that is not planned here; for PHI beside another, which every node would see.
    """
    planned = {one.name: one for one in allocations}
    for name in settings.allocations:
        if name not in planned:
            raise ConfigError(f"storage.scratch.allocations: {name} is not planned here", "see: ris-hybrid mirror plan")
        if planned[name].data_class == "phi" and len(settings.allocations) > 1:
            raise ConfigError(
                f"storage.scratch.allocations: {name} holds PHI and every node sees the whole file system",
                "give it an environment with a scratch of its own",
            )
    return tuple(planned[name] for name in settings.allocations)


class ScratchFileSystem(pulumi.ComponentResource):
    """File system and one link for each allocation.

    It is no place to keep data: Pulumi deletes it when asked, with whatever has not gone back into the buckets.
    """

    def __init__(
        self,
        environment: Environment,
        settings: Scratch,
        network: pulumi.Output[NetworkOutputs],
        allocations: Sequence[AllocationPlan],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name = f"{environment.name}-scratch"
        super().__init__("ris-hybrid:storage:ScratchFileSystem", self._name, None, opts)
        self._environment, self._settings, self._network = environment, settings, network
        self._below = pulumi.ResourceOptions(parent=self)
        self._tags = {**environment.all_tags, "Name": self._name}
        self._made = self._file_system()
        self.dns_name: pulumi.Output[str] = self._made.dns_name
        self.mount_name: pulumi.Output[str] = self._made.mount_name
        for allocation in allocations:
            self._link(allocation)
        self.register_outputs({"dns_name": self.dns_name, "mount_name": self.mount_name})

    def _file_system(self) -> fsx.LustreFileSystem:
        kept = self._settings.deployment == "PERSISTENT_2"
        return fsx.LustreFileSystem(
            self._name,
            deployment_type=self._settings.deployment,
            file_system_type_version=_LUSTRE,
            storage_capacity=self._settings.storage_gib,
            per_unit_storage_throughput=self._settings.mbps_per_tib if kept else None,
            # One zone: traffic between zones costs, and slows what is to be fast.
            subnet_ids=self._network.apply(lambda it: it.subnet_ids[0]),
            # The nodes' own group, which the network opens to itself by Lustre's ports: no rule can be added from here.
            security_group_ids=[self._network.apply(lambda it: it.node_group_id)],
            kms_key_id=self._key().arn if kept else None,
            data_compression_type="LZ4",
            root_squash_configuration=self._squash(),
            copy_tags_to_backups=True if kept else None,
            tags=self._tags,
            opts=self._below,
        )

    def _squash(self) -> fsx.LustreFileSystemRootSquashConfigurationArgs | None:
        """Root is nobody, but on the machines named. With none named, nobody could ever write: its owner is root."""
        trusted = list(self._settings.root_clients)
        if not trusted:
            return None
        return fsx.LustreFileSystemRootSquashConfigurationArgs(root_squash=_NOBODY, no_squash_nids=trusted)

    def _key(self) -> CustomerKey:
        return CustomerKey(
            self._name,
            (care(self._environment), *resources_of(self._environment, "fsx")),
            description="FSx for Lustre",
            tags=self._tags,
            opts=self._below,
        )

    def _link(self, allocation: AllocationPlan) -> None:
        writes = fsx.DataRepositoryAssociationS3AutoExportPolicyArgs(events=list(_OUT))
        reads = fsx.DataRepositoryAssociationS3AutoImportPolicyArgs(events=list(_IN))
        name = f"{self._name}-{allocation.bucket.name}"
        fsx.DataRepositoryAssociation(
            name,
            file_system_id=self._made.id,
            file_system_path=f"/{allocation.name}",
            data_repository_path=f"s3://{allocation.bucket.name}/{_ACTIVE}",
            batch_import_meta_data_on_create=True,
            delete_data_in_filesystem=False,
            s3=fsx.DataRepositoryAssociationS3Args(
                auto_import_policy=reads, auto_export_policy=writes if allocation.bucket.writable else None
            ),
            tags={**self._environment.all_tags, **allocation.steady_tags, "Name": name},
            opts=self._below,
        )
