"""Queues of SQS, rules of EventBridge that fill them, parameters of Systems Manager (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import is_gone, mapped, unknown_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props


def _word(value: object) -> str:
    """SQS has text for every attribute."""
    return str(value).lower() if isinstance(value, bool) else str(value)


ATTRIBUTES = {
    "messageRetentionSeconds": Param("Attributes.MessageRetentionPeriod", by=_word, default=345600),
    "visibilityTimeoutSeconds": Param("Attributes.VisibilityTimeout", by=_word, default=30),
    "sqsManagedSseEnabled": Param("Attributes.SqsManagedSseEnabled", by=_word, default=True),
    "kmsMasterKeyId": Param("Attributes.KmsMasterKeyId", by=_word, default=""),
}
"""With what AWS has where nothing is said."""
QUEUE = Calls(
    service="sqs",
    create_call="create_queue",
    id="QueueUrl",
    named="name",
    params={"name": "QueueName", **ATTRIBUTES},
    key={"QueueUrl": "{id}"},
    also=tuple(Also("set_queue_attributes", {prop: to}, at_creation=False) for prop, to in ATTRIBUTES.items()),
    tags=Tags(form=mapped, creation_param="tags", put="tag_queue", take="untag_queue", key={"QueueUrl": "{id}"}),
    delete_call="delete_queue",
    outputs={"url": "QueueUrl", "arn": "arn:aws:sqs:{region}:{account}:{name}"},
)
_QUEUE_POLICY = Calls(
    service="sqs",
    create_call="set_queue_attributes",
    id="{queueUrl}",
    params={"queueUrl": "QueueUrl", "policy": Param("Attributes.Policy")},
    key={"QueueUrl": "{queueUrl}", "Attributes": {"Policy": ""}},
    also=(
        Also(
            "set_queue_attributes",
            {"policy": Param("Attributes.Policy")},
            key={"QueueUrl": "{queueUrl}"},
            at_creation=False,
        ),
    ),
    delete_call="set_queue_attributes",
)
_RULED = same("description", "eventPattern", "scheduleExpression", "state")
RULE = Calls(
    service="events",
    create_call="put_rule",
    id="{name}",
    named="name",
    params={"name": "Name", **_RULED},
    key={"Name": "{name}"},
    also=(Also("put_rule", _RULED, at_creation=False),),
    tags=Tags(key={"ResourceARN": "{arn}"}),
    delete_call="delete_rule",
    outputs={"arn": "RuleArn"},
    reading=Read("describe_rule", key={"Name": "{id}"}),
)
_VALUED = same("type", "description") | {"value": "Value", "insecureValue": "Value"}
PARAMETER = Calls(
    service="ssm",
    create_call="put_parameter",
    id="{name}",
    named="name",
    params={"name": "Name", **_VALUED},
    key={"Name": "{name}"},
    also=(Also("put_parameter", _VALUED, fixed={"Overwrite": True}, at_creation=False),),
    tags=Tags(
        put="add_tags_to_resource",
        take="remove_tags_from_resource",
        key={"ResourceType": "Parameter", "ResourceId": "{name}"},
    ),
    delete_call="delete_parameter",
    outputs={"arn": "arn:aws:ssm:{region}:{account}:parameter{name}", "version": "Version"},
)


class EventTargets:
    """Where a rule of EventBridge sends what it matches."""

    replace_on = frozenset({"rule", "targetId"})
    knows = frozenset({"rule", "targetId", "arn"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """One target; its id is Pulumi's automatic name where it is not given."""
        if error := unknown_to(self.knows, props):
            raise error
        target = props.get("targetId") or name
        self._put(aws, props["rule"], target, props["arn"])
        return Made(id=f"{props['rule']}-{target}", outputs={"targetId": target})

    def update(self, aws: Clients, made: Made, _old: Props, new: Props) -> Props:
        """Another address under the same id."""
        self._put(aws, new["rule"], made.outputs["targetId"], new["arn"])
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """The rule stays."""
        try:
            aws.get("events").remove_targets(Rule=made.outputs["rule"], Ids=[made.outputs["targetId"]])
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise

    def _put(self, aws: Clients, rule: str, target: str, arn: str) -> None:
        aws.get("events").put_targets(Rule=rule, Targets=[{"Id": target, "Arn": arn}])


HANDLERS: Mapping[str, Handler] = {
    "aws:sqs/queue:Queue": QUEUE,
    "aws:sqs/queuePolicy:QueuePolicy": _QUEUE_POLICY,
    "aws:cloudwatch/eventRule:EventRule": RULE,
    "aws:cloudwatch/eventTarget:EventTarget": EventTargets(),
    "aws:ssm/parameter:Parameter": PARAMETER,
}
