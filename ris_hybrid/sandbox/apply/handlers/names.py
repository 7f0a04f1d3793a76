"""Names: private zones and Route 53's resolver (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props

_RESOLVER_TAGS = Tags(key={"ResourceArn": "{arn}"})
_ZONE = Calls(
    service="route53",
    create_call="create_hosted_zone",
    id="HostedZone.Id",
    tags=Tags(
        at_creation=None,
        put="change_tags_for_resource",
        param="AddTags",
        take="change_tags_for_resource",
        take_param="RemoveTagKeys",
        key={"ResourceType": "hostedzone", "ResourceId": "{id}"},
    ),
    key={"Id": "{id}"},
    delete_call="delete_hosted_zone",
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone; private to the VPCs it names."""

    knows: frozenset[str] = frozenset({"name", "comment", "vpcs", "forceDestroy", "tags"})
    replace_on: frozenset[str] = frozenset({"name"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it for its first VPC, then let the others see it."""
        route53 = aws.get("route53")
        vpcs = [_vpc(aws, one) for one in props.get("vpcs") or ()]
        asked: dict[str, Any] = {
            "Name": props["name"],
            "CallerReference": name,
            "HostedZoneConfig": {"Comment": props.get("comment", ""), "PrivateZone": bool(vpcs)},
        }
        answer = route53.create_hosted_zone(**asked, **({"VPC": vpcs[0]} if vpcs else {}))
        zone = answer["HostedZone"]["Id"].rpartition("/")[2]
        servers = (answer.get("DelegationSet") or {}).get("NameServers") or []
        made = Made(
            id=zone, outputs={"arn": f"arn:aws:route53:::hostedzone/{zone}", "zoneId": zone, "nameServers": servers}
        )
        with finishing(made):
            for vpc in vpcs[1:]:
                route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)
            return Made(id=zone, outputs={**made.outputs, **_ZONE.update(aws, made, {}, _tags(props))})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Its comment, and who sees it."""
        route53 = aws.get("route53")
        if old.get("comment") != new.get("comment"):
            route53.update_hosted_zone_comment(Id=made.id, Comment=new.get("comment", ""))
        had, wants = ([_vpc(aws, one) for one in props.get("vpcs") or ()] for props in (old, new))
        for vpc in (one for one in wants if one not in had):
            route53.associate_vpc_with_hosted_zone(HostedZoneId=made.id, VPC=vpc)
        for vpc in (one for one in had if one not in wants):
            route53.disassociate_vpc_from_hosted_zone(HostedZoneId=made.id, VPC=vpc)
        return _ZONE.update(aws, made, _tags(old), _tags(new))

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away; AWS refuses while it has records that others wrote."""
        _ZONE.delete(aws, made)


def _vpc(aws: Clients, one: Mapping[str, str]) -> dict[str, str]:
    return {"VPCId": one["vpcId"], "VPCRegion": one.get("vpcRegion", aws.region)}


def _tags(props: Props) -> dict[str, Any]:
    return {"tags": props["tags"]} if "tags" in props else {}


@dataclass(frozen=True, slots=True)
class Requested:
    """A resolver's endpoint or rule: each request for one has an id, which is the automatic name here.

    The real provider adds and takes an endpoint's addresses in place; the sandbox replaces it.
    """

    plain: Calls

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.plain.knows - {"creatorRequestId"}

    @property
    def replace_on(self) -> frozenset[str]:
        """What no later call takes."""
        return self.plain.replace_on - {"creatorRequestId"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it; an endpoint's addresses come with it."""
        made = self.plain.create(aws, name, {**props, "creatorRequestId": name})
        if "ipAddresses" not in props:
            return made
        with finishing(made):
            rows = aws.get("route53resolver").list_resolver_endpoint_ip_addresses(ResolverEndpointId=made.id)
        addresses = [{"ip": row["Ip"], "ipId": row["IpId"], "subnetId": row["SubnetId"]} for row in rows["IpAddresses"]]
        return Made(id=made.id, outputs={**made.outputs, "ipAddresses": addresses})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """What may change in place."""
        return self.plain.update(aws, made, old, new)

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away."""
        self.plain.delete(aws, made)


def _targets(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"Ip": row["ip"], "Port": row.get("port", 53)} for row in rows]


def _resolver(thing: str, calls: str, **more: Any) -> Calls:
    """A thing of the resolver's, named by its id."""
    return Calls(
        service="route53resolver",
        create_call=f"create_{calls}",
        at=thing,
        id="Id",
        key={f"{thing}Id": "{id}"},
        tags=_RESOLVER_TAGS,
        delete_call=f"delete_{calls}",
        **more,
    )


_ENDPOINT = _resolver(
    "ResolverEndpoint",
    "resolver_endpoint",
    params=same("creatorRequestId", "name", "direction", "securityGroupIds", "ipAddresses"),
    also=(Also("update_resolver_endpoint", same("name"), at_creation=False),),
    outputs={"arn": "Arn", "hostVpcId": "HostVPCId"},
)
RULE = _resolver(
    "ResolverRule",
    "resolver_rule",
    params=same("creatorRequestId", "name", "domainName", "ruleType", "resolverEndpointId")
    | {"targetIps": Param("TargetIps", by=_targets)},
    also=(
        Also(
            "update_resolver_rule",
            {
                "name": "Config.Name",
                "targetIps": Param("Config.TargetIps", by=_targets),
                "resolverEndpointId": "Config.ResolverEndpointId",
            },
            at_creation=False,
        ),
    ),
    outputs={"arn": "Arn", "ownerId": "OwnerId", "shareStatus": "ShareStatus"},
)
HANDLERS: Mapping[str, Handler] = {
    "aws:route53/zone:Zone": Zone(),
    "aws:route53/resolverEndpoint:ResolverEndpoint": Requested(_ENDPOINT),
    "aws:route53/resolverRule:ResolverRule": Requested(RULE),
    "aws:route53/resolverRuleAssociation:ResolverRuleAssociation": Calls(
        service="route53resolver",
        create_call="associate_resolver_rule",
        at="ResolverRuleAssociation",
        id="Id",
        params=same("name", "resolverRuleId") | {"vpcId": "VPCId"},
        key={"ResolverRuleId": "{resolverRuleId}", "VPCId": "{vpcId}"},
        delete_call="disassociate_resolver_rule",
    ),
}
