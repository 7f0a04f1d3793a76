from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from ris_hybrid.errors import ConfigError, Refused, TryAgain
from ris_hybrid.holdings.actions import actions_for
from ris_hybrid.holdings.answers import listed
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.holdings.values import Bucket, Holdings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.aws.child import SandboxAws

ACCOUNT = "123456789012"
SETTINGS = {
    "encryption": "GetBucketEncryption",
    "versioned": "GetBucketVersioning",
    "public_blocked": "GetPublicAccessBlock",
    "owner_enforced": "GetBucketOwnershipControls",
    "policy": "GetBucketPolicy",
    "logs_to": "GetBucketLogging",
    "expires": "GetBucketLifecycleConfiguration",
    "object_lock": "GetObjectLockConfiguration",
    "inventory": "ListBucketInventoryConfigurations",
}


def fault(match: str, code: str = "AccessDenied", message: str = "no", status: int = 403) -> dict[str, Any]:
    return {"match": f"^{match}$", "do": {"error": {"code": code, "status": status, "message": message}}}


def why(found: Holdings) -> dict[str, str]:
    return {one.what: one.why for one in found.unread}


def kinds(found: Holdings) -> dict[str, Any]:
    none = ("account", "region", "unread")
    return {one.name: getattr(found, one.name) for one in fields(found) if one.name not in none}


def test_an_account_is_read_as_it_was_furnished(aws: SandboxAws, inventory: AwsInventory, golden: Any) -> None:
    before = aws.calls_by_key().get("sandbox", {})
    golden("holdings/account.json", json.dumps(asdict(inventory.holdings()), indent=1) + "\n")
    after = aws.calls_by_key()["sandbox"]
    made = sorted(name for name, count in after.items() if count > before.get(name, 0))
    # What the controller's role must allow follows from this list.
    golden("holdings/operations.txt", "".join(f"{name}\n" for name in made))
    assert {action.partition(":")[0] for name in made for action in actions_for(name)} <= {
        *("budgets", "cloudtrail", "config", "ec2", "ecr", "fsx", "iam", "kms", "logs", "s3", "sns", "sqs")
    }


def test_what_is_not_ours_is_read_only_when_everything_is(inventory_of: Callable[[Scope], AwsInventory]) -> None:
    found = kinds(inventory_of(Scope(cluster="c1", everything=True)).holdings())
    names = {kind: {one.name for one in some} for kind, some in found.items() if kind != "accounts"}
    assert {kind for kind, some in names.items() if any("others" in name for name in some)} == {
        *("buckets", "repositories", "roles", "launch_templates", "queues", "log_groups")
    }
    assert [len(found[kind]) for kind in ("keys", "networks", "file_systems", "instances")] == [3, 3, 3, 4]
    assert not [name for name in names["roles"] if name.startswith("AWSServiceRole")]


def test_what_was_refused_is_unknown_and_the_rest_is_read(aws: SandboxAws, inventory: AwsInventory) -> None:
    aws.faults([fault(f"s3:({'|'.join(SETTINGS.values())})"), fault("kms:(DescribeKey|GetKey.*)")])
    found = inventory.holdings()
    [lee] = [one for one in found.buckets or () if one.name == "org-lee-1a2b3c"]
    assert lee == Bucket(name=lee.name, account=ACCOUNT, tags=lee.tags)
    assert lee.tags
    assert [what for what in why(found) if what.startswith("bucket org-lee-1a2b3c: ")] == [
        f"bucket org-lee-1a2b3c: {about}"
        for about in [
            *("access log", "encryption", "inventory", "lifecycle", "object lock"),
            *("ownership controls", "policy", "public access block", "versioning"),
        ]
    ]
    assert why(found)["bucket org-lee-1a2b3c: encryption"] == "AccessDenied: no"
    assert all((key.rotates, key.enabled, key.policy) == (None, None, None) for key in found.keys or ())
    assert found.repositories
    assert found.accounts == (replace((found.accounts or ())[0], public_blocked=True, recorder=True),)


