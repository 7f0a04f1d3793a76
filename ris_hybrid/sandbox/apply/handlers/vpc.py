"""VPC, subnets, route tables, DHCP options and what is attached to them (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import is_gone, plain, valued

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props

_AMAZON = "default"
"""The id by which EC2 takes its own DHCP options back."""
VPC = Calls(
    service="ec2",
    create_call="create_vpc",
    at="Vpc",
    id="VpcId",
    params=same("cidrBlock", "instanceTenancy"),
    tags=ec2_tags("vpc"),
    key={"VpcId": "{id}"},
    also=(
        Also("modify_vpc_attribute", {"enableDnsSupport": Param("EnableDnsSupport", valued, default=True)}),
        Also("modify_vpc_attribute", {"enableDnsHostnames": Param("EnableDnsHostnames", valued, default=False)}),
    ),
    delete_call="delete_vpc",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc/{id}", "dhcpOptionsId": "DhcpOptionsId", "ownerId": "OwnerId"},
    reading=Read("describe_vpcs", at="Vpcs.0", key={"VpcIds": ["{id}"]}),
)
SUBNET = Calls(
    service="ec2",
    create_call="create_subnet",
    at="Subnet",
    id="SubnetId",
    params=same("vpcId", "cidrBlock", "availabilityZone"),
    tags=ec2_tags("subnet"),
    key={"SubnetId": "{id}"},
    also=(
        Also("modify_subnet_attribute", {"mapPublicIpOnLaunch": Param("MapPublicIpOnLaunch", valued, default=False)}),
    ),
    delete_call="delete_subnet",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:subnet/{id}", "availabilityZoneId": "AvailabilityZoneId"},
    reading=Read("describe_subnets", at="Subnets.0", key={"SubnetIds": ["{id}"]}),
)
ROUTE_TABLE = Calls(
    service="ec2",
    create_call="create_route_table",
    at="RouteTable",
    id="RouteTableId",
    params=same("vpcId"),
    tags=ec2_tags("route-table"),
    key={"RouteTableId": "{id}"},
    delete_call="delete_route_table",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:route-table/{id}", "ownerId": "OwnerId"},
    reading=Read("describe_route_tables", at="RouteTables.0", key={"RouteTableIds": ["{id}"]}),
)


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """An internet gateway, which must be detached before it can go."""

    plain: Calls
    replace_on: frozenset[str] = frozenset({"vpcId"})

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.plain.knows | {"vpcId"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it and attach it."""
        made = self.plain.create(aws, name, {key: value for key, value in props.items() if key != "vpcId"})
        with finishing(made):
            aws.get("ec2").attach_internet_gateway(InternetGatewayId=made.id, VpcId=props["vpcId"])
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Only its tags can change."""
        return self.plain.update(aws, made, _tags(old), _tags(new))

    def delete(self, aws: Clients, made: Made) -> None:
        """Detach it, then take it away."""
        try:
            vpc = made.outputs.get("vpcId")
            if vpc:
                aws.get("ec2").detach_internet_gateway(InternetGatewayId=made.id, VpcId=vpc)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code != "Gateway.NotAttached" and not is_gone(code):
                raise
        self.plain.delete(aws, made)


class RouteTableAssociation:
    """A subnet's route table. Imported as ``<subnet id>/<route table id>``, as the provider has it."""

    knows = frozenset({"subnetId", "routeTableId"})
    replace_on = frozenset({"subnetId"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:  # noqa: ARG002  # it has no name
        """Associate them."""
        answer = aws.get("ec2").associate_route_table(RouteTableId=props["routeTableId"], SubnetId=props["subnetId"])
        return Made(id=answer["AssociationId"])

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:  # noqa: ARG002  # new has it all
        """Give the subnet another table; EC2 gives that a new id, which is looked up when it goes."""
        ec2 = aws.get("ec2")
        found = _association(ec2, made.outputs["subnetId"])
        ec2.replace_route_table_association(AssociationId=found, RouteTableId=new["routeTableId"])
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Back to the VPC's main table."""
        ec2 = aws.get("ec2")
        found = _association(ec2, made.outputs["subnetId"])
        if found:
            ec2.disassociate_route_table(AssociationId=found)

    def read(self, aws: Clients, resource_id: str) -> Made:
        """The association of that subnet with that table."""
        subnet, _, table = resource_id.partition("/")
        found = _association(aws.get("ec2"), subnet)
        if not found:
            raise ConfigError(f"the sandbox's AWS has no association {resource_id}", "give <subnet>/<route table>")
        return Made(id=found, outputs={"subnetId": subnet, "routeTableId": table})


def _tags(props: Props) -> dict[str, Any]:
    return {"tags": props["tags"]} if "tags" in props else {}


@dataclass(frozen=True, slots=True)
class DhcpOptions:
    """What machines of a VPC are told at start."""

    plain: Calls
    replace_on: frozenset[str] = frozenset({"domainName", "domainNameServers"})

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.replace_on | {"tags"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make them."""
        words = {"domainName": "domain-name", "domainNameServers": "domain-name-servers"}
        rows = [
            {"Key": key, "Values": value if isinstance(value, list) else [value]}
            for prop, key in words.items()
            if (value := props.get(prop))
        ]
        strange = {key: value for key, value in props.items() if key not in words}
        return self.plain.create(aws, name, {**strange, "configurations": rows})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Only their tags can change."""
        return self.plain.update(aws, made, _tags(old), _tags(new))

    def delete(self, aws: Clients, made: Made) -> None:
        """Take them away."""
        self.plain.delete(aws, made)


class DhcpOptionsAssociation:
    """Which DHCP options a VPC has; it goes back to Amazon's."""

    knows = frozenset({"vpcId", "dhcpOptionsId"})
    replace_on = frozenset({"vpcId"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:  # noqa: ARG002  # it has no name
        """Give the VPC these options."""
        aws.get("ec2").associate_dhcp_options(VpcId=props["vpcId"], DhcpOptionsId=props["dhcpOptionsId"])
        return Made(id=f"{props['dhcpOptionsId']}-{props['vpcId']}")

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:  # noqa: ARG002  # new has it all
        """Give it others, by way of Amazon's: moto would hold the former ones for used."""
        for options in (_AMAZON, new["dhcpOptionsId"]):
            aws.get("ec2").associate_dhcp_options(VpcId=new["vpcId"], DhcpOptionsId=options)
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Back to Amazon's."""
        try:
            aws.get("ec2").associate_dhcp_options(VpcId=made.outputs["vpcId"], DhcpOptionsId=_AMAZON)
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise


def _association(ec2: object, subnet: str) -> str:
    wanted = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = ec2.describe_route_tables(Filters=wanted)["RouteTables"]  # type: ignore[attr-defined]
    rows = (row for table in tables for row in table["Associations"])
    return next((str(row["RouteTableAssociationId"]) for row in rows if row.get("SubnetId") == subnet), "")


HANDLERS: Mapping[str, Handler] = {
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": DhcpOptions(
        Calls(
            service="ec2",
            create_call="create_dhcp_options",
            at="DhcpOptions",
            id="DhcpOptionsId",
            params={"configurations": Param("DhcpConfigurations", by=plain)},
            tags=ec2_tags("dhcp-options"),
            key={"DhcpOptionsId": "{id}"},
            delete_call="delete_dhcp_options",
            outputs={"arn": "arn:aws:ec2:{region}:{account}:dhcp-options/{id}"},
        )
    ),
    "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": DhcpOptionsAssociation(),
    "aws:ec2/vpc:Vpc": VPC,
    "aws:ec2/subnet:Subnet": SUBNET,
    "aws:ec2/routeTable:RouteTable": ROUTE_TABLE,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": RouteTableAssociation(),
    "aws:ec2/internetGateway:InternetGateway": InternetGateway(
        Calls(
            service="ec2",
            create_call="create_internet_gateway",
            at="InternetGateway",
            id="InternetGatewayId",
            tags=ec2_tags("internet-gateway"),
            key={"InternetGatewayId": "{id}"},
            delete_call="delete_internet_gateway",
            outputs={"arn": "arn:aws:ec2:{region}:{account}:internet-gateway/{id}"},
        )
    ),
}
