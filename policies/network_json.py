"""The rules over the old network plan, which the demo builds its cloud from until it applies the stacks.

A rule reads plain values: the network plan in its JSON form (``dataclasses.asdict`` of the plan that ``stacks``
makes) and the burst's settings. Control ids are those of AWS Foundational Security Best Practices (``EC2.n``), of
NIST SP 800-53 rev. 5 (``SC-7``) and of the HIPAA security rule (``45 CFR ...``); ``SITE`` is a rule of the site's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, TypedDict

from ris_hybrid.errors import PolicyViolation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ris_hybrid.settings import BurstSettings, Pool

REQUIRED_TAGS = ("ris_cluster", "ris_provider", "ris_env", "ris_managed")
NODE_ACTIONS = frozenset(
    {"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
)
"""What a node may do anywhere: pull images. Beside it, ``ec2:CreateTags`` on itself with these keys."""
NOTICE_TAGS = frozenset({"ris_notice", "ris_rebalance"})
LSF_PORTS = frozenset({("tcp", 7869), ("udp", 7869), ("tcp", 6878), ("tcp", 6881), ("tcp", 6882)})
"""lim, res, mbatchd, sbatchd; written here a second time on purpose, so that a slip in the plan is noticed."""


class SubnetJson(TypedDict):
    """A subnet of the plan."""

    name: str
    public_ip: bool


class PortJson(TypedDict):
    """A rule of a security group; both ports are included."""

    description: str
    protocol: str
    from_port: int
    to_port: int
    cidr: str


class TemplateJson(TypedDict):
    """A launch template of the plan."""

    name: str
    pool: str
    instance_type: str
    http_tokens: str
    public_ip: bool
    root_encrypted: bool
    tags: Mapping[str, str]


class RoleJson(TypedDict):
    """The nodes' role; statements in IAM's JSON."""

    name: str
    statements: Sequence[Mapping[str, Any]]


class NoticesJson(TypedDict):
    """The queue of spot notices."""

    name: str
    encrypted: bool


class NetworkJson(TypedDict):
    """The network plan; keys no rule reads are left out here."""

    name: str
    phi: bool
    internet_gateway: bool
    subnets: Sequence[SubnetJson]
    ingress: Sequence[PortJson]
    role: RoleJson
    notices: NoticesJson
    launch_templates: Sequence[TemplateJson]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the rules look at together."""

    network: NetworkJson
    burst: BurstSettings
    phi_labs: frozenset[str]
    """Labs whose allocation is marked secure."""
    known_types: frozenset[str]
    """Instance types of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that is broken, with everything that breaks it."""

    rule: str
    control: str
    message: str
    fix: str


def imds_v2(subject: Subject) -> Violation | None:
    """Instance metadata only by session token: a job that can be made to fetch a URL must not get credentials."""
    wrong = [one["name"] for one in subject.network["launch_templates"] if one["http_tokens"] != "required"]
    return _violation("imds-v2", "EC2.170", "launch templates without IMDSv2", wrong, "set http_tokens to required")


def no_public_address(subject: Subject) -> Violation | None:
    """No node is reachable from the internet."""
    network = subject.network
    wrong = [one["name"] for one in (*network["launch_templates"], *network["subnets"]) if one["public_ip"]]
    fix = "set public_ip to false"
    return _violation("no-public-address", "EC2.25, EC2.15", "public addresses are given by", wrong, fix)


def volumes_encrypted(subject: Subject) -> Violation | None:
    """Scratch data on a node's volume is encrypted at rest."""
    wrong = [one["name"] for one in subject.network["launch_templates"] if not one["root_encrypted"]]
    fix = "set root_encrypted to true"
    return _violation("volumes-encrypted", "EC2.3", "launch templates with a plain root volume", wrong, fix)


