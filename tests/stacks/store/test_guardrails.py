"""The layer ``guardrails``: what is registered for an account and for the money of its allocations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.config.document import UnusableFile
from stacks.environment_file import read_environment
from stacks.guardrails.hipaa_pack import HIPAA_PACK
from stacks.guardrails.trail_selectors import calls_and_objects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL = {"account_wide": True, "management_account": True, "cost_export": True, "budget_emails": ["pi@example.edu"]}
ONCE = ("aws:cfg/", "aws:ebs/", "aws:ec2/", "aws:s3/accountPublic", "aws:costexplorer/", "aws:bcmdata/")
BUDGET, ACTION = "aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"


@pytest.fixture
def guardrails(layer_graph: Callable[..., Any]) -> Callable[..., Any]:
    def build(*allocations: Any, **written: Any) -> Any:
        return layer_graph("guardrails", sections={"guardrails": written}, allocations=allocations)

    return build


def test_the_graph_of_an_account(guardrails, plain, phi, golden):
    golden("stacks/guardrails.json", guardrails(plain, phi, **ALL).text())


def test_what_an_account_has_once_is_not_made_by_every_environment(guardrails):
    graph = guardrails()
    assert not [key for key in graph.made if key.startswith(ONCE)]
    assert graph.of("aws:cloudtrail/trail:Trail")


def test_a_destroy_opens_no_account_and_loses_no_record(guardrails):
    asked = guardrails(account_wide=True).asked
    kept = (
        "aws:s3/accountPublic",
        "aws:ebs/",
        "aws:ec2/instanceMeta",
        "aws:iam/serviceLinked",
        "aws:cloudwatch/logGroup",
    )
    found = [key for key in asked if key.startswith(kept)]
    assert len(found) == 8
    assert all(asked[key].retainOnDelete for key in found)


def test_an_account_may_have_its_rules_of_config_from_elsewhere(guardrails):
    graph = guardrails(account_wide=True, config_rules=False, service_linked_roles=[])
    assert not [key for key in graph.made if key.startswith("aws:cfg/")]
    assert not graph.of("aws:iam/serviceLinkedRole:ServiceLinkedRole")


def test_the_trail_records_objects_of_phi_and_of_nothing_else(guardrails, plain, phi):
    (trail,) = guardrails(plain, phi).of("aws:cloudtrail/trail:Trail").values()
    calls, objects = trail["advancedEventSelectors"]
    assert calls["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    assert objects["fieldSelectors"][-1] == {
        "field": "resources.ARN",
        "startsWiths": [f"arn:aws:s3:::{phi.bucket.name}/"],
    }
    assert (trail["isMultiRegionTrail"], trail["enableLogFileValidation"]) == (True, True)


def test_before_there_is_phi_all_of_our_buckets_are_recorded_where_it_may_come(guardrails, layer_graph):
    (trail,) = guardrails().of("aws:cloudtrail/trail:Trail").values()
    assert trail["advancedEventSelectors"][1]["fieldSelectors"][-1]["startsWiths"] == ["arn:aws:s3:::wustl-ris-"]
    (trail,) = layer_graph("guardrails", sections={"phi": False}).of("aws:cloudtrail/trail:Trail").values()
    assert [one["name"] for one in trail["advancedEventSelectors"]] == ["calls"]


def test_more_buckets_than_a_trail_can_name_are_recorded_by_how_their_names_begin():
    many = [f"arn:aws:s3:::o-{n}" for n in range(401)]
    _, objects = calls_and_objects(many, ours="arn:aws:s3:::o-", logs=["arn:aws:s3:::o-logs"])
    assert objects.fields[-1].starts_with == ("arn:aws:s3:::o-",)
    assert objects.fields[-1].not_starts_with == ("arn:aws:s3:::o-logs/",)


def test_a_budget_counts_its_allocation_alone_and_stops_its_lab(guardrails, plain):
    graph = guardrails(plain)
    budget, action = graph.of(BUDGET)["ris-wucci"], graph.of(ACTION)["ris-wucci-stop"]
    assert budget["limitAmount"] == "150.50"
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:ris_allocation$wucci"]}]
    assert [one["threshold"] for one in budget["notifications"]] == [50, 80, 100]
    assert action["definition"]["iamActionDefinition"]["roles"] == ["ris-wucci-lab", "ris-wucci-jobs"]
    stop = json.loads(graph.of("aws:iam/policy:Policy")["compute1-example-budgets"]["policy"])["Statement"]
    assert [(one["Effect"], one["Resource"]) for one in stop] == [("Deny", "*")]
    assert all(action.startswith("ec2:") for one in stop for action in one["Action"])


def test_no_action_where_none_is_wanted_or_there_is_nobody_to_stop(guardrails, plain):
    assert not guardrails(plain, budget_actions=False).of(ACTION)
    assert not guardrails(replace(plain, roles=())).of(ACTION)


def test_roles_of_the_guardrails_do_no_more_than_their_boundary(guardrails):
    graph = guardrails()
    roles, policies = graph.of("aws:iam/role:Role"), graph.of("aws:iam/rolePolicy:RolePolicy")
    boundary = graph.of("aws:iam/policy:Policy")["compute1-example-guardrails-boundary"]
    most = json.loads(boundary["policy"])["Statement"]
    assert {role["permissionsBoundary"].rpartition("/")[2] for role in roles.values()} == {boundary["name"]}
    for one in policies.values():
        assert all(statement in most for statement in json.loads(one["policy"])["Statement"])


def test_the_pack_has_each_rule_once_and_every_parameter_is_one_of_its_rules():
    names = [rule.name for rule in HIPAA_PACK]
    assert len(names) == len(set(names)) == 130
    assert {rule.identifier for rule in HIPAA_PACK if rule.parameters} >= {"ACCESS_KEYS_ROTATED", "IAM_PASSWORD_POLICY"}


FILE = """
cluster: compute1
provider: ris-aws
organization: wustl-ris
account: "123456789012"
region: us-west-2
phi: true
network: {vpc_cidr: 10.80.0.0/16, onprem_cidrs: [10.20.0.0/16], zones: [us-west-2a]}
storage: {deployer_roles: [ris-deployer], scratch: {deployment: SCRATCH_2}}
guardrails: {cost_export: true}
observability: {monthly_usd: 1000}
"""


def test_what_works_is_read(tmp_path: Path):
    path = tmp_path / "prod.yaml"
    right = (
        FILE.replace("us-west-2", "us-east-1")
        .replace("SCRATCH_2", "PERSISTENT_2")
        .replace("zones", "scratch: true, zones")
    )
    path.write_text(right)
    assert read_environment(path, "prod").observability.monthly_usd == 1000
    path.write_text(right.replace(", scratch: {deployment: PERSISTENT_2}", ""))
    assert read_environment(path, "prod").storage.scratch is None


def test_what_would_not_work_is_told_with_its_place_in_the_file(tmp_path: Path):
    path = tmp_path / "prod.yaml"
    path.write_text(FILE.replace("deployer_roles: [ris-deployer], ", ""))
    with pytest.raises(UnusableFile) as caught:
        read_environment(path, "prod")
    told = "\n".join(map(str, caught.value.problems))
    for field, words in {
        "storage.deployer_roles:": "expected the roles that run pulumi up",
        "storage.scratch:": "expected network.scratch: true beside it",
        "storage.scratch.deployment:": "expected PERSISTENT_2 where PHI may come",
        "guardrails.cost_export:": "data exports are made in us-east-1",
        "observability.monthly_usd:": "AWS keeps the bill's metric in us-east-1",
    }.items():
        assert field in told
        assert words in told
