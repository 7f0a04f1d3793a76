"""File systems of FSx for Lustre and their links to buckets (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import upper_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_TAGS = Tags(key={"ResourceARN": "{arn}"})
_ONCE = ("deploymentType", "copyTagsToBackups")
_LATER = ("perUnitStorageThroughput", "dataCompressionType", "rootSquashConfiguration")
_CHANGED: Params = {prop: f"LustreConfiguration.{upper_first(prop)}" for prop in _LATER}
FILE_SYSTEM = Calls(
    service="fsx",
    create_call="create_file_system",
    at="FileSystem",
    id="FileSystemId",
    params={
        **same("storageCapacity", "securityGroupIds", "kmsKeyId", "fileSystemTypeVersion"),
        "subnetIds": Param("SubnetIds", lambda one: [one]),
        **{prop: f"LustreConfiguration.{upper_first(prop)}" for prop in _ONCE},
        **_CHANGED,
    },
    fixed={"FileSystemType": "LUSTRE"},
    key={"FileSystemId": "{id}"},
    also=(
        Also("update_file_system", _CHANGED, at_creation=False),
        Also("update_file_system", same("storageCapacity"), at_creation=False),
    ),
    tags=_TAGS,
    delete_call="delete_file_system",
    outputs={
        "arn": "ResourceARN",
        "dnsName": "DNSName",
        "mountName": "LustreConfiguration.MountName",
        "vpcId": "VpcId",
    },
)
LINK = Calls(
    service="fsx",
    create_call="create_data_repository_association",
    at="Association",
    id="AssociationId",
    params={
        **same("fileSystemId", "fileSystemPath", "dataRepositoryPath", "s3"),
        "batchImportMetaDataOnCreate": "BatchImportMetaDataOnCreate",
        "deleteDataInFilesystem": None,
    },
    key={"AssociationId": "{id}"},
    also=(Also("update_data_repository_association", same("s3"), at_creation=False),),
    tags=_TAGS,
    delete_call="delete_data_repository_association",
    outputs={"arn": "ResourceARN", "associationId": "AssociationId"},
    reading=Read("describe_data_repository_associations", at="Associations.0", key={"AssociationIds": ["{id}"]}),
)
HANDLERS: Mapping[str, Handler] = {
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": LINK,
    "aws:fsx/lustreFileSystem:LustreFileSystem": FILE_SYSTEM,
}