def test_a_kind_that_cannot_be_listed_is_unknown_as_a_whole(aws: SandboxAws, inventory: AwsInventory) -> None:
    aws.faults([fault("(?!s3|sts).*:(List|Describe|GetAccount).*")])
    found = inventory.holdings()
    assert {kind for kind, some in kinds(found).items() if some is not None} == {"buckets", "accounts"}
    listings = {"queues", "topics", "launch templates", "log groups", "security groups", "trails", "aliases of keys"}
    assert listings <= set(why(found))
    [lee] = [one for one in found.buckets or () if one.name == "org-lee-1a2b3c"]
    assert (lee.encryption, lee.key) == ("aws:kms", None)  # whose key it is only the aliases say


def test_parts_of_networks_and_machines_stay_unknown(aws: SandboxAws, inventory: AwsInventory) -> None:
    parts = ("FlowLogs", "VpcEndpoints", "InternetGateways", "LaunchTemplateVersions", "Volumes")
    aws.faults(
        [fault(f"ec2:Describe({'|'.join(parts)})"), fault("s(qs|ns):Get.*Attributes"), fault("cloudtrail:Get.*")]
    )
    found = inventory.holdings()
    for network in found.networks or ():
        assert (network.flow_logs, network.endpoints, network.internet_gateway) == (None, None, None)
    assert [one.http_tokens for one in found.launch_templates or ()] == [None, None]
    assert {one.volumes_encrypted for one in found.instances or ()} == {None}
    assert {(one.encrypted, one.policy) for one in found.queues or ()} == {(None, None)}
    assert {(one.logging, one.data_events) for one in found.trails or ()} == {(None, None)}


def test_a_thing_whose_tags_cannot_be_read_stays_to_be_seen(aws: SandboxAws, inventory: AwsInventory) -> None:
    aws.faults([fault("s3:GetBucketTagging"), fault("(kms|ecr|sqs|sns|logs):List.*Tags.*")])
    found = inventory.holdings()
    buckets = {one.name: one for one in found.buckets or ()}
    assert buckets["of-others"] == Bucket(name="of-others", account=ACCOUNT, tags=None)
    assert (buckets["org-lee-1a2b3c"].tags, buckets["org-lee-1a2b3c"].versioned) == (None, True)  # wanted by name
    for some in (found.keys, found.repositories, found.queues, found.log_groups):
        assert {one.tags for one in some or ()} == {None}
        assert len(some or ()) >= 3
    assert why(found)["repository of-others: tags"] == "AccessDenied: no"


@pytest.mark.parametrize(("status", "told"), [(403, "owner"), (409, "whether the name is free"), (404, "")])
def test_a_name_that_somebody_else_has_is_taken(
    aws: SandboxAws, inventory: AwsInventory, *, status: int, told: str
) -> None:
    aws.faults([fault("s3:HeadBucket", "its answer has no body", status=status)])
    found = inventory.holdings()
    taken = [one for one in found.buckets or () if one.name == "org-new-4d5e6f"]
    assert taken == ([Bucket(name="org-new-4d5e6f", account="", tags=None)] if told else [])
    about = [what.removeprefix("bucket org-new-4d5e6f: ") for what in why(found) if "org-new" in what]
    assert about == ([told] if told else [])


def test_statements_of_a_policy_that_iam_keeps_to_itself_are_unknown(inventory: AwsInventory) -> None:
    iam = inventory._clients.get("iam")
    attached = [{"PolicyArn": "arn:aws:iam::aws:policy/Some", "PolicyName": "Some"}]
    tags = [{"Key": "ris_cluster", "Value": "c1"}]
    role = {"RoleName": "c1-x", "Path": "/", "Tags": tags, "AttachedManagedPolicies": attached}
    answer = {"RoleDetailList": [role | {"AssumeRolePolicyDocument": "%7B%7D"}], "Policies": [], "IsTruncated": False}
    with Stubber(iam) as stub:
        stub.add_response("get_account_authorization_details", answer)
        found = inventory.holdings()
    assert [(one.name, one.trust, one.statements) for one in found.roles or ()] == [("c1-x", (), None)]
    assert "policy/Some" in why(found)["role c1-x: statements"]