def queue_encrypted(subject: Subject) -> Violation | None:
    """What waits in a queue is encrypted at rest."""
    notices = subject.network["notices"]
    wrong = [] if notices["encrypted"] else [notices["name"]]
    return _violation("queue-encrypted", "SQS.1", "queues in plain", wrong, "set encrypted to true")


def node_role_least(subject: Subject) -> Violation | None:
    """A job that gets at its node's identity can pull images and spoil that node's own notice, nothing else."""
    role = subject.network["role"]
    wrong = [f"{role['name']} ({one.get('Sid', '?')})" for one in role["statements"] if not _harmless(one)]
    fix = "take out all but pulling images and tagging itself with a notice"
    return _violation("node-role-least", "IAM.21, AC-6", "nodes may do more than they need", wrong, fix)


def phi_without_internet(subject: Subject) -> Violation | None:
    """A network that carries PHI has no way to the internet."""
    network = subject.network
    wrong = [network["name"]] if network["phi"] and network["internet_gateway"] else []
    fix = "take the internet gateway out, or keep PHI in another network"
    control = "SC-7, 45 CFR 164.312(e)(1)"
    return _violation("phi-without-internet", control, "PHI network with an internet gateway", wrong, fix)


def no_open_ingress(subject: Subject) -> Violation | None:
    """No rule lets the whole world in."""
    wrong = [
        _port(rule) for rule in subject.network["ingress"] if ip_network(rule["cidr"], strict=False).prefixlen == 0
    ]
    fix = "name the network of the site's LSF hosts"
    return _violation("no-open-ingress", "EC2.19", "open to every address", wrong, fix)


def lsf_ports_only(subject: Subject) -> Violation | None:
    """Only LSF's daemons are reached from outside."""
    wrong = [_port(rule) for rule in subject.network["ingress"] if not _is_lsf(rule)]
    fix = "keep to lim 7869, res 6878, mbatchd 6881 and sbatchd 6882"
    return _violation("lsf-ports-only", "EC2.18", "ingress beside LSF's ports", wrong, fix)


def required_tags(subject: Subject) -> Violation | None:
    """Everything says whose it is, so that it can be found, billed and ended."""
    network = subject.network
    wrong = _untagged(network["name"], network["tags"], REQUIRED_TAGS)
    for one in network["launch_templates"]:
        wrong += _untagged(one["name"], one["tags"], (*REQUIRED_TAGS, "ris_pool"))
    return _violation("required-tags", "CM-8", "tags are missing", wrong, "give each of them a value")


def spend_bounded(subject: Subject) -> Violation | None:
    """Every pool ends at a number of nodes, and the month at a number of dollars."""
    burst = subject.burst
    wrong = [f"pool {pool.name} (max_nodes)" for pool in burst.pools if pool.max_nodes < 1]
    wrong += [] if burst.caps.nodes >= 1 else ["caps.nodes"]
    wrong += [] if burst.budget.usd_per_month > 0 else ["budget.usd_per_month"]
    return _violation("spend-bounded", "SITE", "no upper bound", wrong, "set it above zero in burst.yaml")


def no_spot_for_phi(subject: Subject) -> Violation | None:
    """PHI work is not put where a node vanishes at two minutes' notice, scratch data and all."""
    wrong = [pool.name for pool in subject.burst.pools if pool.purchase != "on-demand" and _phi_labs(pool, subject)]
    fix = "name the pool's labs without those that hold PHI, or buy on demand"
    return _violation("no-spot-for-phi", "SITE", "spot pools open to labs with PHI", wrong, fix)


def phi_stays_in_phi_network(subject: Subject) -> Violation | None:
    """Labs with PHI use pools of a network made for PHI, or none."""
    open_to = ((pool.name, _phi_labs(pool, subject)) for pool in subject.burst.pools if not subject.network["phi"])
    wrong = [f"{name} ({', '.join(sorted(labs))})" for name, labs in open_to if labs]
    fix = "name the pool's labs without them, or mark the network phi"
    return _violation("phi-stays-in-phi-network", "SC-7, 45 CFR 164.312(a)(1)", "pools open to PHI", wrong, fix)


