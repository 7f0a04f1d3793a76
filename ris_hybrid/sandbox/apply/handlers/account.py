"""What holds for a whole account, in one region or in all (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, same
from ris_hybrid.sandbox.apply.handlers.switches import Switched, Toggle
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import upper_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_BLOCK: Params = {prop: f"PublicAccessBlockConfiguration.{upper_first(prop)}" for prop in _ACCESS}
PUBLIC_ACCESS = Calls(
    service="s3control",
    create_call="put_public_access_block",
    id="{accountId}",
    params={"accountId": "AccountId", **_BLOCK},
    key={"AccountId": "{accountId}"},
    also=(Also("put_public_access_block", _BLOCK, at_creation=False),),
    delete_call="delete_public_access_block",
)
VOLUMES_KEY = Calls(
    service="ec2",
    create_call="modify_ebs_default_kms_key_id",
    id="{region}",
    params={"keyArn": "KmsKeyId"},
    also=(Also("modify_ebs_default_kms_key_id", {"keyArn": "KmsKeyId"}, at_creation=False),),
    delete_call="reset_ebs_default_kms_key_id",
)
VOLUMES_ENCRYPTED = Toggle(
    service="ec2",
    prop="enabled",
    on="enable_ebs_encryption_by_default",
    off="disable_ebs_encryption_by_default",
)
_LEFT_OPEN = {"HttpTokens": "no-preference", "HttpPutResponseHopLimit": -1}
_METADATA: Params = {
    "httpTokens": Param("HttpTokens", default="no-preference"),
    "httpPutResponseHopLimit": Param("HttpPutResponseHopLimit", default=-1),
}
METADATA = Switched(
    calls=Calls(
        service="ec2",
        create_call="modify_instance_metadata_defaults",
        id="{region}",
        params=_METADATA,
        also=(Also("modify_instance_metadata_defaults", _METADATA, at_creation=False),),
        delete_call="modify_instance_metadata_defaults",
    ),
    leaving=_LEFT_OPEN,
)
LINKED_ROLE = Calls(
    service="iam",
    create_call="create_service_linked_role",
    at="Role",
    id="Arn",
    params={"awsServiceName": "AWSServiceName", **same("description")},
    key={"RoleName": "{name}"},
    delete_call="delete_service_linked_role",
    tags=Tags(at_creation=None, put="tag_role", take="untag_role", key={"RoleName": "{name}"}),
    outputs={"arn": "Arn", "name": "RoleName"},
)
HANDLERS: Mapping[str, Handler] = {
    "aws:ebs/defaultKmsKey:DefaultKmsKey": VOLUMES_KEY,
    "aws:ebs/encryptionByDefault:EncryptionByDefault": VOLUMES_ENCRYPTED,
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": METADATA,
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": LINKED_ROLE,
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": PUBLIC_ACCESS,
}
