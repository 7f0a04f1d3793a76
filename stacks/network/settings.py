"""What an environment decides about its network: addresses, the link to the site, names, endpoints.

What is wrong with one value is said here; how the values fit together is judged in ``stacks.network.faults``.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, PlainValidator

from stacks.environment import Settings

Service = Literal[
    "s3",
    "fsx",
    "ecr.api",
    "ecr.dkr",
    "sts",
    "kms",
    "ssm",
    "ssmmessages",
    "ec2",
    "ec2messages",
    "logs",
    "monitoring",
    "sqs",
]
"""A service with an interface endpoint, by the last part of its name."""
INTERFACES: tuple[Service, ...] = tuple(one for one in get_args(Service) if one not in {"s3", "fsx"})
"""What nodes, and whoever runs them, need in a VPC without a way out."""
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _network(value: object) -> IPv4Network:
    try:
        return IPv4Network(str(value))
    except ValueError:
        raise ValueError("an IPv4 network such as 10.80.0.0/16") from None


def _address(value: object) -> IPv4Address:
    try:
        return IPv4Address(str(value))
    except ValueError:
        raise ValueError("an IPv4 address such as 10.20.0.53") from None


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("a domain such as aws.example.org, in lower case")
    return value


def _id_of(prefix: str) -> AfterValidator:
    form = re.compile(rf"{prefix}-[0-9a-f]{{8,17}}")

    def checked(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f"an id such as {prefix}-0a1b2c3d4e5f60718")
        return value

    return AfterValidator(checked)


Network = Annotated[IPv4Network, PlainValidator(_network)]
Address = Annotated[IPv4Address, PlainValidator(_address)]
Domain = Annotated[str, AfterValidator(_domain)]
Asn = Annotated[int, Field(ge=1, le=4_294_967_294)]
Port = Annotated[int, Field(ge=1, le=65535)]


class SitePorts(Settings):
    """A service of the site that nodes reach beside LSF: a directory, a file server, a licence server."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}$")]
    """Of the characters EC2 takes in a rule's description."""
    protocol: Literal["tcp", "udp"] = "tcp"
    from_port: Port
    to_port: Port | None = None
    """The same as ``from_port`` where it is left out."""


class Vpn(Settings):
    """A site-to-site VPN: two IPsec tunnels to the site's gateway."""

    customer_gateway_ip: Address
    """The public address of the site's VPN device."""
    customer_asn: Asn = 65000
    """Its BGP number; without meaning where routes are static."""
    static_routes: tuple[Network, ...] = ()
    """Networks of the site behind the tunnels; empty: the site's device tells them by BGP."""


class DirectConnect(Settings):
    """A Direct Connect gateway that was ordered with the line; this VPC is attached to it."""

    gateway_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    owner_account: Annotated[str, Field(pattern=r"^(\d{12})?$")] = ""
    """Where the gateway is another account's: the attachment is proposed, and that account accepts it."""


class Link(Settings):
    """The way to the site. Both together: Direct Connect carries the traffic, the VPN stands by."""

    amazon_asn: Asn = 64512
    """AWS's own BGP number on it; another one replaces the gateway."""
    vpn: Vpn | None = None
    direct_connect: DirectConnect | None = None


class Dns(Settings):
    """Names both ways: the site's name servers ask here for nodes, nodes ask there for the site's hosts."""

    zone: Domain
    """A private zone of this VPC, for names of its own."""
    onprem_domains: tuple[Domain, ...]
    name_servers: tuple[Address, ...]
    """The site's, for these domains and for the names of its addresses."""
    node_names: Literal["ec2", "zone"] = "ec2"
    """Who names nodes. ``ec2``: EC2 does (``ip-10-80-0-5.ec2.internal``) and answers for them both ways. ``zone``: the
    site writes a record for each node into ``zone`` and the reverse zones, which hide EC2's own answers."""


class Endpoints(Settings):
    """VPC endpoints beside the gateway to S3, which is free and always there."""

    interfaces: tuple[Service, ...] = INTERFACES
    """``s3`` lets the site itself reach buckets over the link, as ``site_buckets`` does."""
    site_buckets: bool = False
    """An interface of S3 beside the others: a host of the site that stages PHI comes to the buckets by it."""
    organization_id: Annotated[str, Field(pattern=r"^(o-[a-z0-9]{10,32})?$")] = ""
    """AWS Organizations' id: with PHI, nodes reach the buckets of its accounts and not only of this one."""
    aws_buckets: tuple[str, ...] = ()
    """AWS's own buckets that nodes may read all the same, such as those of package repositories."""

    @property
    def services(self) -> tuple[Service, ...]:
        """All that have an interface."""
        return (*self.interfaces, *(("s3",) if self.site_buckets and "s3" not in self.interfaces else ()))


class Existing(Settings):
    """What is there already and comes into the stack as it is; a destroy leaves it alone."""

    vpc: Annotated[str, _id_of("vpc")]
    route_table: Annotated[str, _id_of("rtb")] | None = None
    subnets: dict[str, Annotated[str, _id_of("subnet")]] = Field(default_factory=dict)
    """By zone."""


class NetworkSettings(Settings):
    """Section ``network`` of the environment's file."""

    vpc_cidr: Network
    onprem_cidrs: tuple[Network, ...]
    """Where LSF's hosts and the site's servers are: the only places that may reach a node."""
    zones: tuple[str, ...]
    subnet_cidrs: dict[str, Network] = Field(default_factory=dict)
    """By zone, where a subnet is not the part of the VPC it would be given."""
    internet_gateway: bool = False
    """Attach one; nodes have no public address and no route to it, so it serves only a NAT the site adds."""
    scratch: bool = False
    """Nodes share a file system of FSx for Lustre, which layer ``storage`` puts into their security group."""
    site_ports: tuple[SitePorts, ...] = ()
    link: Link = Link()
    dns: Dns | None = None
    endpoints: Endpoints = Endpoints()
    flow_log_days: Literal[30, 60, 90, 180, 365, 400, 731, 1096, 1827, 2192, 2557, 3653] = 400
    """How long the record of all connections is kept; one of the periods CloudWatch has."""
    existing: Existing | None = None