def types_known(subject: Subject) -> Violation | None:
    """Every instance type is one whose cores, memory and price we know."""
    named = {kind: f"pool {pool.name}" for pool in subject.burst.pools for kind in pool.instance_types}
    templates = subject.network["launch_templates"]
    named |= {one["instance_type"]: one["name"] for one in templates if one["instance_type"]}
    wrong = [f"{kind} of {where}" for kind, where in sorted(named.items()) if kind not in subject.known_types]
    return _violation("types-known", "SITE", "unknown instance types", wrong, "take one of the catalogue")


def pools_planned(subject: Subject) -> Violation | None:
    """Every pool of burst.yaml has its launch template in the plan."""
    planned = {one["pool"] for one in subject.network["launch_templates"]}
    wrong = [pool.name for pool in subject.burst.pools if pool.name not in planned]
    return _violation(
        "pools-planned", "SITE", "pools without a launch template", wrong, "add them to the stack's pools"
    )


RULES = (
    imds_v2,
    no_public_address,
    volumes_encrypted,
    queue_encrypted,
    node_role_least,
    phi_without_internet,
    no_open_ingress,
    lsf_ports_only,
    required_tags,
    spend_bounded,
    no_spot_for_phi,
    phi_stays_in_phi_network,
    types_known,
    pools_planned,
)


def check(
    network: NetworkJson, burst: BurstSettings, *, phi_labs: Collection[str], known_types: Collection[str]
) -> tuple[Violation, ...]:
    """The rules that are broken, by rule name; empty when the plan may be built."""
    subject = Subject(network=network, burst=burst, phi_labs=frozenset(phi_labs), known_types=frozenset(known_types))
    broken = (rule(subject) for rule in RULES)
    return tuple(sorted((one for one in broken if one), key=lambda one: one.rule))


def enforce(violations: Collection[Violation]) -> None:
    """Raise ``PolicyViolation`` that lists every broken rule and how to mend it; none: do nothing."""
    if violations:
        message = "\n".join(f"{one.rule} [{one.control}]: {one.message}" for one in violations)
        raise PolicyViolation(message, "\n".join(f"{one.rule}: {one.fix}" for one in violations))


def _violation(rule: str, control: str, message: str, wrong: Iterable[str], fix: str) -> Violation | None:
    names = ", ".join(wrong)
    return Violation(rule=rule, control=control, message=f"{message}: {names}", fix=fix) if names else None


def _harmless(statement: Mapping[str, Any]) -> bool:
    """Whether a statement of the nodes' role gives no more than a node needs."""
    actions = set(statement.get("Action", ("*",)))
    if not actions.isdisjoint(NODE_ACTIONS):
        return actions <= NODE_ACTIONS
    condition = statement.get("Condition", {})
    keys = condition.get("ForAllValues:StringEquals", {}).get("aws:TagKeys", ("*",))
    itself = condition.get("StringLike", {}).get("aws:userid") == "*:${ec2:InstanceID}"
    return actions == {"ec2:CreateTags"} and itself and NOTICE_TAGS.issuperset(keys)


def _phi_labs(pool: Pool, subject: Subject) -> frozenset[str]:
    """The labs with PHI that may use a pool; a pool that names no lab is open to all."""
    return subject.phi_labs & frozenset(pool.labs) if pool.labs else subject.phi_labs


def _untagged(name: str, tags: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    return [f"{name} ({key})" for key in keys if not tags.get(key)]


def _is_lsf(rule: PortJson) -> bool:
    return rule["from_port"] == rule["to_port"] and (rule["protocol"], rule["from_port"]) in LSF_PORTS


def _port(rule: PortJson) -> str:
    return f"{rule['protocol']} {rule['from_port']}-{rule['to_port']} from {rule['cidr']}"
