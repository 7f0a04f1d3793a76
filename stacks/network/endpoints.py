"""The VPC endpoints: AWS's services reached without leaving the VPC, as one Pulumi component."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from stacks.network.former import was_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from stacks.environment import Environment
    from stacks.network.settings import NetworkSettings
    from stacks.network.vpc import PrivateNetwork

_HTTPS = 443
_GATEWAY = "s3"


class ServiceEndpoints(pulumi.ComponentResource):
    """A gateway to S3 in the route table, and an interface in every subnet for each other service.

    ``prefix_list_id`` are S3's addresses behind the gateway, ``group_id`` holds the interfaces: a security group of
    nodes must let them out to both. ``bucket_ids`` are the endpoints buckets are reached through.
    """

    def __init__(self, environment: Environment, settings: NetworkSettings, network: PrivateNetwork) -> None:
        super().__init__("ris-hybrid:network:ServiceEndpoints", environment.name, None, was_endpoints(environment.name))
        self._environment, self._settings, self._network = environment, settings, network
        self._below = pulumi.ResourceOptions(parent=self)
        gateway = self._gateway()
        self.prefix_list_id: pulumi.Output[str] = gateway.prefix_list_id
        self.bucket_ids: list[pulumi.Output[str]] = [gateway.id]
        self.group_id: pulumi.Output[str] = self._group()
        for service in settings.endpoints.services:
            made = self._interface(service, gateway)
            if service == _GATEWAY:
                self.bucket_ids.append(made.id)
        self.register_outputs({"bucket_ids": self.bucket_ids})

    def _named(self, name: str) -> Mapping[str, str]:
        return {**self._environment.all_tags, "Name": name}

    def _gateway(self) -> ec2.VpcEndpoint:
        name = f"{self._environment.name}-{_GATEWAY}"
        return ec2.VpcEndpoint(
            name,
            vpc_id=self._network.vpc_id,
            service_name=f"com.amazonaws.{self._environment.region}.{_GATEWAY}",
            vpc_endpoint_type="Gateway",
            route_table_ids=[self._network.route_table_id],
            policy=s3_policy(self._environment, self._settings),
            tags=self._named(name),
            opts=self._below,
        )

    def _group(self) -> pulumi.Output[str]:
        name = f"{self._environment.name}-endpoints"
        site = self._settings.onprem_cidrs if _GATEWAY in self._settings.endpoints.services else ()
        made = ec2.SecurityGroup(
            name,
            vpc_id=self._network.vpc_id,
            description="AWS endpoints",
            ingress=[
                _https("HTTPS from nodes", self._settings.vpc_cidr),
                *(_https("HTTPS from the site", one) for one in site),
            ],
            tags=self._named(name),
            opts=self._below,
        )
        group_id: pulumi.Output[str] = made.id
        return group_id

    def _interface(self, service: str, gateway: ec2.VpcEndpoint) -> ec2.VpcEndpoint:
        buckets = service == _GATEWAY
        name = f"{self._environment.name}-{service}{'-interface' if buckets else ''}"
        # Nodes keep the free gateway; only who asks through the inbound resolver, the site, is told the interface.
        only_site = ec2.VpcEndpointDnsOptionsArgs(private_dns_only_for_inbound_resolver_endpoint=True)
        return ec2.VpcEndpoint(
            name,
            vpc_id=self._network.vpc_id,
            service_name=f"com.amazonaws.{self._environment.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            dns_options=only_site if buckets else None,
            subnet_ids=list(self._network.subnet_ids),
            security_group_ids=[self.group_id],
            policy=s3_policy(self._environment, self._settings) if buckets else own_identities(self._environment),
            tags=self._named(name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway] if buckets else []),
        )


def own_identities(environment: Environment) -> str | None:
    """Where PHI may come: only roles of this account speak to AWS from here; else AWS's open policy.

    With a stranger's key data could be carried into that stranger's queue, registry or log. What our own roles reach is
    said by their policies and their boundary.
    """
    if not environment.phi:
        return None
    own = {
        "Sid": "OurIdentities",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": environment.account}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [own]}, sort_keys=True)


def s3_policy(environment: Environment, settings: NetworkSettings) -> str | None:
    """Where PHI may come: no bucket of a stranger is reached, so data cannot be carried there; else AWS's open policy.

    AWS's own bucket with the layers of ECR's images stays readable.
    """
    if not environment.phi:
        return None
    chosen, partition = settings.endpoints, environment.partition
    key, ours = (
        ("aws:ResourceOrgID", chosen.organization_id)
        if chosen.organization_id
        else ("aws:ResourceAccount", environment.account)
    )
    layers = f"prod-{environment.region}-starport-layer-bucket"
    readable = [f"arn:{partition}:s3:::{bucket}/*" for bucket in (layers, *chosen.aws_buckets)]
    statements = [
        {
            "Sid": "OurBuckets",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"StringEquals": {key: ours}},
        },
        {
            "Sid": "ReadWhatAwsPublishes",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": readable,
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


def _https(description: str, source: IPv4Network) -> ec2.SecurityGroupIngressArgs:
    return ec2.SecurityGroupIngressArgs(
        description=description, protocol="tcp", from_port=_HTTPS, to_port=_HTTPS, cidr_blocks=[str(source)]
    )
