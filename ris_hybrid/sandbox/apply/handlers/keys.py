"""Customer keys of KMS and their aliases (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.switches import Switched
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import kms_listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler

KEY = Switched(
    calls=Calls(
        service="kms",
        create_call="create_key",
        at="KeyMetadata",
        id="KeyId",
        params=same("description", "policy") | {"deletionWindowInDays": None},
        key={"KeyId": "{id}"},
        also=(
            Also("update_key_description", {"description": Param("Description", default="")}, at_creation=False),
            Also("put_key_policy", {"policy": "Policy"}, fixed={"PolicyName": "default"}, at_creation=False),
        ),
        tags=Tags(form=kms_listed, key={"KeyId": "{id}"}),
        delete_call="schedule_key_deletion",
        outputs={"arn": "Arn", "keyId": "KeyId"},
        reading=Read("describe_key", at="KeyMetadata"),
    ),
    switches={"enableKeyRotation": ("enable_key_rotation", "disable_key_rotation")},
    leaving={"PendingWindowInDays": "{deletionWindowInDays}"},
)
ALIAS = Calls(
    service="kms",
    create_call="create_alias",
    id="{name}",
    named="name",
    params={"name": "AliasName", "targetKeyId": "TargetKeyId"},
    key={"AliasName": "{name}"},
    also=(Also("update_alias", {"targetKeyId": "TargetKeyId"}, at_creation=False),),
    delete_call="delete_alias",
    outputs={"arn": "arn:aws:kms:{region}:{account}:{id}"},
    reading=Read("describe_key", at="KeyMetadata", key={"KeyId": "{id}"}),
)
HANDLERS: Mapping[str, Handler] = {
    "aws:kms/alias:Alias": ALIAS,
    "aws:kms/key:Key": KEY,
}
