"""Log groups of CloudWatch, and the flow logs of a VPC (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags, ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import mapped, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler

LOG_GROUP = Calls(
    service="logs",
    create_call="create_log_group",
    id="{name}",
    named="name",
    params={"name": "logGroupName", "kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass", "skipDestroy": None},
    key={"logGroupName": "{name}"},
    also=(
        Also("put_retention_policy", {"retentionInDays": Param("retentionInDays", plain)}, "delete_retention_policy"),
        Also("associate_kms_key", {"kmsKeyId": "kmsKeyId"}, "disassociate_kms_key", at_creation=False),
    ),
    tags=Tags(
        param="tags",
        form=mapped,
        key={"resourceArn": "arn:aws:logs:{region}:{account}:log-group:{name}"},
        take_param="tagKeys",
    ),
    delete_call="delete_log_group",
    outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{name}"},
    reading=Read("describe_log_groups", at="logGroups.0", key={"logGroupNamePrefix": "{id}"}),
)
FLOW_LOG = Calls(
    service="ec2",
    create_call="create_flow_logs",
    id="FlowLogIds.0",
    params=same("trafficType", "logDestinationType", "maxAggregationInterval", "logDestination", "logFormat")
    | {"vpcId": Param("ResourceIds", by=lambda vpc: [vpc]), "iamRoleArn": "DeliverLogsPermissionArn"},
    fixed={"ResourceType": "VPC"},
    tags=ec2_tags("vpc-flow-log"),
    key={"FlowLogIds": ["{id}"]},
    delete_call="delete_flow_logs",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}"},
)
HANDLERS: Mapping[str, Handler] = {
    "aws:cloudwatch/logGroup:LogGroup": LOG_GROUP,
    "aws:ec2/flowLog:FlowLog": FLOW_LOG,
}
