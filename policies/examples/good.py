"""Values that keep every rule: a PHI allocation and what stands around it, all made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.rules.rule import Context
from ris_hybrid.holdings.values import (
    Account,
    Bucket,
    Budget,
    FileSystem,
    Holdings,
    Instance,
    Key,
    LaunchTemplate,
    LogGroup,
    Network,
    PortRule,
    Queue,
    Repository,
    Role,
    SecurityGroup,
    Subnet,
    Trail,
)
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.settings import Budget as BurstBudget
from ris_hybrid.settings import BurstSettings, Caps, Gate, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
TAGS = {"ris_env": "prod", "ris_managed": "ris-hybrid", "ris_data_class": "phi"}
DATA_TAGS = {**TAGS, "ris_allocation": "neuro_trials", "ris_lab": "neuro_trials"}
HERE = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
EVERYWHERE = ["arn:aws:s3:::wustl-ris-neuro", "arn:aws:s3:::wustl-ris-neuro/*"]


def ban(sid: str, condition: Mapping[str, Any], action: Any = "s3:*") -> dict[str, Any]:  # JSON
    """A statement of a bucket's policy that denies everyone."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": EVERYWHERE,
        "Condition": condition,
    }


TLS = ban("Tls", {"Bool": {"aws:SecureTransport": "false"}})
TLS_VERSION = ban("TlsVersion", {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
ENDPOINTS = ban(
    "OurEndpoints", {"StringNotEqualsIfExists": {"aws:SourceVpce": ["vpce-1"]}}, ["s3:GetObject*", "s3:PutObject*"]
)
FOREIGN = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "*", "Resource": "*"}
OPEN = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def allow(action: str | list[str], resource: str = "*") -> dict[str, Any]:
    """A statement of a role."""
    return {"Sid": "Given", "Effect": "Allow", "Action": action, "Resource": resource}


BUCKET = Bucket(
    name="wustl-ris-neuro",
    account=ACCOUNT,
    tags=DATA_TAGS,
    encryption="aws:kms",
    key="alias/wustl-ris-neuro",
    bucket_key=True,
    versioned=True,
    public_blocked=True,
    owner_enforced=True,
    policy=(TLS, TLS_VERSION, ENDPOINTS),
    logs_to="wustl-ris-logs",
    has_lifecycle=True,
    expires=False,
    object_lock=True,
    inventory=True,
)
ROLE = Role(
    name="lab",
    account=ACCOUNT,
    tags={**TAGS, "ris_role": "lab"},
    trust=({"Effect": "Allow", "Principal": HERE, "Action": "sts:AssumeRole"},),
    statements=(allow("s3:GetObject", "arn:aws:s3:::wustl-ris-neuro/*"),),
    boundary="prod-boundary",
)
GROUP = SecurityGroup(
    name="nodes",
    tags=TAGS,
    ingress=(
        PortRule(protocol="tcp", from_port=6882, to_port=6882, source="10.20.0.0/16"),
        PortRule(protocol="-1", from_port=0, to_port=0, source="self"),
    ),
    egress=(PortRule(protocol="-1", from_port=0, to_port=0, source="10.20.0.0/16"),),
)
TEMPLATE = LaunchTemplate(
    name="compute1-prod-cpu16",
    tags={**TAGS, "ris_pool": "cpu16"},
    http_tokens="required",
    hop_limit=1,
    public_ip=False,
    volumes_encrypted=True,
    user_data="#cloud-config\n",
    instance_type="c7a.4xlarge",
)
TRAIL = Trail(name="all", multi_region=True, validated=True, customer_key=True, logging=True, data_events=True)
NETWORK = Network(
    name="prod",
    tags=TAGS,
    phi=True,
    internet_gateway=False,
    flow_logs=True,
    endpoints=("ec2", "ec2messages", "ecr.api", "ecr.dkr", "kms", "logs", "s3", "sqs", "ssm", "sts"),
)
BUDGET = Budget(name="wustl-ris-neuro", usd_per_month=500.0, has_action=True)
POOL = Pool(
    name="cpu16",
    instance_types=("c7a.4xlarge",),
    slots=16,
    memory_mib=30000,
    max_nodes=10,
    labs=("neuro_trials",),
)
SECOND_CLOUD = SecondCloud(
    name="research",
    driver="openstack",
    project="ris",
    auth_url="https://keystone.research.example.org:5000",
    prices={"m1.xlarge": 0.3},
)
SECOND_POOL = Pool(
    name="campus8",
    provider="libcloud",
    cloud="research",
    instance_types=("m1.xlarge",),
    image="lsf-node",
    networks=("hpc",),
    slots=8,
    memory_mib=15000,
    max_nodes=10,
    labs=("wucci",),
)
BURST = BurstSettings(
    cluster="compute1",
    provider="ris-aws",
    region="us-east-1",
    pools=(POOL,),
    gates=(Gate(pending_jobs=10),),
    caps=Caps(nodes=10),
    budget=BurstBudget(usd_per_month=100.0),
)
CONTEXT = Context(
    phi_accounts=frozenset({ACCOUNT}),
    site_cidrs=("10.20.0.0/16",),
    budgets=("wustl-ris-neuro",),
    burst=BURST,
    known_types=frozenset({"c7a.4xlarge"}),
    phi_labs=frozenset({"neuro_trials"}),
)
GOOD = Holdings(
    account=ACCOUNT,
    region="us-east-1",
    buckets=(BUCKET,),
    keys=(
        Key(
            name="alias/wustl-ris-neuro",
            key_id="1",
            account=ACCOUNT,
            tags=DATA_TAGS,
            rotates=True,
            enabled=True,
            policy=({"Effect": "Allow", "Principal": HERE, "Action": "kms:*", "Resource": "*"},),
        ),
    ),
    repositories=(
        Repository(
            name="neuro_trials/tools",
            account=ACCOUNT,
            tags=DATA_TAGS,
            immutable=True,
            scan_on_push=True,
            encryption="KMS",
            has_lifecycle=True,
            policy=(),
        ),
    ),
    roles=(ROLE,),
    security_groups=(GROUP, SecurityGroup(name="default of prod", tags={}, default=True, ingress=(), egress=())),
    networks=(NETWORK,),
    subnets=(Subnet(name="prod-a", tags=TAGS, public_ip=False),),
    launch_templates=(TEMPLATE,),
    instances=(Instance(name="i-1", tags=TAGS, public_address=False, http_tokens="required", volumes_encrypted=True),),
    queues=(Queue(name="prod-notices", kind="queue", tags=TAGS, encrypted=True, policy=()),),
    log_groups=(LogGroup(name="/ris-hybrid/prod", tags=TAGS, retention_days=400, encrypted=True),),
    file_systems=(FileSystem(name="scratch", tags=TAGS, customer_key=True),),
    trails=(TRAIL,),
    budgets=(BUDGET,),
    accounts=(
        Account(
            account=ACCOUNT,
            region="us-east-1",
            public_blocked=True,
            volumes_encrypted=True,
            imds_v2=True,
            recorder=True,
        ),
    ),
)
