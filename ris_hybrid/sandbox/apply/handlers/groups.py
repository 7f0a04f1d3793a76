"""Security groups, with their rules in them as our stacks write them (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import same
from ris_hybrid.sandbox.apply.handlers.tagging import ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import unknown_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props

_RULES = frozenset({"ingress", "egress"})
_RULE_KEYS = frozenset(
    {"description", "protocol", "fromPort", "toPort", "cidrBlocks", "prefixListIds", "securityGroups", "self"}
)
_PLAIN = Calls(
    service="ec2",
    create_call="create_security_group",
    id="GroupId",
    params=same("vpcId", "description") | {"name": "GroupName"},
    named="name",
    tags=ec2_tags("security-group"),
    key={"GroupId": "{id}"},
    delete_call="delete_security_group",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group/{id}", "ownerId": "{account}"},
)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A group and exactly the rules its properties list; EC2's own rule that lets everything out goes."""

    replace_on: frozenset[str] = _PLAIN.replace_on
    knows: frozenset[str] = _PLAIN.knows | _RULES

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it, then set its rules."""
        made = _PLAIN.create(aws, name, {"description": "Managed by Pulumi", **_without_rules(props)})
        with finishing(made):
            set_rules(aws, made.id, props)
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Its rules are set anew when they differ."""
        if any(old.get(side) != new.get(side) for side in _RULES):
            set_rules(aws, made.id, new)
        return _PLAIN.update(aws, made, _without_rules(old), _without_rules(new))

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away."""
        _PLAIN.delete(aws, made)


@dataclass(frozen=True, slots=True)
class DefaultSecurityGroup:
    """The group every VPC has: taken over with the rules listed, and let go of, for EC2 never deletes it."""

    replace_on: frozenset[str] = frozenset({"vpcId"})
    knows: frozenset[str] = _RULES | {"vpcId", "tags"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:  # noqa: ARG002  # its name is default
        """Find it and set its rules and tags."""
        error = unknown_to(self.knows, props)
        if error is not None:
            raise error
        ec2 = aws.get("ec2")
        wanted = [{"Name": "vpc-id", "Values": [props["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
        found = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]["GroupId"]
        set_rules(aws, found, props)
        arn = f"arn:aws:ec2:{aws.region}:{aws.account}:security-group/{found}"
        made = Made(id=found, outputs={"arn": arn, "name": "default", "ownerId": aws.account})
        return Made(id=found, outputs={**made.outputs, **_PLAIN.update(aws, made, {}, _tags(props))})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Its rules are set anew when they differ."""
        if any(old.get(side) != new.get(side) for side in _RULES):
            set_rules(aws, made.id, new)
        return _PLAIN.update(aws, made, _tags(old), _tags(new))

    def delete(self, aws: Clients, made: Made) -> None:
        """It stays, closed."""


def set_rules(aws: Clients, group: str, props: Props) -> None:
    """Make both sides of a group what the properties say, whatever it has."""
    ec2 = aws.get("ec2")
    held = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    sides = {
        "ingress": (held["IpPermissions"], ec2.revoke_security_group_ingress, ec2.authorize_security_group_ingress),
        "egress": (held["IpPermissionsEgress"], ec2.revoke_security_group_egress, ec2.authorize_security_group_egress),
    }
    for side, (there, revoke, authorize) in sides.items():
        if there:
            revoke(GroupId=group, IpPermissions=there)
        wanted = [permission(rule, group) for rule in props.get(side) or ()]
        if wanted:
            authorize(GroupId=group, IpPermissions=wanted)


def permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A rule as EC2 takes it; raises ``ConfigError`` for a key we do not know."""
    error = unknown_to(_RULE_KEYS, rule)
    if error is not None:
        raise ConfigError(f"rule of a security group: {error.message}", error.hint)
    said = {"Description": rule["description"]} if rule.get("description") else {}
    others = [*(rule.get("securityGroups") or ()), *([group] if rule.get("self") else ())]
    lists = {
        "IpRanges": [{"CidrIp": cidr, **said} for cidr in rule.get("cidrBlocks") or ()],
        "PrefixListIds": [{"PrefixListId": one, **said} for one in rule.get("prefixListIds") or ()],
        "UserIdGroupPairs": [{"GroupId": one, **said} for one in others],
    }
    every = rule["protocol"] == "-1"
    ports = {} if every else {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    return {"IpProtocol": rule["protocol"], **ports, **{name: rows for name, rows in lists.items() if rows}}


def _without_rules(props: Props) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key not in _RULES}


def _tags(props: Props) -> dict[str, Any]:
    return {"tags": props["tags"]} if "tags" in props else {}


HANDLERS: Mapping[str, Handler] = {
    "aws:ec2/securityGroup:SecurityGroup": SecurityGroup(),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": DefaultSecurityGroup(),
}
