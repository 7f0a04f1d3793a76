"""Allocations with roles and repositories, made by hand: a plain lab with a project, and one that holds PHI."""

from __future__ import annotations

from typing import Any

from ris_hybrid.config.pools_file import PoolNode, PoolsFile
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, DataClass, RegistryPlan, RolePlan, Stage

NETWORK = {
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.80.0.0/20",
    "subnet_ids": ["subnet-a", "subnet-b"],
    "route_table_id": "rtb-1",
    "node_group_id": "sg-nodes",
    "endpoint_ids": ["vpce-1"],
    "inbound_resolver_ips": [],
    "flow_log_group": "flow",
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1111-2222"


def lab(name: str, data_class: DataClass = "internal", *, stage: Stage = "active") -> AllocationPlan:
    """An allocation whose lab has its name; PHI has a key of its own."""
    bucket = f"wustl-ris-{name}-abc123"
    roles = (
        _role(f"compute1-example-{name}.lab", "lab", f"storage-{name}", "s3:GetObject", "s3:PutObject"),
        _role(f"compute1-example-{name}.jobs", "jobs", "", "s3:GetObject", "s3:PutObject"),
        _role(f"compute1-example-{name}.p1.rw", "project-rw", f"storage-{name}-p1-rw", "s3:GetObject", "s3:PutObject"),
        _role(f"compute1-example-{name}.p1.ro", "project-ro", f"storage-{name}-p1-ro", "s3:GetObject"),
    )
    return AllocationPlan(
        name=name,
        lab=name,
        owner="fitzp",
        platform="storage1",
        path=f"/storage1/fs1/{name}",
        group=f"storage-{name}",
        environment="example",
        account="123456789012",
        network="network-example",
        data_class=data_class,
        stage=stage,
        removed_on="",
        quota_bytes=1 << 40,
        projects=(),
        bucket=BucketPlan(
            name=bucket,
            prefixes=("Active/",),
            key_alias=f"alias/{bucket}" if data_class == "phi" else "",
            transitions=(),
            object_lock=False,
            writable=stage in {"active", "marked"},
        ),
        registry=RegistryPlan(namespace=f"example/{name}", repositories=(f"example/{name}/images",)),
        roles=roles,
        budget=BudgetPlan(name=name, usd_per_month=100.0, alerts_percent=(100,)),
        pools=(),
        tags={"ris_allocation": name, "ris_lab": name, "ris_data_class": data_class, "ris_plan": "1234"},
    )


def _role(name: str, kind: Any, group: str, *actions: str) -> RolePlan:
    statement = {"Sid": "Data", "Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::b/*"}
    return RolePlan(
        name=name, kind=kind, group=group, statements=(statement,), project="p1" if kind.startswith("project") else ""
    )


def node(name: str = "cpu16", **fields: Any) -> PoolNode:
    """A pool as burst.yaml has it."""
    plain: dict[str, Any] = {
        "instance_type": "c7a.4xlarge",
        "user_data": "#cloud-config\nruncmd: [true]\n",
        "efa": False,
        "placement_group": "",
        "multi_node": False,
        "labs": (),
        "reservations": False,
    }
    return PoolNode(name=name, **{**plain, **fields})


def pools(*nodes: PoolNode) -> PoolsFile:
    """The pools of the made-up environment's cluster."""
    return PoolsFile(cluster="compute1", provider="ris-aws", region="us-east-1", pools=nodes or (node(),))
