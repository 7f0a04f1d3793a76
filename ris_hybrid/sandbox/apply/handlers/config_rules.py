"""AWS Config: recorder, where it delivers, and its rules (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param
from ris_hybrid.sandbox.apply.handlers.switches import Switched, Toggle
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_NAME = frozenset({"name"})
_RECORDED: Params = {
    "name": "ConfigurationRecorder.name",
    "roleArn": "ConfigurationRecorder.roleARN",
    "recordingGroup": Param("ConfigurationRecorder.recordingGroup", plain),
}
RECORDER = Switched(
    calls=Calls(
        service="config",
        create_call="put_configuration_recorder",
        id="{name}",
        named="name",
        params=_RECORDED,
        key={"ConfigurationRecorderName": "{name}"},
        also=(Also("put_configuration_recorder", _RECORDED, key={}, at_creation=False),),
        delete_call="delete_configuration_recorder",
    ),
    replaced=_NAME,
)
_DELIVERED: Params = {
    "name": "DeliveryChannel.name",
    "s3BucketName": "DeliveryChannel.s3BucketName",
    "s3KeyPrefix": "DeliveryChannel.s3KeyPrefix",
}
CHANNEL = Switched(
    calls=Calls(
        service="config",
        create_call="put_delivery_channel",
        id="{name}",
        named="name",
        params=_DELIVERED,
        key={"DeliveryChannelName": "{name}"},
        also=(Also("put_delivery_channel", _DELIVERED, key={}, at_creation=False),),
        delete_call="delete_delivery_channel",
    ),
    replaced=_NAME,
)
RUNNING = Toggle(
    service="config",
    prop="isEnabled",
    on="start_configuration_recorder",
    off="stop_configuration_recorder",
    key={"ConfigurationRecorderName": "{name}"},
    id="{name}",
    others=frozenset({"name"}),
)
_RULE: Params = {
    "name": "ConfigRule.ConfigRuleName",
    "description": "ConfigRule.Description",
    "source": "ConfigRule.Source",
    "inputParameters": "ConfigRule.InputParameters",
}
RULE = Switched(
    calls=Calls(
        service="config",
        create_call="put_config_rule",
        id="{name}",
        named="name",
        params=_RULE,
        key={"ConfigRuleName": "{name}"},
        also=(Also("put_config_rule", _RULE, key={}, at_creation=False),),
        tags=Tags(key={"ResourceArn": "{arn}"}),
        delete_call="delete_config_rule",
        outputs={"arn": "arn:aws:config:{region}:{account}:config-rule/{name}"},
    ),
    replaced=_NAME,
)
HANDLERS: Mapping[str, Handler] = {
    "aws:cfg/deliveryChannel:DeliveryChannel": CHANNEL,
    "aws:cfg/recorder:Recorder": RECORDER,
    "aws:cfg/recorderStatus:RecorderStatus": RUNNING,
    "aws:cfg/rule:Rule": RULE,
}
