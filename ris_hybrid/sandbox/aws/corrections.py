"""What the sandbox does unlike bare moto, in words: shown by its health route and printed in the documentation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One difference between moto and EC2, and what the layer does about it."""

    name: str
    moto: str
    ec2: str
    layer: str


CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        name="RunInstances counts",
        moto="launches MinCount",
        ec2="launches up to MaxCount, at least MinCount, or answers InsufficientInstanceCapacity",
        layer="launches as many as capacity and addresses allow",
    ),
    Correction(
        name="ClientToken",
        moto="ignores it: the same call twice gives two sets of machines",
        ec2="gives the first answer again; IdempotentParameterMismatch for another request",
        layer="keeps answers by account, region, action and token, compared with the request as sent",
    ),
    Correction(
        name="CreateFleet",
        moto="puts everything into the first override, never fails in part, rounds weights wrongly",
        ec2="follows the allocation strategy over the overrides and lists what failed in errorSet",
        layer="spreads instant fleets itself, one launch per override, at the catalogue's on-demand prices; "
        "a capacity reservation is on-demand capacity; other fleet types and the calls on fleets answer with a clear "
        "error",
    ),
    Correction(
        name="disks of a launch template",
        moto="makes them beside a root of its own that is not encrypted",
        ec2="makes the root as the template says: its size, its type, encrypted",
        layer="does so where the template names /dev/sda1 or /dev/xvda",
    ),
    Correction(
        name="duplicate instance pools",
        moto="are not looked at",
        ec2="InvalidFleetConfig for a type in two subnets of one zone",
        layer="answers as EC2",
    ),
    Correction(
        name="InstanceRequirements",
        moto="are not looked at",
        ec2="chooses among the types that have the attributes, within its price protection",
        layer="does so by the shipped catalogue; attributes and price limits our product does not send are refused",
    ),
    Correction(
        name="MinTargetCapacity",
        moto="is not looked at",
        ec2="launches nothing when one type or zone cannot give so many",
        layer="does so",
    ),
    Correction(
        name="full subnets",
        moto="crashes and leaves machines that cannot be ended",
        ec2="InsufficientFreeAddressesInSubnet",
        layer="counts addresses before it launches",
    ),
    Correction(
        name="addresses of ended machines",
        moto="are never free again",
        ec2="go back to the subnet when the machine is terminated",
        layer="gives them back then, and shows a terminated machine without name and address",
    ),
    Correction(
        name="unknown instance types",
        moto="are accepted",
        ec2="InvalidParameterValue; an error entry in a fleet",
        layer="answers as EC2",
    ),
    Correction(
        name="states and launch time",
        moto="running and terminated at once; real time",
        ec2="pending, then running; shutting-down, then terminated; forgotten after about an hour",
        layer="computes states from the sandbox's clock in every answer and every filter",
    ),
    Correction(
        name="DescribeInstances",
        moto="pages by reservation; no filters client-token, instance-lifecycle, placement-group-name, launch-time",
        ec2="pages by machine; has them",
        layer="pages by machine, answers these filters itself, and writes the machines down itself: a large fleet in "
        "milliseconds instead of seconds",
    ),
    Correction(
        name="launch template at launch",
        moto="leaves subnet, security groups of the interface and metadata options of the template aside",
        ec2="applies them",
        layer="puts them into the launch; instance profiles stay without effect",
    ),
    Correction(
        name="placement groups",
        moto="has none and drops the name from launches",
        ec2="keeps them and reports them on the machine",
        layer="keeps them; InvalidPlacementGroup.Unknown for a name that does not exist",
    ),
    Correction(
        name="VPN connections",
        moto="have no options, no static routes and no route propagation",
        ec2="has them",
        layer="keeps them and shows them; the tunnels lead nowhere, and no route of the site appears in a table",
    ),
    Correction(
        name="forwarding rules of the resolver",
        moto="cannot be changed",
        ec2="can: name, endpoint and targets",
        layer="changes them; nothing in the sandbox asks for a name",
    ),
    Correction(
        name="Direct Connect gateways",
        moto="has none",
        ec2="attaches them to virtual private gateways, in another account by a proposal that it accepts",
        layer="keeps gateways, associations and proposals; nobody accepts a proposal",
    ),
    Correction(
        name="capacity reservations, metadata defaults",
        moto="has none",
        ec2="sets machines aside; gives new machines the account's defaults",
        layer="keeps them and shows them; they have no effect on launches",
    ),
    Correction(
        name="ECR's pull-through rules and creation templates",
        moto="has none",
        ec2="fetches images of other registries; makes a repository on the first push",
        layer="keeps them and shows them; nothing is pulled or pushed",
    ),
    Correction(
        name="tags of launch templates, policies of queues",
        moto="shows a template's first tags for ever; forgets a queue's policy when another attribute is set",
        ec2="shows the tags it has now; SQS keeps what is not named",
        layer="does as they do",
    ),
    Correction(
        name="bucket policies",
        moto="takes a condition it cannot evaluate as a refusal: a bucket that denies plain HTTP takes no object",
        ec2="evaluates them",
        layer="keeps the policy whole and enforces the statements that have no condition",
    ),
    Correction(
        name="object lock",
        moto="refuses it on a bucket that has objects",
        ec2="takes it on any versioned bucket, and leaves its objects as they are",
        layer="does so",
    ),
    Correction(
        name="metric filters",
        moto="keeps a filter that is put again beside the first",
        ec2="replaces it",
        layer="replaces it",
    ),
    Correction(
        name="FSx for Lustre",
        moto="has no states, mount names, changes or data repository associations",
        ec2="has them",
        layer="shows file systems available at once, keeps changes and associations; nothing is carried over by itself",
    ),
    Correction(
        name="tasks of FSx for Lustre",
        moto="has none",
        ec2="exports files to linked buckets, sees what is new there, frees space; one at a time of a file system",
        layer="carries files between the folder that stands for the file system and the bucket when the task's time is "
        "over; an import brings content at once, and a release frees nothing",
    ),
    Correction(
        name="checksums of objects",
        moto="keeps those it computes itself, compares none, and has none of an upload in parts that asked for none",
        ec2="has a CRC64NVME of every object that came without a checksum, compares what came with one, says its kind",
        layer="does so for CRC64NVME in PutObject, CopyObject, CompleteMultipartUpload and GetObjectAttributes",
    ),
    Correction(
        name="names of objects",
        moto="ends a key at its first newline",
        ec2="takes any character",
        layer="takes any character",
    ),
    Correction(
        name="DataSync",
        moto="knows neither NFS nor tags, filters or manifests, and carries nothing",
        ec2="carries files between an agent's NFS mounts and buckets",
        layer="carries them between a folder that stands for the NFS host and the bucket, in DataSync's states by the "
        "sandbox's clock; makes no objects for directories, and keeps mode and time but no owner",
    ),
    Correction(
        name="budget actions, cost allocation tags, data exports",
        moto="has none, and cannot change a budget",
        ec2="runs actions of budgets that are spent, divides the bill by tags, writes it to a bucket",
        layer="keeps them and shows them; no money is spent, so nothing runs and nothing is written",
    ),
    Correction(
        name="flow logs to a log group's arn",
        moto="says FAILED, for it looks for the group by name alone",
        ec2="delivers where there is such a group",
        layer="says SUCCESS where there is one of that arn",
    ),
    Correction(
        name="what moto cannot do",
        moto="HTTP 500 with a page no client can read",
        ec2="does it",
        layer="SandboxNotImplemented, status 501, in the service's own error format",
    ),
    Correction(
        name="public images",
        moto="holds 1301 and searches them for every launch",
        ec2="has more",
        layer="starts with none: any image id is accepted, DescribeImages shows those registered",
    ),
)
