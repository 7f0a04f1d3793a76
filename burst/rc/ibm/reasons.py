"""Keys of IBM's AWS plug-ins that have no counterpart in burst.yaml, and what stands in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_IMAGE = "belongs to the launch template: put it there, or let the stacks build one"
_CREDENTIALS = "credentials come by AWS's own chain: an instance role, or AWS_SHARED_CREDENTIALS_FILE"
_ONCE = "is decided at each launch"

CONFIG: Mapping[str, str] = {
    "LogLevel": "every decision is in the audit log, at one level",
    "AWS_CREDENTIAL_FILE": _CREDENTIALS,
    "AWS_CREDENTIAL_SCRIPT": f"{_CREDENTIALS}, or credential_process in a profile (the awsv2 form is its form)",
    "AWS_CREDENTIAL_RENEW_MARGIN": _CREDENTIALS,
    "AWS_KEY_FILE": "no key pairs are made; name one in the launch template",
    "AWS_SPOT_TERMINATE_ON_RECLAIM": "a reclaimed machine is always ended by us",
    "AWS_TAG_InstanceID": "tags of the launch call name every machine",
}
TEMPLATE: Mapping[str, str] = {
    "imageId": _IMAGE,
    "keyName": _IMAGE,
    "securityGroupIds": _IMAGE,
    "instanceProfile": _IMAGE,
    "ebsOptimized": _IMAGE,
    "tenancy": _IMAGE,
    "userData": "user data is rendered from node: of burst.yaml; put what is special into the image",
    "fleetRole": "spot machines come by CreateFleet, which needs no role",
    "allocationStrategy": f"{_ONCE}: by capacity first, then by price",
    "requestValidity": "a launch is answered at once, nothing is left open",
    "durationInHours": "EC2 has no such spot machines any more; life.lifetime_hours bounds every node",
    "ttl": "life.lifetime_hours bounds every node",
    "marketSpotPrice": "is read from EC2 when it is needed",
    "computeUnit": "slots of a pool are what its smallest type has",
    "efaCount": "one adapter for each node; more belong into the launch template",
}
FLEET: Mapping[str, str] = {
    "Type": "launches are always instant",
    "SpotOptions": f"{_ONCE}: by capacity first, then by price",
    "OnDemandOptions": f"{_ONCE}: in the order of instance_types",
    "TargetCapacitySpecification": "the number comes with each request; its default purchase was carried",
    "ExcessCapacityTerminationPolicy": "a fleet is not kept, its machines are returned one by one",
    "TerminateInstancesWithExpiration": "a fleet is not kept",
    "ReplaceUnhealthyInstances": "a broken machine is reported to LSF and ended",
    "ValidUntil": "a launch is answered at once",
    "ValidFrom": "a launch is answered at once",
    "TagSpecifications": "tags of machines are the ledger; further ones belong into the launch template",
    "ClientToken": "is derived from each request",
}
OVERRIDE: Mapping[str, str] = {
    "WeightedCapacity": "every node counts as one",
    "MaxPrice": "a spot machine costs at most its on-demand price; the budget is the limit",
    "AvailabilityZone": "is given by the subnets",
    "Placement": "use placement_group of the pool",
    "InstanceRequirements": "write requirements: of the pool by hand",
    "ImageId": _IMAGE,
}