def test_an_answer_that_cannot_be_read_is_no_answer(inventory: AwsInventory) -> None:
    with Stubber(inventory._clients.get("s3")) as stub:
        stub.add_response("list_buckets", {"Buckets": [{"BucketRegion": "us-east-1"}]})
        found = inventory.holdings()
    assert (found.buckets, why(found)["buckets"]) == (None, "AWS's answer cannot be read: KeyError('Name')")
    assert found.roles


def test_listings_are_read_to_their_last_page(aws: SandboxAws, inventory: AwsInventory) -> None:
    before = aws.calls().get("logs:DescribeLogGroups", 0)
    found = listed(inventory._clients.get("logs"), "describe_log_groups", "logGroups", PageSize=1)
    assert [one["logGroupName"] for one in found] == ["/c1/flow", "/c1/keyed", "/of/others"]
    assert aws.calls()["logs:DescribeLogGroups"] - before == 3


def test_an_account_that_says_nothing_is_not_an_empty_one(aws: SandboxAws, inventory: AwsInventory) -> None:
    aws.faults([fault("(?!sts).*")])
    with pytest.raises(Refused, match="answered nothing about account 123456789012: no") as refused:
        inventory.holdings()
    assert (refused.value.code, "permissions" in refused.value.hint) == ("AccessDenied", True)
    aws.faults([fault("ec2:.*", "Unavailable", "later", 400), fault("(?!sts).*")])
    with pytest.raises(TryAgain, match="later"):
        inventory.holdings()
    aws.faults([fault("sts:.*", "Unavailable", "later", 400)])
    with pytest.raises(TryAgain, match="later"):
        inventory.holdings()


def test_messages_tell_no_secrets(aws: SandboxAws, inventory: AwsInventory) -> None:
    said = "The signature does not match.\n\nThe Canonical String was:\nx-amz-security-token:SECRET"
    aws.faults([fault("kms:.*", "SignatureDoesNotMatch", said)])
    found = inventory.holdings()
    assert why(found)["keys"] == "SignatureDoesNotMatch: The signature does not match."
    assert "SECRET" not in repr(found)


def test_credentials_of_another_account_read_nothing(aws: SandboxAws) -> None:
    other = AwsInventory("999999999999", aws.region, Scope(cluster="c1"), endpoint_url=aws.url)
    before = sum(aws.calls().values())
    with pytest.raises(Refused, match="of account 123456789012, not of 999999999999") as refused:
        other.holdings()
    assert "AWS_PROFILE" in refused.value.hint
    assert sum(aws.calls().values()) - before == 1
    other.close()


def test_aws_itself_is_asked_at_its_own_addresses(aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    clients = Clients(aws.region)
    assert clients.get("s3control").meta.endpoint_url == "https://s3-control.us-east-1.amazonaws.com"
    clients.close()


def test_without_credentials_the_hint_says_what_to_do(aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    none = AwsInventory(ACCOUNT, aws.region, Scope(cluster="c1"), endpoint_url=aws.url)
    with pytest.raises(Refused, match="credentials") as refused:
        none.holdings()
    assert "credentials file" in refused.value.hint
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Refused, match="nobody"):
        AwsInventory(ACCOUNT, aws.region, Scope(cluster="c1"), endpoint_url=aws.url).holdings()
    none.close()


@pytest.mark.parametrize(("region", "url"), [("no region", ""), ("us-east-1", "no url")])
def test_a_region_or_endpoint_that_is_none_is_a_matter_of_the_file(aws: SandboxAws, region: str, url: str) -> None:
    with pytest.raises(ConfigError, match=r"mirror\.yaml|no STS client") as wrong:
        AwsInventory(ACCOUNT, region, Scope(cluster="c1"), endpoint_url=url or aws.url).holdings()
    assert "mirror.yaml" in wrong.value.hint


def test_a_run_whose_time_is_over_asks_nothing_more(aws: SandboxAws) -> None:
    late = AwsInventory(ACCOUNT, aws.region, Scope(cluster="c1"), endpoint_url=aws.url, patience_s=0)
    before = sum(aws.calls().values())
    with pytest.raises(TryAgain, match="used up its time"):
        late.holdings()
    assert sum(aws.calls().values()) == before
    late.close()
